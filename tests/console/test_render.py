"""Views of answers."""

from __future__ import annotations

import io
from typing import Any

import pytest

from gmkit.command import Argument, Command
from gmkit.console.render import VIEWS, show
from gmkit.text import width

NOW = 1_900_000_000.0
TICKET = {
    "ticket": 12,
    "server": "s1",
    "player": "阿宝",
    "player_id": "p1",
    "account": None,
    "vip": 3,
    "state": "open",
    "text": "我的火车卡住了",
    "messages": 1,
    "claimed_by": "ama",
    "resolved_by": None,
    "priority": 0,
    "opened_at": "2030-03-17T17:45:00.000Z",
    "updated_at": "2030-03-17T17:45:00.000Z",
    "waiting_since": "2030-03-17T17:45:00.000Z",
    "stars": None,
    "place": 1,
}


def shown(view: str, data: Any, sentence: str = "", columns: int = 80) -> str:
    page = io.StringIO()
    answer = {"type": "answer", "view": view, "data": data, "sentence": sentence, "facts": {}}
    show(answer, lang="en", file=page, width=columns, now=NOW)
    return page.getvalue()


def test_tickets() -> None:
    page = shown("tickets", [TICKET, {**TICKET, "ticket": 7, "player": "Bob", "vip": 0}])
    head, _, one, two = page.splitlines()
    assert head.split() == ["#", "waits", "server", "player", "held", "by", "question"]
    assert "阿宝 VIP3" in one and one.rstrip().endswith("我的火车卡住了")
    columns = [width(line[: line.index("s1")]) for line in (one, two)]
    assert columns[0] == columns[1]
    assert width(one[: one.index("ama")]) == width(two[: two.index("ama")]), "wide names line up"


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_a_ticket_takes_one_line_whatever_was_asked(columns: int) -> None:
    long = {**TICKET, "text": "我的火车卡住了 " * 30}
    lines = shown("tickets", [long, TICKET], columns=columns).splitlines()
    assert len(lines) == 4
    assert lines[2].endswith("…")
    assert "s1 " in lines[2] and "ama" in lines[2], "what was asked gives way, not the rest"


def test_no_line_ends_in_spaces() -> None:
    staff = {"name": "ama", "role": "gm", "servers": ["*"], "holds": 1}
    page = shown("staff", [staff, staff | {"servers": ["north", "south"]}])
    assert page and not any(line.endswith(" ") for line in page.splitlines())


def test_no_ticket_says_what_will_happen() -> None:
    assert shown("tickets", []).startswith("No ticket waits.")
    assert shown("tickets", [], "No ticket fits.") == "No ticket fits.\n"


def test_one_ticket_with_its_conversation() -> None:
    said = {"seq": 1, "at": TICKET["opened_at"], "kind": "asked", "player": "阿宝", "text": "help"}
    said |= {"actor": None, "detail": None, "delivery_state": None, "ticket": 12, "server": "s1"}
    talk = [
        said,
        {**said, "kind": "claimed", "actor": "ama", "text": None},
        {**said, "kind": "assigned", "actor": "ama", "text": None, "detail": "bo"},
        {**said, "kind": "replied", "actor": "ama", "text": "hi", "delivery_state": "queued"},
        {**said, "kind": "noted", "actor": "ama", "text": "again"},
    ]
    page = shown("ticket", {"ticket": TICKET, "conversation": talk})
    assert "#12 s1 阿宝 VIP3 open  held by ama  place 1 in the queue" in page
    assert "took the ticket" in page and "gave the ticket away bo" in page
    assert "hi  [waiting]" in page and "(note): again" in page


def test_help_for_one_command_and_for_many() -> None:
    async def run(call: object) -> Any: ...

    one = Command(
        "ticket reply",
        "Answer.",
        "ticket.reply",
        run,
        (Argument("text", "text", "what"),),
        ("r",),
        ("r 1 x",),
    ).described()
    page = shown("help", [one])
    assert "ticket reply TEXT" in page and "TEXT  what" in page and "> r 1 x" in page
    assert len(shown("help", [one, one]).splitlines()) == 4


@pytest.mark.parametrize("view", [*VIEWS, "never heard of"])
@pytest.mark.parametrize(
    "data", [None, [], {}, [{}], [{"a": 1}], {"a": 1}, "text", 5, [1, 2], [{"ticket": None}]]
)
def test_whatever_comes_is_shown_somehow(view: str, data: Any) -> None:
    if view in ("never heard of", "table", "done") or data in (None, [], {}, [{}]):
        assert shown(view, data, "Said.") or data


HOSTILE = "\x1b[2J[bold red]x[/]\n\u202e:smile:"


@pytest.mark.parametrize("columns", [20, 80])
@pytest.mark.parametrize("view", ["tickets", "servers", "players", "messages", "staff", "table"])
def test_hostile_text_is_harmless(view: str, columns: int) -> None:
    keys = [
        "ticket",
        "server",
        "player",
        "claimed_by",
        "text",
        "name",
        "title",
        "state",
        "reason",
        "role",
        "adapter",
        "account",
        "player_id",
        "actor",
        "detail",
        "kind",
        "delivery_state",
    ]
    row = dict.fromkeys(keys, HOSTILE) | {"tags": [HOSTILE], "servers": [HOSTILE]}
    page = shown(view, [row], sentence=HOSTILE, columns=columns)
    assert "\x1b" not in page and "\u202e" not in page
    assert all(width(line) <= columns for line in page.splitlines())


def test_markup_and_emoji_codes_are_only_text() -> None:
    assert "[bold]x[/] :smile:" in shown("table", [{"a": "[bold]x[/] :smile:"}])
