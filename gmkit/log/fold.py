"""What a run of events makes of tickets, players, deliveries and messages. Pure.

:class:`Fold` holds the rows that a batch of events touches: those that exist already are put in by
the caller, :mod:`gmkit.log.projections`, which also writes them back. An event that does not fit,
or that lacks what its kind should have, changes nothing it cannot change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from gmkit.model import Event
from gmkit.shapes import iso

from .records import Delivery, Message, Player, Ticket
from .rows import escaped

NAMES_KEPT = 20
"""The latest names of a player that are remembered."""


class Fold:
    """The rows that a batch touches. Call ``add`` for each event, in order."""

    def __init__(self) -> None:
        self.players: dict[tuple[str, str], Player] = {}
        self.tickets: dict[int, Ticket] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.messages: list[Message] = []

    def add(self, event: Event) -> None:
        """Fold one event in."""
        step = _STEPS.get(event.kind)
        if step is not None:
            step(self, event, event.data)

    def ticket(self, event: Event) -> Ticket | None:
        """The ticket that an event names."""
        return self.tickets.get(event.ticket) if isinstance(event.ticket, int) else None


def player_of(event: Event) -> tuple[str, str] | None:
    """The key of the player's row that an event may change."""
    if event.kind == "asked":  # a ticket has a player's row in any case
        return event.server or "", event.player or ""
    if event.server is None or event.player is None or event.kind not in _ABOUT_PLAYERS:
        return None
    return event.server, event.player


def delivery_of(event: Event) -> str | None:
    """The id of the delivery that an event begins or ends."""
    return _text(event.data.get("delivery")) if event.data else None


def _asked(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    server, player_id, at = event.server or "", event.player or "", iso(event.at)
    event_text, number = event.text or "", event.ticket
    player = _seen(fold, server, player_id, data, at)
    if not isinstance(number, int):
        return
    player.tickets += 1
    fold.tickets[number] = Ticket(
        number=number,
        server=server,
        player_id=player_id,
        player=_text(data.get("name")) or player_id,
        account=_text(data.get("account")),
        vip=_number(data.get("vip")) or 0,
        locale=_text(data.get("locale")),
        state="open",
        text=event_text,
        last_text=event_text,
        messages=1,
        claimed_by=None,
        resolved_by=None,
        closed_by=None,
        priority=0,
        stars=None,
        opened_at=at,
        updated_at=at,
        waiting_since=at,
        claimed_at=None,
        first_reply_at=None,
        finished_at=None,
    )
    _message(fold, event)


def _added(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    at = iso(event.at)
    if event.server is not None and event.player is not None:
        _seen(fold, event.server, event.player, data, at)
    ticket = _open(fold, event)
    if ticket is not None:
        ticket.messages += 1
        ticket.last_text = event.text or ""
        ticket.updated_at = at
        ticket.player = _text(data.get("name")) or ticket.player
        ticket.waiting_since = ticket.waiting_since or at
    _message(fold, event)


def _claimed(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    _hand_to(fold, event, event.actor)
    _message(fold, event, _text(data.get("taken_from")))


def _assigned(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    _hand_to(fold, event, _text(data.get("to")))
    _message(fold, event, _text(data.get("to")))


def _unassigned(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    _hand_to(fold, event, None)
    _message(fold, event, _text(data.get("taken_from")))


def _hand_to(fold: Fold, event: Event, gm: str | None) -> None:
    ticket = _open(fold, event)
    if ticket is None:
        return
    ticket.claimed_by = gm
    ticket.updated_at = iso(event.at)
    if gm is not None:
        ticket.claimed_at = ticket.claimed_at or ticket.updated_at


def _replied(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    ticket, at = _open(fold, event), iso(event.at)
    if ticket is not None:
        ticket.messages += 1
        _answered(ticket, at)
    _message(fold, event, delivery=_begun(fold, event, data, ticket))


def _answered(ticket: Ticket, at: str) -> None:
    ticket.waiting_since = None
    ticket.updated_at = at
    ticket.claimed_at = ticket.claimed_at or at
    ticket.first_reply_at = ticket.first_reply_at or at


def _noted(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    ticket = fold.ticket(event)
    if ticket is not None:
        ticket.messages += 1
        ticket.updated_at = iso(event.at)
    _message(fold, event)


def _completed(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    ticket, at = _open(fold, event), iso(event.at)
    if ticket is not None:
        ticket.messages += 1
        ticket.resolved_by = event.actor
        if event.text:
            _answered(ticket, at)
        _finish(ticket, "completed", at)
    _message(fold, event, delivery=_begun(fold, event, data, ticket))


def _closed(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    ticket = _open(fold, event)
    if ticket is not None:
        ticket.closed_by = event.actor
        _finish(ticket, "closed", iso(event.at))
    _message(fold, event)


def _cancelled(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    ticket = _open(fold, event)
    if ticket is not None:
        _finish(ticket, "cancelled", iso(event.at))
    _message(fold, event)


def _finish(ticket: Ticket, state: str, at: str) -> None:
    ticket.state = state
    ticket.waiting_since = None
    ticket.updated_at = at
    ticket.finished_at = at


def _reopened(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    ticket, at = fold.ticket(event), iso(event.at)
    if ticket is not None and ticket.state != "open":
        ticket.state = "open"
        ticket.claimed_by = _text(data.get("to"))
        ticket.waiting_since = at
        ticket.updated_at = at
        ticket.finished_at = None
        ticket.stars = None
    _message(fold, event, _text(data.get("to")))


def _rated(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    ticket = fold.ticket(event)
    if ticket is not None:
        ticket.stars = _number(data.get("stars"))
        ticket.updated_at = iso(event.at)
    _message(fold, event, _text(data.get("stars")))


def _proof_asked(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    _message(fold, event, _text(data.get("phrase")))


def _alerted(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    _message(fold, event, _text(data.get("topic")))


def _told(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    ticket = fold.ticket(event)
    if ticket is not None:
        ticket.messages += 1
    if event.server is not None and event.player is not None:
        _seen(fold, event.server, event.player, data, None, iso(event.at))
    _message(fold, event, delivery=_begun(fold, event, data, ticket))


def _begun(fold: Fold, event: Event, data: dict[str, Any], ticket: Ticket | None) -> str | None:
    id = _text(data.get("delivery"))
    if not id:
        return None
    server, player_id, name = _whom(fold, event)
    fold.deliveries[id] = Delivery(
        id=id,
        message=event.seq,
        ticket=ticket.number if ticket is not None else None,
        server=server,
        player_id=player_id,
        player=name,
        account=_text(data.get("account")) or (ticket.account if ticket is not None else None),
        actor=event.actor,
        text=event.text or "",
        queued_at=iso(event.at),
        state="queued",
        how=None,
        ended_at=None,
        shown_on=None,
        shown_to=None,
        reason=None,
    )
    return id


def _delivered(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    delivery = fold.deliveries.get(delivery_of(event) or "")
    if delivery is not None:
        delivery.state, delivery.ended_at = "delivered", iso(event.at)
        delivery.how = _text(data.get("how"))
        delivery.shown_on, delivery.shown_to = event.server, event.player


def _expired(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    delivery = fold.deliveries.get(delivery_of(event) or "")
    if delivery is not None:
        delivery.state, delivery.ended_at = "expired", iso(event.at)
        delivery.reason = event.text


def _acted(fold: Fold, event: Event, data: dict[str, Any]) -> None:
    if event.server is not None and event.player is not None:
        _seen(fold, event.server, event.player, data, None, iso(event.at))
    _message(fold, event, f"{_text(data.get('verb'))}: {_text(data.get('result'))}")


def _open(fold: Fold, event: Event) -> Ticket | None:
    ticket = fold.ticket(event)
    return ticket if ticket is not None and ticket.state == "open" else None


def _seen(
    fold: Fold, server: str, id: str, data: dict[str, Any], at: str | None, first: str = ""
) -> Player:
    """The player's row, made or brought up to date; ``at`` is when the player was heard."""
    player = fold.players.get((server, id))
    name = _text(data.get("name"))
    if player is None:
        known = name or id
        player = fold.players[server, id] = Player(
            server, id, known, _names([], known), None, 0, None, 0, at or first, at or first
        )
    elif name and name != player.name:
        player.name, player.names = name, _names(json.loads(player.names), name)
    if at is not None:
        player.last_seen = at
        player.vip = _number(data.get("vip")) or player.vip
    player.account = _text(data.get("account")) or player.account
    player.locale = _text(data.get("locale")) or player.locale
    return player


def _names(used: list[str], name: str) -> str:
    names = [other for other in used if other != name] + [name]
    return json.dumps(names[-NAMES_KEPT:], ensure_ascii=False)


def _message(
    fold: Fold, event: Event, detail: str | None = None, delivery: str | None = None
) -> None:
    ticket = fold.ticket(event)
    server, player_id, name = _whom(fold, event)
    fold.messages.append(
        Message(
            id=event.seq,
            ticket=ticket.number if ticket is not None else None,
            server=server,
            player_id=player_id,
            player=name,
            at=iso(event.at),
            kind=event.kind,
            actor=event.actor,
            text=event.text or None,
            detail=detail,
            delivery=delivery,
        )
    )


def _whom(fold: Fold, event: Event) -> tuple[str | None, str | None, str | None]:
    """Server, id and name of the player an event is about; its ticket's where it names none."""
    ticket = fold.ticket(event)
    if event.server is not None and event.player is not None:
        player = fold.players.get((event.server, event.player))
        if player is not None:
            return player.server, player.id, player.name
    if ticket is not None:
        return ticket.server, ticket.player_id, ticket.player
    return event.server, None, None


def _text(value: Any) -> str | None:
    """A value from ``data`` as a text cell."""
    return None if value is None else escaped(str(value))


def _number(value: Any) -> int | None:
    """A value from ``data`` as a number cell."""
    return value if isinstance(value, int) and -(1 << 63) <= value < 1 << 63 else None


Step = Callable[[Fold, Event, dict[str, Any]], None]

_STEPS: dict[str, Step] = {
    "asked": _asked,
    "added": _added,
    "cancelled": _cancelled,
    "rated": _rated,
    "proof_asked": _proof_asked,
    "claimed": _claimed,
    "assigned": _assigned,
    "unassigned": _unassigned,
    "replied": _replied,
    "noted": _noted,
    "completed": _completed,
    "closed": _closed,
    "reopened": _reopened,
    "alerted": _alerted,
    "told": _told,
    "delivered": _delivered,
    "expired": _expired,
    "acted": _acted,
}
_ABOUT_PLAYERS = frozenset(_STEPS) - {"delivered", "expired"}


def touched(events: Iterable[Event]) -> tuple[set[int], set[tuple[str, str]], set[str]]:
    """The keys of tickets, players and deliveries that folding these events reads or changes."""
    tickets = {e.ticket for e in events if isinstance(e.ticket, int) and e.kind in _STEPS}
    players = {key for e in events if (key := player_of(e)) is not None}
    deliveries = {id for e in events if e.kind in _STEPS and (id := delivery_of(e))}
    return tickets, players, deliveries
