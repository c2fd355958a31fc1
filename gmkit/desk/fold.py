"""How each kind of event changes the state. Never fails: what does not fit is passed by."""

from __future__ import annotations

from collections.abc import Callable

from gmkit.model import Event

from .state import Server, State
from .ticket import TEXT_KEPT, Account, Delivery, Ticket

Fold = Callable[[State, Event], None]


def apply(state: State, event: Event) -> None:
    """Fold one event into the state."""
    fold = FOLDS.get(event.kind)
    if fold is not None:
        fold(state, event)
    if event.source is not None:
        state.remember_source(event)


def _asked(state: State, event: Event) -> None:
    data, text = event.data, (event.text or "")[:TEXT_KEPT]
    number = event.ticket or 0
    state.tickets_given = max(state.tickets_given, number)
    state.put_open(
        Ticket(
            number=number,
            server=event.server or "",
            player_id=event.player or "",
            name=data.get("name", event.player or ""),
            account=data.get("account"),
            vip=data.get("vip", 0),
            locale=data.get("locale"),
            text=text,
            last_text=text,
            opened_at=event.at,
            updated_at=event.at,
            waiting_since=event.at,
        )
    )


def _added(state: State, event: Event) -> None:
    ticket = state.open.get(event.ticket or 0)
    if ticket is None:
        return
    ticket.messages += 1
    ticket.last_text = (event.text or "")[:TEXT_KEPT]
    ticket.updated_at = event.at
    if event.data:
        ticket.name = event.data.get("name", ticket.name)
    if ticket.waiting_since is None:
        ticket.waiting_since = event.at
        state.queue.update(ticket)


def _claimed(state: State, event: Event) -> None:
    _hand_to(state, event, event.actor)


def _assigned(state: State, event: Event) -> None:
    _hand_to(state, event, event.data.get("to"))


def _unassigned(state: State, event: Event) -> None:
    _hand_to(state, event, None)


def _hand_to(state: State, event: Event, gm: str | None) -> None:
    ticket = state.open.get(event.ticket or 0)
    if ticket is None:
        return
    if gm is not None:
        _picked_up(state, ticket, event)
    state.hold(ticket, gm)
    ticket.updated_at = event.at
    state.queue.update(ticket)


def _picked_up(state: State, ticket: Ticket, event: Event) -> None:
    if not ticket.picked_up:
        ticket.picked_up = True
        state.pace.picked_up.append(event.at)


def _replied(state: State, event: Event) -> None:
    ticket = state.open.get(event.ticket or 0)
    if ticket is None:
        return
    _picked_up(state, ticket, event)
    _queue_delivery(state, event, ticket)
    ticket.messages += 1
    ticket.answers += 1
    _answered(state, ticket, event.at)


def _answered(state: State, ticket: Ticket, at: float) -> None:
    ticket.waiting_since = None
    ticket.alerts = frozenset()
    ticket.updated_at = at
    state.queue.update(ticket)


def _queue_delivery(state: State, event: Event, ticket: Ticket) -> None:
    delivery = event.data.get("delivery")
    if delivery:
        state.deliveries[delivery] = Delivery(
            id=delivery,
            kind=event.kind,
            at=event.at,
            server=ticket.server,
            player_id=ticket.player_id,
            name=ticket.name,
            account=ticket.account,
            locale=ticket.locale,
            text=event.text or "",
            gm=event.actor,
            ticket=ticket.number,
        )


def _noted(state: State, event: Event) -> None:
    ticket = state.ticket(event.ticket or 0)
    if ticket is not None:
        ticket.messages += 1
        ticket.updated_at = event.at


def _completed(state: State, event: Event) -> None:
    ticket = state.open.get(event.ticket or 0)
    if ticket is None:
        return
    _picked_up(state, ticket, event)
    _queue_delivery(state, event, ticket)
    ticket.messages += 1
    ticket.answers += bool(event.text)
    ticket.resolved_by = event.actor
    _finish(state, event, "completed")


def _closed(state: State, event: Event) -> None:
    _finish(state, event, "closed")


def _cancelled(state: State, event: Event) -> None:
    _finish(state, event, "cancelled")


def _finish(state: State, event: Event, how: str) -> None:
    ticket = state.open.get(event.ticket or 0)
    if ticket is None:
        return
    state.take_open(ticket)
    ticket.state = how
    _answered(state, ticket, event.at)
    state.put_finished(ticket)


def _reopened(state: State, event: Event) -> None:
    ticket = state.finished.get(event.ticket or 0)
    if ticket is None:
        return
    state.take_finished(ticket)
    ticket.state = "open"
    ticket.claimed_by = event.data.get("to")
    ticket.waiting_since = event.at
    ticket.updated_at = event.at
    ticket.stars = None
    state.put_open(ticket)


def _rated(state: State, event: Event) -> None:
    ticket = state.ticket(event.ticket or 0)
    if ticket is not None:
        ticket.stars = event.data.get("stars")
        ticket.updated_at = event.at


def _alerted(state: State, event: Event) -> None:
    ticket = state.open.get(event.ticket or 0)
    if ticket is not None:
        ticket.alerts |= {event.data.get("topic", "")}


def _told(state: State, event: Event) -> None:
    data, id = event.data, event.data.get("delivery")
    if not id:
        return
    if id.startswith("m"):
        state.lines_given = max(state.lines_given, int(id[1:]))
    ticket = state.ticket(event.ticket or 0)
    if ticket is not None:
        ticket.messages += 1
    state.deliveries[id] = Delivery(
        id=id,
        kind=event.kind,
        at=event.at,
        server=event.server or "",
        player_id=event.player or "",
        name=data.get("name", ""),
        account=data.get("account"),
        locale=data.get("locale"),
        text=event.text or "",
        gm=event.actor,
        ticket=event.ticket,
    )


def _sent(state: State, event: Event) -> None:
    delivery = state.deliveries.get(event.data.get("delivery", ""))
    if delivery is not None:
        delivery.sent_server, delivery.sent_player = event.server, event.player
        delivery.lines = event.data.get("lines", 0)


def _delivery_ended(state: State, event: Event) -> None:
    state.deliveries.pop(event.data.get("delivery", ""), None)


def _gm_added(state: State, event: Event) -> None:
    data = event.data
    state.accounts[data["name"]] = Account(
        name=data["name"],
        role=data["role"],
        servers=tuple(data.get("servers", ("*",))),
        password=data.get("password"),
    )


def _gm_changed(state: State, event: Event) -> None:
    data = event.data
    account = state.accounts.get(data["name"])
    if account is None:
        return
    account.role = data.get("role", account.role)
    account.servers = tuple(data.get("servers", account.servers))
    account.password = data.get("password", account.password)
    account.disabled = data.get("disabled", account.disabled)


def _duty_started(state: State, event: Event) -> None:
    account = state.accounts.get(event.actor or "")
    if account is not None:
        account.on_duty_since = event.at
        state.on_duty.pop(account.name, None)
        state.on_duty[account.name] = None


def _duty_ended(state: State, event: Event) -> None:
    account = state.accounts.get(event.actor or "")
    if account is not None:
        account.on_duty_since = None
        state.on_duty.pop(account.name, None)


def _server(name: str) -> Fold:
    def fold(state: State, event: Event) -> None:
        state.servers[event.server or ""] = Server(name, event.at, event.text or "")

    return fold


FOLDS: dict[str, Fold] = {
    "asked": _asked,
    "added": _added,
    "cancelled": _cancelled,
    "rated": _rated,
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
    "sent": _sent,
    "delivered": _delivery_ended,
    "expired": _delivery_ended,
    "gm_added": _gm_added,
    "gm_changed": _gm_changed,
    "duty_started": _duty_started,
    "duty_ended": _duty_ended,
    "server_up": _server("up"),
    "server_degraded": _server("degraded"),
    "server_down": _server("down"),
}
