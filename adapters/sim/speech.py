"""What players say on its way to gmkit: numbered, and kept until gmkit has it on disk."""

from __future__ import annotations

from collections import deque

from gmkit.adapter import Link, Player, Source

KEPT = 2000
"""The most lines kept; beyond it the oldest are given up."""


class Speech:
    """The players' voices. Lines that were not settled are said again when the link is back."""

    def __init__(self, link: Link, now: float) -> None:
        """``now``, in seconds, tells this run of the game from an earlier one."""
        self._link = link
        self._stream = f"sim-{link.server}-{int(now * 1000):x}"
        self._last: int | None = None
        self._unsettled: deque[tuple[Player, str, Source]] = deque(maxlen=KEPT)

    def begin(self) -> None:
        """The link is up: go on where the log stands, and repeat what it does not have."""
        settled = self._link.settled_up_to(self._stream)
        if self._last is None:
            self._last = settled
        self.settled(Source(self._stream, settled))
        for player, text, source in list(self._unsettled):
            self._link.said(player, text, source)

    def next(self) -> Source:
        """The source that the next line will have."""
        return Source(self._stream, (self._last or 0) + 1)

    def say(self, player: Player, text: str) -> None:
        source = self.next()
        self._last = source.n
        self._unsettled.append((player, text, source))
        self._link.said(player, text, source)

    def settled(self, source: Source) -> None:
        """Forget every line up to this one."""
        while self._unsettled and self._unsettled[0][2].n <= source.n:
            self._unsettled.popleft()
