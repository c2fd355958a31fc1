"""How long to wait before the next try at a connection."""

from __future__ import annotations

import random

SHORTEST, LONGEST = 0.2, 5.0


class Backoff:
    """Doubles from SHORTEST to LONGEST seconds; less up to a half, so that not all come at once."""

    def __init__(self, random: random.Random) -> None:
        self._random = random
        self._next = SHORTEST

    def again(self) -> float:
        """Seconds until the next try."""
        wait, self._next = self._next, min(self._next * 2, LONGEST)
        return wait * (1 - self._random.random() / 2)

    def worked(self) -> None:
        """A login worked: begin with short waits again."""
        self._next = SHORTEST
