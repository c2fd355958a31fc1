"""The rows of the tables that are made from the events."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Player:
    """A row of ``players``."""

    server: str
    id: str
    name: str
    names: str
    account: str | None
    vip: int
    locale: str | None
    tickets: int
    first_seen: str
    last_seen: str


@dataclass(slots=True)
class Ticket:
    """A row of ``tickets``."""

    number: int
    server: str
    player_id: str
    player: str
    account: str | None
    vip: int
    locale: str | None
    state: str
    text: str
    last_text: str
    messages: int
    claimed_by: str | None
    resolved_by: str | None
    closed_by: str | None
    priority: int
    stars: int | None
    opened_at: str
    updated_at: str
    waiting_since: str | None
    claimed_at: str | None
    first_reply_at: str | None
    finished_at: str | None


@dataclass(slots=True)
class Delivery:
    """A row of ``deliveries``."""

    id: str
    message: int
    ticket: int | None
    server: str | None
    player_id: str | None
    player: str | None
    account: str | None
    actor: str | None
    text: str
    queued_at: str
    state: str
    how: str | None
    ended_at: str | None
    shown_on: str | None
    shown_to: str | None
    reason: str | None


@dataclass(slots=True)
class Message:
    """A row of ``messages``."""

    id: int
    ticket: int | None
    server: str | None
    player_id: str | None
    player: str | None
    at: str
    kind: str
    actor: str | None
    text: str | None
    detail: str | None
    delivery: str | None


def columns(row: type) -> tuple[str, ...]:
    """The names of a row's cells, in order."""
    return tuple(f.name for f in fields(row))
