"""What there is to do for the game: a session gives it, a driver hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gmkit.model import Player


class Tell(NamedTuple):
    """Show a line, and say whether it was shown."""

    delivery: str
    player: str
    text: str
    confirm: bool


class Announce(NamedTuple):
    """Show a line to everybody."""

    text: str


class Call(NamedTuple):
    """Do something with a player."""

    id: str
    verb: str
    player: Player
    arguments: Mapping[str, Any]


class Welcomed(NamedTuple):
    """The handshake is done."""


class RefusedMessage(NamedTuple):
    """gmkit could not take a message."""

    number: int
    reason: str
    sentence: str


class Lost(NamedTuple):
    """The connection was lost or could not be made. Drivers make these."""

    reason: str


Work = Tell | Announce | Call | Welcomed | RefusedMessage | Lost
