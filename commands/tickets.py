"""What GMs do with tickets. Looking at them is in ``ticket_lists``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gmkit.command import (
    N_,
    Answer,
    Argument,
    Call,
    Event,
    TicketView,
    Unknown,
    command,
    requests,
)

from .reach import reach
from .ticket_lists import history, list_, search, view

__all__ = [
    "assign",
    "claim",
    "close",
    "complete",
    "history",
    "list_",
    "note",
    "reopen",
    "reply",
    "search",
    "unassign",
    "view",
]

TICKET = Argument("ticket", "ticket", N_("the ticket's number"))
FORCE = Argument("force", "force", N_("go on although another GM holds the ticket"), required=False)


class NoSuchTicket(Unknown):
    """There is no ticket #{ticket} here, or it was finished too long ago; see ticket search."""


@command(
    "ticket claim",
    about=N_("Take a ticket: you hold it, and the other GMs see so."),
    permission="ticket.claim",
    arguments=[TICKET, FORCE],
    aliases=("t claim", "t c", "c", "claim"),
    examples=("ticket claim 1", "c #1", "ticket claim! 1"),
)
async def claim(call: Call, ticket: int, force: bool = False) -> Answer:
    """With ``!`` it is taken from its holder."""
    _may_force(call, ticket, force)
    events = await call.do(requests.Claim(call.gm, ticket, force))
    holder = _taken_from(events)
    if holder is None:
        return _done(call, ticket, events, N_("#{ticket} of {player} on {server} is yours."))
    sentence = N_("#{ticket} of {player} on {server} is yours; it was with {holder}.")
    return _done(call, ticket, events, sentence, holder=holder)


@command(
    "ticket assign",
    about=N_("Give a ticket to another GM."),
    permission="ticket.assign",
    arguments=[TICKET, Argument("gm", "gm", N_("who is to hold it")), FORCE],
    aliases=("t assign", "t a", "assign"),
    examples=("ticket assign 1 Wei", "ticket assign! 1 Wei"),
)
async def assign(call: Call, ticket: int, gm: str, force: bool = False) -> Answer:
    """With ``!`` it is taken from its holder."""
    _may_force(call, ticket, force)
    events = await call.do(requests.Assign(call.gm, ticket, gm, force))
    if gm in call.desk.on_duty():
        return _done(call, ticket, events, N_("#{ticket} is with {gm} now."), gm=gm)
    sentence = N_("#{ticket} is with {gm} now, who is not on duty.")
    return _done(call, ticket, events, sentence, gm=gm)


@command(
    "ticket unassign",
    about=N_("Put a ticket back into the queue."),
    permission="ticket.unassign",
    arguments=[TICKET, FORCE],
    aliases=("t unassign", "t u", "unassign", "unclaim"),
    examples=("ticket unassign 1", "ticket unassign! 1"),
)
async def unassign(call: Call, ticket: int, force: bool = False) -> Answer:
    """With ``!`` also when another GM holds it."""
    _may_force(call, ticket, force)
    events = await call.do(requests.Unassign(call.gm, ticket, force))
    place = call.desk.place(ticket)
    if place is None:
        sentence = N_("Nobody holds #{ticket} now. It is back in the queue once the player writes.")
        return _done(call, ticket, events, sentence)
    sentence = N_("#{ticket} is back in the queue, at place {place}.")
    return _done(call, ticket, events, sentence, place=place)


@command(
    "ticket reply",
    about=N_("Answer the player; a ticket that nobody holds becomes yours."),
    permission="ticket.reply",
    arguments=[TICKET, Argument("text", "text", N_("what the player reads")), FORCE],
    aliases=("t reply", "t r", "r", "reply", "response", "ticket response"),
    examples=(
        "ticket reply 1 Your sword is back, look into your mailbox.",
        "r 1 马上就好",
        "ticket reply! 1 I take over from here.",
    ),
)
async def reply(call: Call, ticket: int, text: str, force: bool = False) -> Answer:
    """The line reaches the player now, or as soon as that is possible."""
    events = await call.do(requests.Reply(call.gm, ticket, text, force))
    way = {
        "online": N_("Answer to #{ticket} is on its way to {player} on {server}."),
        "away": N_(
            "Answer to #{ticket} is kept: {player} is not on {server} and reads it at the next"
            " login."
        ),
        "down": N_(
            "Answer to #{ticket} is kept: {server} is not connected; {player} reads it once it is"
            " back."
        ),
    }
    return _done(call, ticket, events, way[_reach(call, ticket)])


@command(
    "ticket note",
    about=N_("Leave a note on a ticket that only GMs see."),
    permission="ticket.note",
    arguments=[TICKET, Argument("text", "text", N_("the note"))],
    aliases=("t note", "t n", "n", "comment", "ticket comment"),
    examples=("ticket note 1 Same trouble as yesterday.",),
)
async def note(call: Call, ticket: int, text: str) -> Answer:
    """The player never sees it; the ticket stays as it is."""
    events = await call.do(requests.Note(call.gm, ticket, text))
    sentence = N_("Note on #{ticket} is kept. The player does not see it; to answer: ticket reply")
    return _done(call, ticket, events, sentence)


@command(
    "ticket complete",
    about=N_("Solve a ticket: send a last answer, if you give one, and ask for a rating."),
    permission="ticket.complete",
    arguments=[
        TICKET,
        Argument("text", "text", N_("a last answer to the player"), required=False),
        FORCE,
    ],
    aliases=("t complete", "t done", "complete", "done", "ticket resolve"),
    examples=("ticket complete 1 Done, have fun!", "ticket complete! 1 Solved by the lead."),
)
async def complete(call: Call, ticket: int, text: str = "", force: bool = False) -> Answer:
    """Without a text only where the player was answered before. To end a ticket without a word to
    the player there is ``ticket close``."""
    _may_force(call, ticket, force)
    events = await call.do(requests.Complete(call.gm, ticket, text, force))
    if text:
        sentence = N_(
            "#{ticket} is completed. {player} gets your answer and is asked to rate the help."
        )
    else:
        sentence = N_("#{ticket} is completed. {player} is asked to rate the help.")
    return _done(call, ticket, events, sentence)


@command(
    "ticket close",
    about=N_("Close a ticket without a word to the player: no answer, no rating."),
    permission="ticket.close",
    arguments=[
        TICKET,
        Argument("reason", "text", N_("why, for GMs only"), required=False),
        FORCE,
    ],
    aliases=("t close", "close", "ticket reject"),
    examples=("ticket close 1 Nothing but an advertisement.", "ticket close! 1 spam"),
)
async def close(call: Call, ticket: int, reason: str = "", force: bool = False) -> Answer:
    """The reason is kept for GMs. To answer and ask for a rating there is ``ticket complete``."""
    _may_force(call, ticket, force)
    events = await call.do(requests.Close(call.gm, ticket, reason, force))
    if reason:
        sentence = N_(
            "#{ticket} is closed. {player} hears nothing: the reason is for GMs. If it was meant as"
            " an answer: ticket reopen {ticket}, then ticket complete {ticket} TEXT"
        )
    else:
        sentence = N_(
            "#{ticket} is closed. {player} hears nothing and is not asked for a rating; that would"
            " be ticket complete."
        )
    return _done(call, ticket, events, sentence)


@command(
    "ticket reopen",
    about=N_("Open a finished ticket again; it becomes yours."),
    permission="ticket.reopen",
    arguments=[TICKET],
    aliases=("t reopen", "t o", "reopen"),
    examples=("ticket reopen 2",),
)
async def reopen(call: Call, ticket: int) -> Answer:
    """The player is told nothing; the next answer tells enough."""
    events = await call.do(requests.Reopen(call.gm, ticket))
    sentence = N_("#{ticket} of {player} on {server} is open again, and yours.")
    return _done(call, ticket, events, sentence)


def _may_force(call: Call, number: int, force: bool) -> None:
    if force:
        ticket = call.desk.ticket(number)
        call.require("ticket.force", ticket.server if ticket is not None else None)


def _taken_from(events: Sequence[Event]) -> str | None:
    return next((e.data["taken_from"] for e in events if "taken_from" in e.data), None)


def _reach(call: Call, number: int) -> str:
    ticket = _known(call, number)
    return reach(call, ticket.server, ticket.player_id)


def _known(call: Call, number: int) -> TicketView:
    ticket = call.desk.ticket(number)
    if ticket is None:
        raise NoSuchTicket(what="ticket", name=f"#{number}", ticket=number)
    return ticket


def _done(call: Call, number: int, events: Sequence[Event], sentence: str, **facts: Any) -> Answer:
    ticket = _known(call, number)
    facts |= {"ticket": number, "player": ticket.name, "server": ticket.server}
    data = {"ticket": ticket.as_json(), "events": [event.seq for event in events]}
    return Answer(data, view="done", sentence=sentence, facts=facts)
