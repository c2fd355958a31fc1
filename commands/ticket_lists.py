"""Looking at tickets and at what was said in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from gmkit.command import (
    N_,
    Answer,
    Argument,
    BadUsage,
    Call,
    Query,
    Target,
    TicketView,
    Unknown,
    command,
    parse_duration,
)

USUAL, MOST = 50, 500
"""Rows that a list has, unless told; and at most."""
STATES = ("open", "completed", "closed", "cancelled")

LIST_FILTERS = (
    "state:",
    "server:",
    "player:",
    "gm:",
    "mine",
    "free",
    "waiting",
    "vip",
    "older:",
    "limit:",
)
SEARCH_FILTERS = ("server:", "player:", "gm:", "since:", "until:", "limit:")


class NoTicket(Unknown):
    """There is no ticket #{ticket}."""


class NoState(BadUsage):
    """There is no state {state}; there are {states} and any."""


class BadLimit(BadUsage):
    """limit: takes a number from 1 to {most}."""


class NothingToLookFor(BadUsage):
    """Say what to look for: words, or one of the filters {filters}"""


@command(
    "ticket list",
    about=N_("Open tickets, the most urgent first; with state: also finished ones."),
    permission="ticket.list",
    arguments=[
        Argument(
            "filters",
            "filters",
            N_(
                "state: (open, completed, closed, cancelled or any), server:, player:, gm: (the"
                " holder), mine, free (nobody holds it), waiting (the player waits), vip, older:"
                " (waiting or unchanged for that long), limit:, and words of the text"
            ),
            required=False,
            choices=LIST_FILTERS,
        )
    ],
    aliases=("t", "t list", "t l", "tickets"),
    examples=(
        "ticket list",
        "ticket list mine",
        "t l server:s1* waiting older:10m",
        "ticket list state:closed player:阿宝",
        "ticket list sword vip limit:10",
    ),
)
async def list_(call: Call, filters: Mapping[str, Any] | None = None) -> Answer:
    """Only tickets of servers that the GM covers."""
    wanted = dict(filters or {})
    limit = _limit(wanted)
    state = wanted.get("state", "open").lower()
    if state not in (*STATES, "any"):
        raise NoState(state=state, states=", ".join(STATES), problem="", usage="")
    if state == "open":
        found = islice(_open(call, wanted), limit + 1)
        rows = [{**t.as_json(), "place": call.desk.place(t.number)} for t in found]
    else:
        rows = await _archived(call, wanted, state, limit + 1)
    if not rows:
        return Answer([], view="tickets", sentence=N_("No ticket fits."))
    if len(rows) <= limit:
        return Answer(rows, view="tickets")
    sentence = N_("The first {count}. To see more, add limit:{more}, or narrow the list.")
    facts = {"count": limit, "more": min(MOST, limit * 4)}
    return Answer(rows[:limit], view="tickets", sentence=sentence, facts=facts)


@command(
    "ticket view",
    about=N_("One ticket with its whole conversation."),
    permission="ticket.view",
    arguments=[Argument("ticket", "ticket", N_("the ticket's number"))],
    aliases=("t view", "t v", "v", "view", "ticket viewid"),
    examples=("ticket view 1", "v #2"),
)
async def view(call: Call, ticket: int) -> Answer:
    """Also finished ones, however old."""
    known = call.desk.ticket(ticket)
    row = known.as_json() if known is not None else await call.archive.ticket(ticket)
    if row is None:
        raise NoTicket(what="ticket", name=f"#{ticket}", ticket=ticket)
    call.require("ticket.view", row["server"])
    conversation = await call.archive.conversation(ticket)
    data = {
        "ticket": {**row, "place": call.desk.place(ticket)},
        "conversation": conversation,
    }
    return Answer(data, view="ticket")


@command(
    "ticket search",
    about=N_("Look for words in all that players and GMs wrote, the newest first."),
    permission="ticket.search",
    arguments=[
        Argument(
            "filters",
            "filters",
            N_(
                "words, all of which must occur, and server:, player:, gm:, since: and until: (how"
                " long ago, as since:7d), limit:"
            ),
            choices=SEARCH_FILTERS,
        )
    ],
    aliases=("t search", "t s", "search"),
    examples=("ticket search 充值", 'search "lost sword" server:s1 since:7d', "t s gm:Wei refund"),
)
async def search(call: Call, filters: Mapping[str, Any]) -> Answer:
    """Only on servers that the GM covers."""
    wanted = dict(filters)
    limit = _limit(wanted)
    query = Query(
        text=wanted.get("text", ""),
        player=wanted.get("player"),
        gm=wanted.get("gm"),
        since=_ago(call, wanted.get("since")),
        until=_ago(call, wanted.get("until")),
        **_where(call, wanted.get("server")),
    )
    if not wanted:
        raise NothingToLookFor(filters=" ".join(SEARCH_FILTERS), problem="", usage="")
    return _messages(await call.archive.search(query, limit))


@command(
    "ticket history",
    about=N_("What a player wrote on one server and was answered, the newest first."),
    permission="ticket.history",
    arguments=[
        Argument("player", "player", N_("the player")),
        Argument("limit", "number", N_("how many lines"), required=False),
    ],
    aliases=("t history", "t h", "history"),
    examples=("ticket history 阿宝", "history s1:阿宝 10", "history @p1"),
)
async def history(call: Call, player: Target, limit: int = USUAL) -> Answer:
    """The player may be away."""
    server, known = await call.player(player)
    most = _limit({"limit": str(limit)})
    return _messages(await call.archive.history(server, known.id, most))


def _messages(rows: list[dict[str, Any]]) -> Answer:
    return Answer(rows, view="messages", sentence="" if rows else N_("Nothing was found."))


def _open(call: Call, wanted: Mapping[str, Any]) -> Iterator[TicketView]:
    """Open tickets that fit: the queue in its order, then the others by how long they are so."""
    servers = None
    if "server" in wanted:
        servers = {server.name for server in call.servers(wanted["server"])}
    before = _ago(call, wanted.get("older"))
    holder = _holder(call, wanted)

    def fits(ticket: TicketView) -> bool:
        return (
            (servers is None or ticket.server in servers)
            and (before is None or _since(ticket) <= before)
            and _fits(ticket, wanted)
            and call.may("ticket.list", ticket.server)
        )

    if holder is None:
        yield from filter(fits, call.desk.queue())
    others = call.desk.open_tickets() if holder is None else call.desk.held_by(holder)
    rest = [ticket for ticket in others if not _queued(ticket) and fits(ticket)]
    yield from sorted(rest, key=lambda t: (t.waiting_since is None, _since(t), t.number))


def _holder(call: Call, wanted: Mapping[str, Any]) -> str | None:
    holder: str | None = call.gm if "mine" in wanted else wanted.get("gm")
    return holder


def _queued(ticket: TicketView) -> bool:
    return ticket.claimed_by is None and ticket.waiting_since is not None


def _fits(ticket: TicketView, wanted: Mapping[str, Any]) -> bool:
    return (
        not ("free" in wanted and ticket.claimed_by is not None)
        and not ("waiting" in wanted and ticket.waiting_since is None)
        and not ("vip" in wanted and not ticket.vip)
        and wanted.get("player", ticket.name) in (ticket.name, ticket.player_id)
        and ("text" not in wanted or _holds(ticket, wanted["text"]))
    )


def _holds(ticket: TicketView, words: str) -> bool:
    text = f"{ticket.text}\n{ticket.last_text}".casefold()
    return all(word in text for word in words.casefold().split())


def _since(ticket: TicketView) -> float:
    return ticket.updated_at if ticket.waiting_since is None else ticket.waiting_since


async def _archived(
    call: Call, wanted: Mapping[str, Any], state: str, limit: int
) -> list[dict[str, Any]]:
    query = Query(
        text=wanted.get("text", ""),
        player=wanted.get("player"),
        gm=_holder(call, wanted),
        state=None if state == "any" else state,
        until=_ago(call, wanted.get("older")),
        **_where(call, wanted.get("server")),
    )
    sifted = [key for key in ("free", "waiting", "vip") if key in wanted]
    rows = await call.archive.tickets(query, MOST if sifted else limit)
    lacking = {"free": "claimed_by", "waiting": "waiting_since", "vip": "vip"}
    for key in sifted:
        rows = [row for row in rows if bool(row[lacking[key]]) is (key != "free")]
    return [{**row, "place": None} for row in rows[:limit]]


def _where(call: Call, pattern: str | None) -> dict[str, Any]:
    """The part of a query that says on which servers; the archive knows no tags."""
    if pattern is None or not (pattern.startswith("tag:") or "," in pattern):
        return {"server": pattern, "servers": call.covered}
    return {"servers": tuple(server.name for server in call.servers(pattern)) or ("",)}


def _limit(wanted: dict[str, Any]) -> int:
    text = str(wanted.get("limit", USUAL))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST):
        raise BadLimit(most=MOST, problem="", usage="")
    return int(text)


def _ago(call: Call, duration: str | None) -> float | None:
    return None if duration is None else call.now - parse_duration(duration)
