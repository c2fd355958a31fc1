"""What a game server embeds to speak with gmkit: see docs/bridge-protocol.md.

Fill in a :class:`Game` and run it with the driver that fits: ``gmkit.bridge.threaded``,
``gmkit.bridge.aio``, ``gmkit.bridge.tx`` or ``gmkit.bridge.http``. Nothing here imports Twisted,
except ``tx``.
"""

from gmkit.model import Player
from gmkit.wire.messages import ChatLimits, Unfit

from .game import Game
from .session import Ended, Full, Session
from .store import Memory, Spool, SpoolFailed, SpoolInUse, Store

__all__ = [
    "ChatLimits",
    "Ended",
    "Full",
    "Game",
    "Memory",
    "Player",
    "Session",
    "Spool",
    "SpoolFailed",
    "SpoolInUse",
    "Store",
    "Unfit",
]
