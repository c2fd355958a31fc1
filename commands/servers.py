"""The game servers: how they are, and a line to everybody on them."""

from __future__ import annotations

from gmkit.command import (
    N_,
    Answer,
    Argument,
    Call,
    Refused,
    command,
    requests,
)

SERVERS = Argument("servers", "server", N_("a server, a pattern, tag:NAME, or several with commas"))


class NobodyListens(Refused):
    """None of these servers is connected: {down}. Nothing was announced."""


@command(
    "servers",
    about=N_("The game servers and how their links are."),
    permission="server.list",
    arguments=[Argument("servers", "server", SERVERS.about, required=False)],
    aliases=("s", "server list"),
    examples=("servers", "servers s1*", "servers s1,s2"),
)
async def servers(call: Call, servers: str = "*") -> Answer:
    """Those that the GM covers."""
    rows = [server.as_json() for server in call.servers(servers)]
    sentence = "" if rows else N_("There is no server that you cover.")
    return Answer(rows, view="servers", sentence=sentence)


@command(
    "announce",
    about=N_("A line to everybody on some servers."),
    permission="server.announce",
    arguments=[SERVERS, Argument("text", "text", N_("what everybody there reads"))],
    aliases=("sayall", "broadcast"),
    examples=("announce s1 Restart in five minutes.", "announce * 服务器将在五分钟后重启"),
)
async def announce(call: Call, servers: str, text: str) -> Answer:
    """A server that is not connected is left out: the line would come too late."""
    named = [s for s in call.servers(servers) if call.may("server.announce", s.name)]
    up = [s.name for s in named if s.state in ("up", "degraded")]
    down = [s.name for s in named if s.name not in up]
    if not up:
        raise NobodyListens(down=_names(down))
    events = await call.do(requests.Announce(call.gm, tuple(up), text))
    data = {"servers": up, "down": down, "events": [event.seq for event in events]}
    facts = {"count": len(up), "servers": _names(up), "down": _names(down)}
    if down:
        sentence = N_(
            "The line goes to everybody on: {servers}. Not connected, and the line is not kept for"
            " them: {down}."
        )
    else:
        sentence = N_("The line goes to everybody on: {servers}.")
    return Answer(data, view="done", sentence=sentence, facts=facts)


def _names(names: list[str], shown: int = 10) -> str:
    listed = ", ".join(names[:shown])
    return f"{listed}, … ({len(names)})" if len(names) > shown else listed or "-"
