"""Which GMs have a terminal connected that puts them on duty."""

from __future__ import annotations

from collections.abc import Callable


class Presence:
    """Tells when the first such terminal of a GM comes, and when the last has gone."""

    def __init__(
        self, count: Callable[[str], int], on_presence: Callable[[str, bool], object]
    ) -> None:
        """``count``: how many terminals of a GM put them on duty now."""
        self._count = count
        self._on_presence = on_presence
        self._present: set[str] = set()

    def changed(self, gm: str) -> None:
        """A terminal of this GM came, went or changed its mind."""
        present = self._count(gm) > 0
        if present is (gm in self._present):
            return
        if present:
            self._present.add(gm)
        else:
            self._present.discard(gm)
        self._on_presence(gm, present)
