"""What the desk keeps of a ticket, a delivery and a GM account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gmkit.model import Player
from gmkit.shapes import ticket_json

TEXT_KEPT = 500
"""Characters of a line kept in memory; the whole line is in the log."""


@dataclass(slots=True)
class Ticket:
    """A ticket's present. Times are seconds since the epoch. See gmkit.desk.view.TicketView."""

    number: int
    server: str
    player_id: str
    name: str
    account: str | None
    vip: int
    locale: str | None
    text: str
    last_text: str
    opened_at: float
    updated_at: float
    waiting_since: float | None
    state: str = "open"
    messages: int = 1
    answers: int = 0
    claimed_by: str | None = None
    resolved_by: str | None = None
    priority: int = 0
    alerts: frozenset[str] = frozenset()
    stars: int | None = None
    picked_up: bool = False

    @property
    def queued(self) -> bool:
        """Whether it stands in the queue: open, the player waits, nobody holds it."""
        return self.state == "open" and self.claimed_by is None and self.waiting_since is not None

    @property
    def player(self) -> Player:
        """Who asked, as known when they wrote last."""
        return Player(self.player_id, self.name, self.account, self.vip, self.locale)

    def next_delivery(self) -> str:
        """The id that the next line of this ticket gets as a delivery."""
        return f"{self.number}.{self.messages + 1}"

    def as_json(self) -> dict[str, Any]:
        """The ticket by the keys of docs/json.md, times as ISO 8601."""
        return ticket_json(
            number=self.number,
            server=self.server,
            player=self.name,
            player_id=self.player_id,
            account=self.account,
            vip=self.vip,
            state=self.state,
            text=self.text,
            messages=self.messages,
            claimed_by=self.claimed_by,
            resolved_by=self.resolved_by,
            priority=self.priority,
            opened_at=self.opened_at,
            updated_at=self.updated_at,
            waiting_since=self.waiting_since,
            stars=self.stars,
        )


@dataclass(slots=True)
class Delivery:
    """A line that must reach a player. ``kind`` is that of its event.

    ``at`` is when it was queued, ``gm`` who wrote it (None for gmkit itself).
    """

    id: str
    kind: str
    at: float
    server: str
    player_id: str
    name: str
    account: str | None
    locale: str | None
    text: str
    gm: str | None
    ticket: int | None = None
    sent_server: str | None = None
    sent_player: str | None = None
    lines: int = 0
    """How many of its lines were shown before it was sent where it was sent last."""

    @property
    def place(self) -> tuple[str, str]:
        """The server, and the player there, that it was sent to last, or is to be sent to first."""
        if self.sent_server is None or self.sent_player is None:
            return self.server, self.player_id
        return self.sent_server, self.sent_player


@dataclass(slots=True)
class Account:
    """A GM account. ``password`` is a slow salted hash or None."""

    name: str
    role: str
    servers: tuple[str, ...]
    password: str | None = None
    disabled: bool = False
    on_duty_since: float | None = None
