"""What is due when: one delayed call of the clock, however many things are planned."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any


class Agenda:
    """Things to do, each at its time, ties in the order of planning.

    ``clock`` has ``seconds`` and ``callLater``. Nothing happens before :meth:`start`; what became
    due while stopped happens at once at the next start.
    """

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._call: Any = None
        self._running = False

    def at(self, when: float, do: Callable[[], object]) -> None:
        """Plan ``do`` for a time, in the clock's seconds."""
        heappush(self._due, (when, next(self._order), do))
        if self._running and self._due[0][0] == when:
            self._wake()

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        """Plan ``do`` for so many seconds from now."""
        self.at(self._clock.seconds() + seconds, do)

    def start(self) -> None:
        self._running = True
        self._wake()

    def stop(self) -> None:
        self._running = False
        self._sleep()

    def _wake(self) -> None:
        self._sleep()
        if self._due:
            wait = max(0.0, self._due[0][0] - self._clock.seconds())
            self._call = self._clock.callLater(wait, self._run)

    def _sleep(self) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None

    def _run(self) -> None:
        self._call = None
        now = self._clock.seconds()
        try:
            while self._running and self._due and self._due[0][0] <= now:
                heappop(self._due)[2]()
        finally:
            if self._running:
                self._wake()
