"""The order in which waiting players are served, and how long that takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from sortedcontainers import SortedList

from .ticket import Ticket

Key = tuple[int, int, float, int]


def _key(ticket: Ticket) -> Key:
    return (-ticket.priority, -ticket.vip, ticket.waiting_since or 0.0, ticket.number)


class Queue:
    """Ticket numbers, most urgent first: priority, then VIP level, then the longest wait."""

    def __init__(self) -> None:
        self._order: SortedList[Key] = SortedList()
        self._keys: dict[int, Key] = {}

    def update(self, ticket: Ticket) -> None:
        """Put the ticket where it belongs now, or take it out when it no longer waits."""
        old = self._keys.get(ticket.number)
        new = _key(ticket) if ticket.queued else None
        if old == new:
            return
        if old is not None:
            self._order.remove(old)
            del self._keys[ticket.number]
        if new is not None:
            self._order.add(new)
            self._keys[ticket.number] = new

    def fill(self, tickets: Iterable[Ticket]) -> None:
        """Put in many at once, none of them known yet."""
        new = {ticket.number: _key(ticket) for ticket in tickets if ticket.queued}
        self._keys.update(new)
        self._order.update(new.values())

    def place(self, number: int) -> int | None:
        """The place from 1; None for a ticket that is not queued. O(log n)."""
        key = self._keys.get(number)
        return None if key is None else self._order.index(key) + 1

    def __iter__(self) -> Iterator[int]:
        return (key[3] for key in self._order)

    def __len__(self) -> int:
        return len(self._order)


class Pace:
    """How fast tickets were picked up lately: the ground for an honest waiting time."""

    WINDOW = 1800.0
    """Seconds of the past that count."""
    LEAST = 5
    """Fewer recent cases than this are no ground for a number."""

    def __init__(self) -> None:
        self.picked_up: deque[float] = deque(maxlen=60)

    def estimate(self, place: int, now: float) -> float | None:
        """Seconds until the ticket at ``place`` is likely picked up; None without grounds."""
        recent = [at for at in self.picked_up if now - at <= self.WINDOW]
        if len(recent) < self.LEAST:
            return None
        return place * (now - recent[0]) / len(recent)
