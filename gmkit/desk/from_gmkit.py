"""Decisions on what gmkit itself reports."""

from __future__ import annotations

from gmkit.model import Event

from .from_players import Decision
from .requests import Alert, Delivered, Expired, LinkChanged, Notify, Sent
from .rules import Rules
from .state import State


def sent(state: State, rules: Rules, request: Sent, now: float) -> Decision:
    """A pending delivery goes to another place than the one known so far."""
    delivery = state.deliveries.get(request.delivery)
    place = (request.server, request.player_id)
    if delivery is None or (delivery.place, delivery.lines) == (place, request.lines):
        return []
    data = {"delivery": request.delivery, "lines": request.lines}
    return [Event("sent", now, request.server, delivery.ticket, request.player_id, data=data)]


def delivered(state: State, rules: Rules, request: Delivered, now: float) -> Decision:
    """A pending delivery reached the game; anything else was told before."""
    delivery = state.deliveries.get(request.delivery)
    if delivery is None:
        return []
    data = {"delivery": request.delivery, "how": request.how}
    return [Event("delivered", now, request.server, delivery.ticket, request.player_id, data=data)]


def expired(state: State, rules: Rules, request: Expired, now: float) -> Decision:
    """A pending delivery is given up."""
    delivery = state.deliveries.get(request.delivery)
    if delivery is None:
        return []
    return [
        Event(
            "expired",
            now,
            delivery.server,
            delivery.ticket,
            delivery.player_id,
            text=request.reason,
            data={"delivery": request.delivery},
        )
    ]


def alert(state: State, rules: Rules, request: Alert, now: float) -> Decision:
    """Alert once for each topic while the player waits."""
    ticket = state.open.get(request.ticket)
    if ticket is None or request.topic in ticket.alerts:
        return []
    return [
        Event(
            "alerted",
            now,
            ticket.server,
            ticket.number,
            ticket.player_id,
            text=request.text,
            data={"topic": request.topic},
        )
    ]


def link_changed(state: State, rules: Rules, request: LinkChanged, now: float) -> Decision:
    """A link's new state, told once."""
    server = state.servers.get(request.server)
    if server is not None and (server.state, server.reason) == (request.state, request.reason):
        return []
    return [Event(f"server_{request.state}", now, request.server, text=request.reason or None)]


def notify(state: State, rules: Rules, request: Notify, now: float) -> Decision:
    """Something for the GMs to know."""
    return [Event("noticed", now, text=request.text, data={"topic": request.topic})]
