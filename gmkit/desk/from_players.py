"""Decisions on what players ask for."""

from __future__ import annotations

from typing import Any

from gmkit.errors import Refused
from gmkit.model import Event, Player, Source

from .refusals import (
    NothingToCancel,
    NothingToRate,
    NothingToSay,
    NothingToVerify,
    Repeated,
    StarsOutOfRange,
)
from .requests import Ask, Cancel, Rate, Verify
from .rules import Rules
from .state import State
from .ticket import Ticket

Decision = list[Event] | Refused


def ask(state: State, rules: Rules, request: Ask, now: float) -> Decision:
    """Open a ticket, add to the open one, or open the one just completed again."""
    server, player, text, source = request
    if again := _repeated(state, server, source):
        return again
    if not text.strip():
        return NothingToSay()
    numbers = state.open_of.get((server, player.id))
    if numbers and len(numbers) >= rules.open_per_player:
        return [_added(state.open[numbers[-1]], player, text, source, now)]
    if (ticket := _just_completed(state, rules, server, player.id, now)) is not None:
        back = _holder_again(state, ticket)
        return [
            Event("reopened", now, server, ticket.number, player.id, data={"to": back}),
            _added(ticket, player, text, source, now),
        ]
    number = state.tickets_given + 1
    return [Event("asked", now, server, number, player.id, None, text, source, _profile(player))]


def _repeated(state: State, server: str, source: Source | None) -> Repeated | None:
    stream = state.streams.get(server) if source is not None else None
    if source is None or stream is None or stream.name != source.stream or source.n > stream.last:
        return None
    return Repeated(ticket=stream.ticket_of(source.n))


def _added(ticket: Ticket, player: Player, text: str, source: Source | None, now: float) -> Event:
    data = {} if player.name == ticket.name else {"name": player.name}
    return Event("added", now, ticket.server, ticket.number, player.id, None, text, source, data)


def _just_completed(
    state: State, rules: Rules, server: str, player_id: str, now: float
) -> Ticket | None:
    ticket = state.last_finished(server, player_id)
    if ticket is None or ticket.state != "completed":
        return None
    return ticket if now - ticket.updated_at <= rules.reopen_seconds else None


def _holder_again(state: State, ticket: Ticket) -> str | None:
    """The GM who solved it, while on duty; otherwise it goes to the queue."""
    account = state.accounts.get(ticket.resolved_by or "")
    return account.name if account is not None and account.on_duty_since is not None else None


def _profile(player: Player) -> dict[str, Any]:
    data: dict[str, Any] = {"name": player.name}
    if player.account is not None:
        data["account"] = player.account
    if player.vip:
        data["vip"] = player.vip
    if player.locale is not None:
        data["locale"] = player.locale
    return data


def cancel(state: State, rules: Rules, request: Cancel, now: float) -> Decision:
    """Withdraw the player's newest open ticket."""
    if again := _repeated(state, request.server, request.source):
        return again
    numbers = state.open_of.get((request.server, request.player_id))
    if not numbers:
        return NothingToCancel()
    return [
        Event(
            "cancelled",
            now,
            request.server,
            numbers[-1],
            request.player_id,
            source=request.source,
        )
    ]


def rate(state: State, rules: Rules, request: Rate, now: float) -> Decision:
    """Rate the ticket completed last, once."""
    if again := _repeated(state, request.server, request.source):
        return again
    if not 1 <= request.stars <= 5:
        return StarsOutOfRange()
    ticket = state.last_finished(request.server, request.player_id)
    if ticket is None or ticket.state != "completed" or ticket.stars is not None:
        return NothingToRate()
    return [
        Event(
            "rated",
            now,
            request.server,
            ticket.number,
            request.player_id,
            source=request.source,
            data={"stars": request.stars},
        )
    ]


def verify(state: State, rules: Rules, request: Verify, now: float) -> Decision:
    """Show the same phrase to the player and, through the log, to the GMs."""
    if again := _repeated(state, request.server, request.source):
        return again
    numbers = state.open_of.get((request.server, request.player_id))
    if not numbers:
        return NothingToVerify()
    return [
        Event(
            "proof_asked",
            now,
            request.server,
            numbers[-1],
            request.player_id,
            source=request.source,
            data={"phrase": request.phrase},
        )
    ]
