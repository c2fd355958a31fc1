"""The log: one ordered, durable sequence of events, and what is read out of it.

Two engines stand behind :class:`Log`. :class:`Archive` answers questions from projections, which
may lag a moment behind the log and can always be rebuilt from it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred

from gmkit.errors import GMError
from gmkit.model import Event


class LogFailed(GMError):
    """The log cannot be written: {reason} Nothing is acknowledged any more; the daemon stops."""


class LogTooNew(GMError):
    """{file} was written by a newer gmkit; this is {have}, it needs at least {need}."""


class LogInUse(GMError):
    """{file} is in use by another gmkit (process {process}). Stop that one first."""


class LogUnusable(GMError):
    """{file} cannot be used as gmkit's log: {reason}"""


class Log(ABC):
    """Events in, in order; nothing is true before it is durable."""

    last: int
    """The highest ``seq`` given out; 0 for an empty log."""
    durable: int
    """The highest ``seq`` that is on disk."""

    @abstractmethod
    def append(self, events: Sequence[Event]) -> Deferred[None]:
        """Give each event its ``seq``; fires, in order, once they are on disk.

        An empty sequence is a barrier: it fires when everything appended before it is durable.
        Fails with :class:`LogFailed`, and so does every later append.
        """

    @abstractmethod
    def replay(self, after: int) -> Iterator[Event]:
        """Every event with ``seq`` above ``after``, in order; blocking, for start-up."""

    @abstractmethod
    def read(self, after: int, limit: int = 1000) -> Deferred[list[Event]]:
        """Up to ``limit`` durable events with ``seq`` above ``after``, in order."""

    @abstractmethod
    def snapshot(self) -> tuple[int, bytes] | None:
        """The newest readable snapshot of the desk: the ``seq`` it stands at, and its bytes."""

    @abstractmethod
    def save_snapshot(self, seq: int, state: bytes) -> Deferred[None]:
        """Keep a snapshot; older ones than the last two are dropped."""

    @abstractmethod
    def close(self) -> Deferred[None]:
        """Write what is pending, project it, and let go of the files."""


@dataclass(frozen=True)
class Query:
    """What to look for. ``text`` is words or phrases in any language; all must occur.

    Every filter narrows; None or empty means any. ``server`` may be a pattern with ``*``.
    ``since`` and ``until`` are seconds since the epoch, against the time of the message (search)
    or of the ticket's last change (tickets).
    """

    text: str = ""
    server: str | None = None
    player: str | None = None
    gm: str | None = None
    state: str | None = None
    since: float | None = None
    until: float | None = None
    servers: Sequence[str] = field(default_factory=tuple)
    """Only what these server patterns cover: what the reader may see. Empty means everything."""


class Archive(ABC):
    """Questions about what has been: tickets, messages, players, deliveries."""

    @abstractmethod
    def caught_up(self) -> Deferred[None]:
        """Fires when the projections hold everything that was durable at the call."""

    @abstractmethod
    def ticket(self, number: int) -> Deferred[dict[str, Any] | None]:
        """One ticket, open or not, by the keys of docs/json.md."""

    @abstractmethod
    def tickets(self, query: Query, limit: int = 50) -> Deferred[list[dict[str, Any]]]:
        """Tickets, newest change first."""

    @abstractmethod
    def conversation(self, number: int, limit: int = 200) -> Deferred[list[dict[str, Any]]]:
        """A ticket's messages and what happened to it, oldest first."""

    @abstractmethod
    def search(self, query: Query, limit: int = 50) -> Deferred[list[dict[str, Any]]]:
        """Messages that hold the query's text, newest first."""

    @abstractmethod
    def history(self, server: str, player: str, limit: int = 50) -> Deferred[list[dict[str, Any]]]:
        """A player's messages on one server, newest first."""

    @abstractmethod
    def players(
        self, part: str, limit: int = 20, servers: Sequence[str] = ()
    ) -> Deferred[list[Mapping[str, Any]]]:
        """Players who have asked and whose name, id or account contains ``part``.

        Those for whom it is the whole of it come first, then who was heard last. ``servers`` as
        in :class:`Query`.
        """
