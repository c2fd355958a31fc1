"""Slows down whoever guesses passwords."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gmkit.errors import GMError

FREE_TRIES = 5
LONGEST_WAIT = 15 * 60.0
FORGET_AFTER = 3600.0
MOST_KEYS = 10_000


class LockedOut(GMError):
    """Too many wrong passwords. Try again in {seconds} seconds."""


class Lockout:
    """Counts tries by account and by address; each one beyond a few has to wait twice as long.

    A try counts when it begins, so that many at once gain nothing; a right password ends it.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        """``seconds``: a clock."""
        self._seconds = seconds
        self._tries: dict[str, tuple[int, float]] = {}  # key -> tries, when the last one began

    def begin(self, keys: Iterable[str]) -> None:
        """Count a try. Raises LockedOut, without counting, while any of the keys has to wait."""
        keys = list(keys)
        wait = max(self._wait(key) for key in keys)
        if wait > 0:
            raise LockedOut(seconds=int(wait) + 1)
        now = self._seconds()
        for key in keys:
            count = self._tries.pop(key, (0, now))[0]
            self._tries[key] = (count + 1, now)  # last in, last forgotten
        while len(self._tries) > MOST_KEYS:
            del self._tries[next(iter(self._tries))]

    def succeeded(self, keys: Iterable[str]) -> None:
        """The password was right."""
        for key in keys:
            self._tries.pop(key, None)

    def _wait(self, key: str) -> float:
        count, last = self._tries.get(key, (0, 0.0))
        since = self._seconds() - last
        if since > FORGET_AFTER:
            self._tries.pop(key, None)
            return 0.0
        if count < FREE_TRIES:
            return 0.0
        return min(2.0 ** min(count - FREE_TRIES, 30), LONGEST_WAIT) - since
