"""The values that everything else passes around."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Player(NamedTuple):
    """A player as one game server knows them.

    ``id`` is the game's own stable identity where it has one, otherwise the name; ``account``
    links the same person on several servers; ``vip`` is 0 for everybody else; ``locale`` is a
    language tag such as ``zh_CN``, or None for the server's.
    """

    id: str
    name: str
    account: str | None = None
    vip: int = 0
    locale: str | None = None


class Source(NamedTuple):
    """Where a request came from, so that a retry is recognised.

    ``stream`` names one unbroken run of a sender; ``n`` counts its messages upwards from 1.
    """

    stream: str
    n: int

    def __str__(self) -> str:
        return f"{self.stream}:{self.n}"


@dataclass(slots=True)
class Event:
    """One line of the log. Never changed once appended; ``seq`` is given by the log at append.

    ``at`` is seconds since the epoch, UTC. ``actor`` is the GM who did it; None for the player
    (or, where there is no player, for gmkit itself). ``data`` holds what only this kind has:
    see :mod:`gmkit.events`.
    """

    kind: str
    at: float
    server: str | None = None
    ticket: int | None = None
    player: str | None = None
    actor: str | None = None
    text: str | None = None
    source: Source | None = None
    data: dict[str, Any] = field(default_factory=dict)
    seq: int = 0
