"""docs/json.md names the keys that there are. (That commands.md is current, house/ tests.)"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gmkit.desk.requests import Ask
from gmkit.events import KINDS
from gmkit.model import Event, Player
from gmkit.shapes import event_json

from .world import STAFF, World, built_in

DOCS = Path(__file__).parents[2] / "docs"
_TABLE = re.compile(r"\| (\w+) key \| \|\n\|---\|---\|\n((?:\|.*\|\n)+)")


def documented() -> Mapping[str, set[str]]:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    return {
        name: set(re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE))
        for name, rows in _TABLE.findall(page)
    }


KEYS = documented()


def keys(rows: Any) -> set[str]:
    found = {frozenset(row) for row in (rows if isinstance(rows, list) else [rows])}
    assert len(found) == 1, "every row has the same keys"
    return set(next(iter(found)))


def test_every_table_was_found() -> None:
    assert KEYS.keys() >= {"ticket", "message", "player", "server", "gm", "command", "event"}
    assert KEYS["error"] == {"code", "sentence", "facts"}


@pytest.mark.parametrize(
    ("line", "table"),
    [
        ("ticket list", "ticket"),
        ("ticket list state:any", "ticket"),
        ("ticket search gm:Wei", "message"),
        ("ticket history 阿宝", "message"),
        ("find a", "player"),
        ("find o", "player"),
        ("who", "player"),
        ("servers", "server"),
        ("gm list", "gm"),
        ("help", "command"),
    ],
)
def test_rows_have_the_documented_keys(world: World, line: str, table: str) -> None:
    world.request(Ask("s1", Player("p9", "Olga"), "hello"))
    assert keys(world.run("root", line).data) == KEYS[table]


@pytest.mark.parametrize("ticket", [1, 2])
def test_a_ticket_and_its_conversation(world: World, ticket: int) -> None:
    data = world.run("amy", f"ticket view {ticket}").data
    assert data.keys() == {"ticket", "conversation"}
    assert keys(data["ticket"]) == KEYS["ticket"]
    assert keys(data["conversation"]) == KEYS["message"]


@pytest.mark.parametrize(
    "line",
    [
        "ticket claim 1",
        "ticket assign 1 amy",
        "ticket unassign! 3",
        "ticket reply 1 x",
        "ticket note 1 x",
        "ticket complete 1 x",
        "ticket close 1",
        "ticket reopen 2",
    ],
)
def test_actions_on_tickets(world: World, line: str) -> None:
    data = world.run("root", line).data
    assert data.keys() == {"ticket", "events"}
    assert keys(data["ticket"]) == KEYS["ticket"] - {"place"}
    assert all(type(seq) is int for seq in data["events"])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pm 阿宝 x", {"server", "player", "player_id", "events"}),
        ("announce s1 x", {"servers", "down", "events"}),
        ("gm add Lin gm", {"name", "role", "servers", "disabled"}),
        ("duty on", {"gm", "on_duty"}),
    ],
)
def test_other_answers(world: World, line: str, expected: set[str]) -> None:
    assert world.run("root", line).data.keys() == expected
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    (row,) = [r for r in page.splitlines() if r.startswith("| `" + " ".join(line.split()[:1]))][:1]
    if not line.startswith("gm"):
        assert expected <= set(re.findall(r"`(\w+)`", row))


def test_every_command_has_its_row() -> None:
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    section = page.partition("## What each command prints")[2]
    named = " ".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))
    for one in built_in():
        assert f"`{one.name}`" in named or f"`{one.name.split()[-1]}`" in named, one.name


def test_events_have_the_documented_keys_and_their_kinds_are_declared(world: World) -> None:
    for line in ("ticket claim 1", "ticket assign! 1 amy", "ticket unassign! 1", "ticket close 1"):
        world.run("root", line)
    world.run("root", "ticket reopen 1")
    events: list[Event] = list(world.events.replay(0))
    assert len(events) > len(STAFF)
    for event in events:
        assert keys(event_json(event)) == KEYS["event"]
        assert event.data.keys() <= set(KINDS[event.kind].data), event.kind
