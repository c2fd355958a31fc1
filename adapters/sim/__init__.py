"""The simulated game: seeded servers full of players, for the demo, tests and plugin authors.

It speaks no network protocol: the game lives inside the adapter and forgets everything when the
daemon stops. Everything else is as with a real game, and every capability works.
"""

from .adapter import Faults, Sim
from .ledger import Ledger

__all__ = ["Faults", "Ledger", "Sim"]
