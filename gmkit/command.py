"""The contract for GM commands: a declared function that runs in the daemon and returns data.

A command is declared once; help, completion, permission checks, documentation and tests follow
from the declaration. It asks for what it needs through its :class:`Call` and returns an
:class:`Answer`: data for ``--json``, the name of the view that shows it, a sentence.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from gmkit.desk import requests
from gmkit.desk.view import DeskView, TicketView
from gmkit.durations import format_duration, parse_duration
from gmkit.errors import Ambiguous, BadUsage, GMError, NotAllowed, Refused, Unknown
from gmkit.i18n import N_
from gmkit.log import Archive, Query
from gmkit.model import Event, Player
from gmkit.shapes import iso, iso_or_none

__all__ = [
    "N_",
    "Ambiguous",
    "Answer",
    "Archive",
    "Argument",
    "BadUsage",
    "Call",
    "Command",
    "DeskView",
    "Event",
    "GMError",
    "NotAllowed",
    "Player",
    "Query",
    "Refused",
    "ServerView",
    "Target",
    "TicketView",
    "Unknown",
    "command",
    "format_duration",
    "iso",
    "iso_or_none",
    "parse_duration",
    "requests",
]


@dataclass(frozen=True)
class Argument:
    """One argument. ``kind`` decides how it is read and completed.

    Kinds: ``ticket`` (a number, ``#`` allowed; int), ``player`` (``name``, ``"quoted name"``,
    ``@id``, ``server:name``; :class:`Target`), ``server`` (a name or pattern; str), ``gm`` (str),
    ``word`` (str), ``number`` (int), ``duration`` (``4d20h3s``; seconds), ``choice`` (one of
    ``choices``), ``text`` (the rest of the line; str), ``filters`` (the rest: words of ``choices``,
    those that end in ``:`` with a value, as ``state:closed``, the others alone, as ``mine``; and
    free text; dict without the colons, True for words that stand alone, the text under ``text``),
    ``force`` (optional; True when the command's name ends in ``!``, as in ``ticket claim! 12``).
    An optional argument that was not given is not passed on.
    """

    name: str
    kind: str
    about: str
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What a command gives back. ``view`` names how a terminal shows ``data``.

    ``sentence`` is an untranslated template over ``facts``; the terminal's language decides.
    """

    data: Any = None
    view: str = "table"
    sentence: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """A declared command. ``name`` is one or two words; ``permission`` is ``area.verb``."""

    name: str
    about: str
    permission: str
    run: Callable[..., Awaitable[Answer]]
    arguments: tuple[Argument, ...] = ()
    aliases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    needs: str | None = None
    """The capability a server must have for this command to be offered there."""

    def usage(self) -> str:
        """The command's form, as ``ticket reply TICKET TEXT`` with optional parts in brackets."""
        typed = [a for a in self.arguments if a.kind != "force"]
        words = [a.name.upper() if a.required else f"[{a.name.upper()}]" for a in typed]
        force = "[!]" if len(typed) < len(self.arguments) else ""
        return " ".join([self.name + force, *words])

    def described(self) -> dict[str, Any]:
        """The declaration as plain data, for completion, help and documentation."""
        return {
            "name": self.name,
            "about": self.about,
            "permission": self.permission,
            "usage": self.usage(),
            "aliases": list(self.aliases),
            "arguments": [asdict(a) | {"choices": list(a.choices)} for a in self.arguments],
            "examples": list(self.examples),
            "needs": self.needs,
        }


def command(
    name: str,
    *,
    about: str,
    permission: str,
    arguments: Sequence[Argument] = (),
    aliases: Sequence[str] = (),
    examples: Sequence[str] = (),
    needs: str | None = None,
) -> Callable[[Callable[..., Awaitable[Answer]]], Command]:
    """Declare the decorated coroutine function as a command; it becomes a :class:`Command`."""

    def declare(run: Callable[..., Awaitable[Answer]]) -> Command:
        return Command(
            name, about, permission, run, tuple(arguments), tuple(aliases), tuple(examples), needs
        )

    return declare


class Target(NamedTuple):
    """A player as a GM named one: exactly one of ``name`` and ``id``; ``server`` if it was said."""

    name: str | None = None
    id: str | None = None
    server: str | None = None

    def __str__(self) -> str:
        who = f"@{self.id}" if self.id is not None else str(self.name)
        return f"{self.server}:{who}" if self.server else who


class ServerView(NamedTuple):
    """One game server as GMs see it. ``state``: connecting, up, degraded or down.

    ``since`` is seconds since the epoch; ``can`` the capabilities it has now.
    """

    name: str
    adapter: str
    title: str
    state: str
    since: float
    reason: str
    tags: tuple[str, ...]
    can: frozenset[str]
    online: Sequence[Player]

    def as_json(self) -> dict[str, Any]:
        """The server by the keys of docs/json.md; of the players only how many are online."""
        return {
            **self._asdict(),
            "since": iso(self.since),
            "tags": list(self.tags),
            "can": sorted(self.can),
            "online": len(self.online),
        }


class Call(ABC):
    """One command being run for one GM: who asks, and everything a command may use."""

    gm: str
    role: str
    lang: str
    now: float
    desk: DeskView
    archive: Archive
    commands: Sequence[Command]
    """The commands that this GM may run, for ``help``."""
    roles: Sequence[str] = ()
    """The names of all roles; empty where they are not known."""
    covered: Sequence[str]
    """For ``Query.servers``: patterns of the servers this GM covers; empty when that is all."""

    @abstractmethod
    def may(self, permission: str, server: str | None = None) -> bool:
        """Whether this GM has the permission: on that server, or with None on any at all."""

    @abstractmethod
    def require(self, permission: str, server: str | None = None) -> None:
        """Raise NotAllowed unless the GM may."""

    @abstractmethod
    async def do(self, request: requests.Request) -> list[Event]:
        """Have the desk decide; returns once the events are durable. Raises the desk's refusal.

        The running command's permission is checked against the request's server.
        """

    @abstractmethod
    def servers(self, pattern: str = "*") -> list[ServerView]:
        """The servers that match a name, a pattern with ``*`` or ``tag:NAME``, and that this GM
        may see. Raises Unknown, with the nearest name, when nothing matches."""

    @abstractmethod
    async def player(self, target: Target) -> tuple[str, Player]:
        """The one player meant, online or known from the archive, and their server.

        Raises Unknown, or Ambiguous with the candidates.
        """

    @abstractmethod
    async def act(self, server: str, verb: str, player: Player, *arguments: Any) -> Any:
        """Use a server's capability on a player, within a time limit; what it returns.

        Raises Refused where the server cannot, is not connected, or does not answer in time.
        """
