"""The JSON shapes that scripts rely on, and the times in them. Documented in docs/json.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from gmkit.model import Event

_EPOCH = datetime(1970, 1, 1)


def iso(at: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the millisecond: 2030-01-31T09:05:00.250Z."""
    second, ms = divmod(round(at * 1000), 1000)
    return f"{_second(second)}.{ms:03d}Z"


@lru_cache(maxsize=4096)
def _second(since_epoch: int) -> str:
    return (_EPOCH + timedelta(seconds=since_epoch)).isoformat()


def iso_or_none(at: float | None) -> str | None:
    """``iso`` of a time that may be missing."""
    return None if at is None else iso(at)


SECRET = "password"
"""The key of an account's events that nobody is shown, not even as a hash."""


def event_json(event: Event, at: str | None = None) -> dict[str, Any]:
    """An event as ``gmkit watch --json`` prints it, without what is secret.

    ``at`` is the event's time where it is written already: many events share one.
    """
    data = event.data
    if SECRET in data:
        data = {key: value for key, value in data.items() if key != SECRET}
    return {
        "seq": event.seq,
        "at": at or iso(event.at),
        "kind": event.kind,
        "server": event.server,
        "ticket": event.ticket,
        "player": event.player,
        "actor": event.actor,
        "text": event.text,
        "source": None if event.source is None else str(event.source),
        "data": data,
    }


def ticket_json(
    *,
    number: int,
    server: str,
    player: str,
    player_id: str,
    account: str | None,
    vip: int,
    state: str,
    text: str,
    messages: int,
    claimed_by: str | None,
    resolved_by: str | None,
    priority: int,
    opened_at: float | str,
    updated_at: float | str,
    waiting_since: float | str | None,
    stars: int | None,
) -> dict[str, Any]:
    """A ticket as commands print it. Times are seconds since the epoch, or ISO 8601 already."""
    return {
        "ticket": number,
        "server": server,
        "player": player,
        "player_id": player_id,
        "account": account,
        "vip": vip,
        "state": state,
        "text": text,
        "messages": messages,
        "claimed_by": claimed_by,
        "resolved_by": resolved_by,
        "priority": priority,
        "opened_at": _time(opened_at),
        "updated_at": _time(updated_at),
        "waiting_since": _time(waiting_since),
        "stars": stars,
    }


def _time(at: float | str | None) -> str | None:
    return at if at is None or isinstance(at, str) else iso(at)
