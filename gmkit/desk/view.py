"""What commands and plugins may read of the desk. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from gmkit.model import Player


class TicketView(Protocol):
    """A ticket as the desk holds it. Times are seconds since the epoch."""

    @property
    def number(self) -> int: ...
    @property
    def server(self) -> str: ...
    @property
    def player_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def account(self) -> str | None: ...
    @property
    def vip(self) -> int: ...
    @property
    def locale(self) -> str | None: ...
    @property
    def state(self) -> str:
        """open, completed, closed or cancelled."""

    @property
    def text(self) -> str:
        """The first line the player wrote."""

    @property
    def last_text(self) -> str:
        """The player's newest line."""

    @property
    def messages(self) -> int:
        """How many lines were written, by the player and by GMs, notes included."""

    @property
    def claimed_by(self) -> str | None: ...
    @property
    def priority(self) -> int: ...
    @property
    def opened_at(self) -> float: ...
    @property
    def updated_at(self) -> float: ...
    @property
    def waiting_since(self) -> float | None:
        """Since when the player waits for a GM; None when the GM spoke last."""

    @property
    def alerts(self) -> frozenset[str]:
        """Topics the GMs were alerted about since the player began to wait."""

    @property
    def stars(self) -> int | None: ...
    @property
    def player(self) -> Player:
        """Who asked, as known when they wrote last."""

    def as_json(self) -> dict[str, Any]:
        """The ticket by the keys of docs/json.md, times as ISO 8601."""


class AccountView(Protocol):
    """A GM account."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def servers(self) -> tuple[str, ...]:
        """Patterns of the servers the account covers."""

    @property
    def disabled(self) -> bool: ...
    @property
    def on_duty_since(self) -> float | None: ...


class DeskView(Protocol):
    """Read access to open tickets, the queue and the staff."""

    def ticket(self, number: int) -> TicketView | None:
        """An open or recently finished ticket."""

    def open_tickets(self) -> Iterable[TicketView]:
        """Every open ticket, in no promised order."""

    def queue(self) -> Iterable[TicketView]:
        """Tickets whose player waits for an answer and that nobody holds, most urgent first."""

    def place(self, number: int) -> int | None:
        """A ticket's place in the queue, from 1; None when it is not in it."""

    def ticket_of(self, server: str, player_id: str) -> TicketView | None:
        """The player's open ticket."""

    def held_by(self, gm: str) -> Iterable[TicketView]:
        """The open tickets a GM holds."""

    def wait(self, place: int, now: float) -> float | None:
        """Seconds until a ticket at this place is likely picked up; None without grounds."""

    def accounts(self) -> Sequence[AccountView]: ...
    def account(self, name: str) -> AccountView | None: ...
    def on_duty(self) -> Sequence[str]:
        """The names of the GMs on duty, longest first."""
