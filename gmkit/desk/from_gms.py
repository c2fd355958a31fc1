"""Decisions on what GMs ask for. Who may ask at all is not decided here."""

from __future__ import annotations

from typing import Any

from gmkit.errors import Refused
from gmkit.model import Event, Source

from .from_players import Decision
from .refusals import (
    AlreadyTheirs,
    AlreadyYours,
    GMDisabled,
    GMExists,
    NobodyHolds,
    NoSuchGM,
    NoSuchTicket,
    NothingAnswered,
    NothingToSay,
    TicketFinished,
    TicketHeld,
    TicketOpen,
)
from .requests import (
    Act,
    AddGM,
    Announce,
    Assign,
    ChangeGM,
    Claim,
    Close,
    Complete,
    Duty,
    Note,
    Reopen,
    Reply,
    Tell,
    Unassign,
)
from .rules import Rules
from .state import State
from .ticket import Ticket


def _open(state: State, number: int) -> Ticket | Refused:
    ticket = state.open.get(number)
    if ticket is not None:
        return ticket
    finished = state.finished.get(number)
    if finished is None:
        return NoSuchTicket(ticket=number)
    return TicketFinished(ticket=number, state=finished.state)


def _mine(state: State, number: int, gm: str, force: bool, verb: str) -> Ticket | Refused:
    """The open ticket, unless another GM holds it and ``force`` is not given."""
    ticket = _open(state, number)
    if isinstance(ticket, Refused) or force or ticket.claimed_by in (None, gm):
        return ticket
    return TicketHeld(ticket=number, holder=ticket.claimed_by, verb=verb)


def _event(
    kind: str, now: float, ticket: Ticket, gm: str, source: Source | None, text: str | None = None
) -> Event:
    return Event(kind, now, ticket.server, ticket.number, ticket.player_id, gm, text, source)


def _taken_from(event: Event, ticket: Ticket) -> Event:
    if ticket.claimed_by is not None:
        event.data = {**event.data, "taken_from": ticket.claimed_by}
    return event


def claim(state: State, rules: Rules, request: Claim, now: float) -> Decision:
    """Take a ticket, from the queue or, with force, from its holder."""
    ticket = _mine(state, request.ticket, request.gm, request.force, "ticket claim")
    if isinstance(ticket, Refused):
        return ticket
    if ticket.claimed_by == request.gm:
        return AlreadyYours(ticket=ticket.number)
    return [_taken_from(_event("claimed", now, ticket, request.gm, request.source), ticket)]


def assign(state: State, rules: Rules, request: Assign, now: float) -> Decision:
    """Give a ticket to another GM."""
    account = state.accounts.get(request.to)
    if account is None:
        return NoSuchGM(name=request.to)
    if account.disabled:
        return GMDisabled(name=request.to)
    ticket = _mine(state, request.ticket, request.gm, request.force, "ticket assign")
    if isinstance(ticket, Refused):
        return ticket
    if ticket.claimed_by == request.to:
        return AlreadyTheirs(ticket=ticket.number, holder=request.to)
    event = _event("assigned", now, ticket, request.gm, request.source)
    event.data = {"to": request.to}
    return [_taken_from(event, ticket)]


def unassign(state: State, rules: Rules, request: Unassign, now: float) -> Decision:
    """Put a ticket back into the queue."""
    ticket = _mine(state, request.ticket, request.gm, request.force, "ticket unassign")
    if isinstance(ticket, Refused):
        return ticket
    if ticket.claimed_by is None:
        return NobodyHolds(ticket=ticket.number)
    return [_taken_from(_event("unassigned", now, ticket, request.gm, request.source), ticket)]


def reply(state: State, rules: Rules, request: Reply, now: float) -> Decision:
    """Answer the player; answering a ticket that nobody holds claims it."""
    if not request.text.strip():
        return NothingToSay()
    ticket = _mine(state, request.ticket, request.gm, request.force, "ticket reply")
    if isinstance(ticket, Refused):
        return ticket
    events = []
    if ticket.claimed_by is None:
        events.append(_event("claimed", now, ticket, request.gm, request.source))
    answer = _event("replied", now, ticket, request.gm, request.source, request.text)
    answer.data = {"delivery": ticket.next_delivery()}
    return [*events, answer]


def note(state: State, rules: Rules, request: Note, now: float) -> Decision:
    """Leave a note on any ticket the desk still knows."""
    if not request.text.strip():
        return NothingToSay()
    ticket = state.ticket(request.ticket)
    if ticket is None:
        return NoSuchTicket(ticket=request.ticket)
    return [_event("noted", now, ticket, request.gm, request.source, request.text)]


def complete(state: State, rules: Rules, request: Complete, now: float) -> Decision:
    """Solve a ticket with a last answer, or on the strength of the answers given."""
    ticket = _mine(state, request.ticket, request.gm, request.force, "ticket complete")
    if isinstance(ticket, Refused):
        return ticket
    text = request.text.strip()
    if not text and not ticket.answers:
        return NothingAnswered(ticket=ticket.number)
    event = _event("completed", now, ticket, request.gm, request.source, request.text)
    event.data = {"delivery": ticket.next_delivery()}
    return [event]


def close(state: State, rules: Rules, request: Close, now: float) -> Decision:
    """Close a ticket; the player hears nothing."""
    ticket = _mine(state, request.ticket, request.gm, request.force, "ticket close")
    if isinstance(ticket, Refused):
        return ticket
    return [_event("closed", now, ticket, request.gm, request.source, request.reason or None)]


def reopen(state: State, rules: Rules, request: Reopen, now: float) -> Decision:
    """Open a finished ticket again; the GM who does so holds it."""
    if request.ticket in state.open:
        return TicketOpen(ticket=request.ticket)
    ticket = state.finished.get(request.ticket)
    if ticket is None:
        return NoSuchTicket(ticket=request.ticket)
    event = _event("reopened", now, ticket, request.gm, request.source)
    event.data = {"to": request.gm}
    return [event]


def tell(state: State, rules: Rules, request: Tell, now: float) -> Decision:
    """One line to one player."""
    if not request.text.strip():
        return NothingToSay()
    player, ticket = request.player, state.ticket(request.ticket or 0)
    delivery = ticket.next_delivery() if ticket is not None else f"m{state.lines_given + 1}"
    data: dict[str, Any] = {"delivery": delivery, "name": player.name}
    if player.account is not None:
        data["account"] = player.account
    if player.locale is not None:
        data["locale"] = player.locale
    return [
        Event(
            "told",
            now,
            request.server,
            request.ticket,
            player.id,
            request.gm,
            request.text,
            request.source,
            data,
        )
    ]


def announce(state: State, rules: Rules, request: Announce, now: float) -> Decision:
    """A line to everybody on some servers."""
    if not request.text.strip():
        return NothingToSay()
    data = {"servers": list(request.servers)}
    return [
        Event(
            "announced", now, actor=request.gm, text=request.text, source=request.source, data=data
        )
    ]


def act(state: State, rules: Rules, request: Act, now: float) -> Decision:
    """Record an action on a player."""
    data = {
        "verb": request.verb,
        "name": request.player.name,
        "result": request.result,
        "arguments": list(request.arguments),
    }
    return [
        Event(
            "acted",
            now,
            request.server,
            None,
            request.player.id,
            request.gm,
            request.reason,
            request.source,
            data,
        )
    ]


def duty(state: State, rules: Rules, request: Duty, now: float) -> Decision:
    """Come on duty or go off it; no event where that is so already."""
    account = state.accounts.get(request.gm)
    if account is None:
        return NoSuchGM(name=request.gm)
    if request.on and account.disabled:
        return GMDisabled(name=request.gm)
    if request.on == (account.on_duty_since is not None):
        return []
    kind = "duty_started" if request.on else "duty_ended"
    return [Event(kind, now, actor=request.gm, source=request.source)]


def add_gm(state: State, rules: Rules, request: AddGM, now: float) -> Decision:
    """Make an account."""
    if request.name in state.accounts:
        return GMExists(name=request.name)
    data: dict[str, Any] = {
        "name": request.name,
        "role": request.role,
        "servers": list(request.servers),
    }
    if request.password is not None:
        data["password"] = request.password
    return [Event("gm_added", now, actor=request.by, data=data)]


def change_gm(state: State, rules: Rules, request: ChangeGM, now: float) -> Decision:
    """Change an account; a disabled GM goes off duty and loses the tickets held."""
    account = state.accounts.get(request.name)
    if account is None:
        return NoSuchGM(name=request.name)
    data: dict[str, Any] = {"name": request.name}
    for key in ("role", "password", "disabled"):
        if (value := getattr(request, key)) is not None:
            data[key] = value
    if request.servers is not None:
        data["servers"] = list(request.servers)
    events = [Event("gm_changed", now, actor=request.by, data=data)]
    if request.disabled:
        by = request.by or request.name
        held = state.held.get(request.name, {})
        events += [
            _taken_from(_event("unassigned", now, state.open[n], by, None), state.open[n])
            for n in held
        ]
        if account.on_duty_since is not None:
            events.append(Event("duty_ended", now, actor=request.name))
    return events
