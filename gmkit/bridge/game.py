"""The game as gmkit sees it: what its author fills in."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from gmkit.model import Player
from gmkit.wire.messages import VERBS, ChatLimits


class Game:
    """Subclass this. ``tell`` and ``announce`` are needed; defining a verb offers it to the GMs.

    The verbs are those of docs/bridge-protocol.md, called with the player and their arguments by
    name: ``def kick(self, player, reason)``, ``def lookup(self, player)`` … What a verb returns is
    its value; an exception's text is what the GM reads.
    """

    client: ClassVar[str] = ""
    """What this is, for people: ``my-game 1.2``."""
    limits: ChatLimits = ChatLimits()
    """What one chat line holds."""
    triggers: tuple[str, ...] = ()
    """What players type for help, unless gmkit's configuration says otherwise."""

    def tell(self, delivery: str, player: str, text: str) -> Any:
        """Show one line to the player with this id, and to nobody else.

        Return False when the player is not there. ``delivery`` names the line; the bridge never
        hands the same one in twice.
        """
        raise NotImplementedError

    def announce(self, text: str) -> Any:
        """Show one line to everybody."""
        raise NotImplementedError

    def refused(self, number: int, reason: str, sentence: str) -> None:
        """gmkit could not take the message that ``said`` gave this number."""
        _log.warning("gmkit refused message %d (%s): %s", number, reason, sentence)

    def connected(self) -> None:
        """Lines flow both ways now."""
        _log.info("connected with gmkit")

    def disconnected(self, reason: str) -> None:
        """The connection was lost, or could not be made; it is tried again."""
        _log.info("not connected with gmkit: %s", reason)

    def can(self) -> tuple[str, ...]:
        """The verbs that this game defines."""
        return tuple(verb for verb in VERBS if callable(getattr(self, verb, None)))


__all__ = ["ChatLimits", "Game", "Player"]

_log = logging.getLogger("gmkit.bridge")
