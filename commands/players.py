"""Finding players, and speaking to them outside of tickets."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from gmkit.command import (
    N_,
    Answer,
    Argument,
    Call,
    Player,
    Target,
    command,
    requests,
)

from .reach import reach

MOST = 200
"""Rows of a list of players."""


@command(
    "find",
    about=N_("Players whose name, id or account has the words in it, online or not."),
    permission="player.find",
    arguments=[Argument("part", "text", N_("a part of the name, id or account"))],
    aliases=("f", "lookup player"),
    examples=("find 宝", "f ada"),
)
async def find(call: Call, part: str) -> Answer:
    """Those who are away are found if they ever asked for help."""
    sought = _plain(part.strip().strip('"@'))
    rows = {
        (row["server"], row["player_id"]): row
        for row in _online(call, "*", "player.find")
        if any(sought in _plain(str(row[key] or "")) for key in ("player", "player_id", "account"))
    }
    for known in await call.archive.players(part.strip().strip('"@'), MOST, call.covered):
        where = str(known["server"])
        if call.may("player.find", where):
            rows.setdefault((where, str(known["id"])), _row_of(known))
    return _players(list(rows.values()), N_("Nobody was found."))


@command(
    "who",
    about=N_("Who is online."),
    permission="player.who",
    arguments=[
        Argument("servers", "server", N_("a server, a pattern or tag:NAME"), required=False)
    ],
    aliases=("l", "online"),
    examples=("who s1", "who s*", "who"),
)
async def who(call: Call, servers: str = "*") -> Answer:
    """As the servers last told."""
    return _players(_online(call, servers, "player.who"), N_("Nobody is online there."))


@command(
    "pm",
    about=N_("One line to one player, outside of any ticket."),
    permission="player.pm",
    arguments=[
        Argument("player", "player", N_("the player")),
        Argument("text", "text", N_("what the player reads")),
    ],
    aliases=("tell", "w", "privatemessage"),
    examples=("pm 阿宝 Come to the market, please.", 'pm s1:"阿宝" hello', "pm @p1 hello"),
)
async def pm(call: Call, player: Target, text: str) -> Answer:
    """A player who is away reads it at the next login."""
    server, known = await call.player(player)
    events = await call.do(requests.Tell(call.gm, server, known, text))
    way = {
        "online": N_("The line is on its way to {player} on {server}."),
        "away": N_("The line is kept: {player} is not on {server} and reads it at the next login."),
        "down": N_(
            "The line is kept: {server} is not connected; {player} reads it once it is back."
        ),
    }
    data = {
        "server": server,
        "player": known.name,
        "player_id": known.id,
        "events": [event.seq for event in events],
    }
    facts = {"player": known.name, "server": server}
    return Answer(data, view="done", sentence=way[reach(call, server, known.id)], facts=facts)


def _online(call: Call, pattern: str, permission: str) -> list[dict[str, Any]]:
    return [
        _row(server.name, player, online=True)
        for server in call.servers(pattern)
        if call.may(permission, server.name)
        for player in server.online
    ]


def _row(server: str, player: Player, online: bool) -> dict[str, Any]:
    return {
        "server": server,
        "player": player.name,
        "player_id": player.id,
        "account": player.account,
        "vip": player.vip,
        "online": online,
        "last_seen": None,
    }


def _row_of(known: Mapping[str, Any]) -> dict[str, Any]:
    player = Player(known["id"], known["name"], known["account"], known["vip"])
    return _row(known["server"], player, online=False) | {"last_seen": known["last_seen"]}


def _players(rows: list[dict[str, Any]], nobody: str) -> Answer:
    if not rows:
        return Answer([], view="players", sentence=nobody)
    if len(rows) <= MOST:
        return Answer(rows, view="players")
    sentence = N_("The first {count} of {all}; say more exactly whom or where.")
    facts = {"count": MOST, "all": len(rows)}
    return Answer(rows[:MOST], view="players", sentence=sentence, facts=facts)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
