"""How much one sender may send: so many a second, with bursts."""

from __future__ import annotations

from collections.abc import Callable

SHORTEST = 0.01
"""Seconds; a shorter wait may be none at all in a clock that counts from 1970."""


class Allowance:
    """A token bucket: ``rate`` a second, at most ``burst`` at once."""

    def __init__(self, rate: float, burst: float, seconds: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = burst
        self._seconds = seconds
        self._left = burst
        self._at = seconds()

    def take(self) -> float:
        """Take one. 0 if it was there; otherwise nothing is taken, and in how many seconds."""
        now = self._seconds()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left >= 1:
            self._left -= 1
            return 0.0
        return max((1 - self._left) / self._rate, SHORTEST)
