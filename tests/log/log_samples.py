"""Events by hand, and a log to put them in."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred

from gmkit.log.sqlite import SQLiteLog
from gmkit.model import Event, Source

T0 = 1_900_000_000.0


def result(deferred: Deferred[Any]) -> Any:
    """What a Deferred that has fired holds; raises what it failed with."""
    got: list[Any] = []
    failed: list[Any] = []
    deferred.addCallbacks(got.append, failed.append)
    if failed:
        raise failed[0].value
    assert got, "not fired yet"
    return got[0]


def asked(ticket: int, text: str = "my sword vanished", **changes: Any) -> Event:
    """A player asks."""
    facts: dict[str, Any] = {
        "server": "s1",
        "player": "p1",
        "source": Source("s1:boot", ticket),
        "data": {"name": "Ann"},
    }
    return Event("asked", T0 + ticket, ticket=ticket, text=text, **{**facts, **changes})


def by_gm(kind: str, ticket: int, at: float = T0 + 100, **changes: Any) -> Event:
    """A GM does something to a ticket of player p1."""
    facts: dict[str, Any] = {"server": "s1", "player": "p1", "actor": "mei"}
    return Event(kind, at, ticket=ticket, **{**facts, **changes})


def story() -> list[Event]:
    """Two tickets with everything that can happen to them."""
    return [
        asked(1, "我的火车卡住了"),
        asked(2, "gold lost", server="s2", player="p2", data={"name": "Bob", "account": "bob"}),
        by_gm("claimed", 1),
        by_gm("replied", 1, text="在看", data={"delivery": "1.2"}),
        Event("delivered", T0 + 101, "s1", 1, "p1", data={"delivery": "1.2", "how": "shown"}),
        Event("added", T0 + 102, "s1", 1, "p1", text="谢谢", data={"name": "Anna"}),
        by_gm("noted", 1, text="same bug as yesterday"),
        by_gm("assigned", 1, data={"to": "lee", "taken_from": "mei"}),
        by_gm("completed", 1, T0 + 110, actor="lee", text="修好了", data={"delivery": "1.5"}),
        Event("rated", T0 + 111, "s1", 1, "p1", data={"stars": 5}),
        Event("expired", T0 + 112, "s1", 1, "p1", text="never came", data={"delivery": "1.5"}),
        Event("alerted", T0 + 113, "s2", 2, "p2", text="waiting long", data={"topic": "stale"}),
        Event(
            "told", T0 + 114, "s2", 2, "p2", text="not forgotten",
            data={"delivery": "m1", "name": "Bob"},
        ),
        Event("cancelled", T0 + 115, "s2", 2, "p2"),
        Event("reopened", T0 + 116, "s2", 2, "p2", data={"to": None}),
        by_gm("closed", 2, T0 + 117, server="s2", player="p2", text="spam"),
        Event("acted", T0 + 118, "s2", None, "p2", "mei", "spam",
              data={"verb": "kick", "name": "Bob", "result": "done"}),
        Event("server_down", T0 + 119, "s2", text="connection lost"),
    ]  # fmt: skip


def crowd(count: int, seed: int = 1, lines: list[str] | None = None) -> Iterator[Event]:
    """A plausible stream of ``count`` events of 50 servers."""
    rng = random.Random(seed)
    lines = lines or ["我的火车卡住了", "where is my gold", "不能登录", "the mill stands still"]
    tickets = 100
    for n in range(count):
        at, server = T0 + n * 0.05, f"s{rng.randrange(50)}"
        if tickets < 110 or rng.random() < 0.3:
            tickets += 1
            player = f"p{rng.randrange(5000)}"
            yield Event(
                "asked", at, server, tickets, player, None, rng.choice(lines),
                Source(f"{server}:1", n), {"name": player.upper()},
            )  # fmt: skip
        else:
            ticket = rng.randrange(max(101, tickets - 500), tickets + 1)
            kind = rng.choice(["claimed", "replied", "added", "completed", "noted"])
            text = None if kind == "claimed" else rng.choice(lines)
            actor = None if kind == "added" else f"gm{rng.randrange(20)}"
            data = {"delivery": f"{ticket}.{n}"} if kind in ("replied", "completed") else {}
            yield Event(kind, at, server, ticket, None, actor, text, data=data)


def in_memory(events: list[Event]) -> SQLiteLog:
    """An open log that holds the events."""
    log = SQLiteLog(None).open()
    result(log.append(events))
    return log
