"""The present as a terminal gets it when it starts: open tickets, servers, staff."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gmkit.desk.view import DeskView, TicketView
from gmkit.shapes import iso_or_none

from .audience import Audience

TICKETS = 500
MOST_TICKETS = 5000
TICKETS_IN_ONE = 200


class Present:
    """Takes the desk's picture."""

    def __init__(
        self,
        *,
        desk: DeskView,
        servers: Callable[[], Sequence[Mapping[str, Any]]],
        terminals: Callable[[str], int],
    ) -> None:
        """``terminals``: how many a GM has connected."""
        self._desk = desk
        self._servers = servers
        self._terminals = terminals

    def messages(
        self, seq: int, gm: str, audience: Audience, most: int = TICKETS
    ) -> list[dict[str, Any]]:
        """The ``snapshot`` messages; all but the last have ``more``."""
        tickets = self._tickets(gm, audience, min(max(most, 0), MOST_TICKETS))
        parts = [tickets[i : i + TICKETS_IN_ONE] for i in range(0, len(tickets), TICKETS_IN_ONE)]
        messages = [
            {"type": "snapshot", "seq": seq, "tickets": part, "more": True}
            for part in parts or [[]]
        ]
        messages[0] |= {
            "servers": [row for row in self._servers() if audience.covers(row.get("name"))],
            "staff": self.staff(),
            "open": sum(audience.covers(t.server) for t in self._desk.open_tickets()),
            "waiting": sum(audience.covers(t.server) for t in self._desk.queue()),
        }
        messages[-1]["more"] = False
        return messages

    def staff(self) -> list[dict[str, Any]]:
        """Every account that is not disabled."""
        return [
            {
                "name": a.name,
                "role": a.role,
                "on_duty_since": iso_or_none(a.on_duty_since),
                "terminals": self._terminals(a.name),
            }
            for a in self._desk.accounts()
            if not a.disabled
        ]

    def _tickets(self, gm: str, audience: Audience, most: int) -> list[dict[str, Any]]:
        chosen: dict[int, dict[str, Any]] = {}
        for place, ticket in self._in_order(gm):
            if len(chosen) >= most:
                break
            if ticket.number not in chosen and audience.covers(ticket.server):
                chosen[ticket.number] = {**ticket.as_json(), "place": place}
        return list(chosen.values())

    def _in_order(self, gm: str) -> Iterator[tuple[int | None, TicketView]]:
        """The GM's own, the queue, the others; some twice."""
        for ticket in self._desk.held_by(gm):
            yield None, ticket
        yield from enumerate(self._desk.queue(), 1)
        for ticket in self._desk.open_tickets():
            yield None, ticket
