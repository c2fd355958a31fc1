"""Events as lines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmkit.console.ansi import coloured, plain
from gmkit.console.lines import SAID, SENTENCES, LineMaker
from gmkit.events import KINDS


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def event(kind: str, **fields: Any) -> dict[str, Any]:
    base = {
        "seq": 1,
        "at": "2030-01-31T14:02:10.250Z",
        "kind": kind,
        "server": "s1",
        "ticket": 12,
        "player": "p7",
        "actor": None,
        "text": None,
        "source": None,
        "data": {},
    }
    return base | fields


def test_the_line_of_the_manual() -> None:
    lines = LineMaker(str)
    asked = event("asked", text="我的火车卡住了", data={"name": "阿宝"})
    assert lines.line(asked) == "14:02:10 s1 #12 阿宝: 我的火车卡住了"
    replied = event("replied", actor="ama", text="马上就好", data={"delivery": "12.2"})
    assert lines.line(replied) == "14:02:10 s1 #12 ama → 阿宝: 马上就好"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (event("noted", actor="ama", text="again"), "ama (note): again"),
        (event("claimed", actor="ama"), "ama takes the ticket"),
        (event("assigned", actor="ama", data={"to": "bo"}), "ama gives the ticket to bo"),
        (
            event("claimed", actor="ama", data={"taken_from": "bo"}),
            "ama takes the ticket from bo",
        ),
        (
            event("assigned", actor="ama", data={"to": "cy", "taken_from": "bo"}),
            "ama takes the ticket from bo and gives it to cy",
        ),
        (
            event("assigned", actor="ama", data={"to": "cy", "taken_from": "ama"}),
            "ama gives the ticket to cy",
        ),
        (event("completed", actor="ama", text="done!"), "ama solved it: done!"),
        (event("closed", actor="ama"), "ama closed it without an answer"),
        (event("reopened", actor="ama"), "ama opened the ticket again"),
        (event("reopened", text="still stuck"), "p7 opened the ticket again: still stuck"),
        (event("rated", data={"stars": 4}), "p7 rates the help: ★★★★☆"),
        (event("rated", data={"stars": "x"}), "p7 rates the help: ☆☆☆☆☆"),
        (event("told", text="not forgotten", data={"name": "阿宝"}), "gmkit → 阿宝: not forgotten"),
        (
            event("expired", text="gone", data={"delivery": "12.2"}),
            "the line 12.2 was given up: gone",
        ),
        (event("never_heard_of", text="x"), "never_heard_of: x"),
    ],
)
def test_what_happened(given: dict[str, Any], line: str) -> None:
    assert LineMaker(str).line(given) == f"14:02:10 s1 #12 {line}"


def test_events_without_a_ticket_or_a_server() -> None:
    lines = LineMaker(str)
    announced = event(
        "announced",
        server=None,
        ticket=None,
        actor="ama",
        text="hi",
        data={"servers": ["s1", "s2"]},
    )
    assert lines.line(announced) == "14:02:10 ama → s1, s2: hi"
    down = event("server_down", ticket=None, text="timeout")
    assert lines.line(down) == "14:02:10 s1 not connected: timeout"


def test_every_kind_has_its_words() -> None:
    assert set(KINDS) <= SAID | SENTENCES.keys() | {"reopened"}


def test_a_translation_may_turn_the_words() -> None:
    lines = LineMaker({"{gm} gives the ticket to {to}": "{to} ← {gm}"}.get)  # type: ignore[arg-type]
    assert "bo ← ama" in lines.line(event("assigned", actor="ama", data={"to": "bo"}))


HOSTILE = st.text(st.sampled_from("\x1b[2J\n\r\u202e\x9b{}%a我\x00"), max_size=12)


@given(st.sampled_from(sorted(KINDS)), HOSTILE, HOSTILE, HOSTILE)
def test_hostile_text_stays_in_its_line(kind: str, one: str, two: str, three: str) -> None:
    data = {"name": one, "to": two, "verb": three, "servers": [one, two], "stars": 3}
    given = event(kind, server=two, player=three, actor=one, text=two, data=data)
    spans = LineMaker(str).spans(given)
    line = plain(spans)
    assert line.isprintable() or "\u3000" in line
    assert "\x1b" not in line and "\n" not in coloured(spans)


def test_names_are_learnt_and_forgotten() -> None:
    from gmkit.console.lines import MOST_NAMES, Names

    names = Names()
    for n in range(MOST_NAMES + 5):
        names.learn("s1", f"p{n}", f"n{n}")
    assert names.of("s1", "p0") == "p0" and names.of("s1", "p9") == "n9"
    assert names.of(None, None) == "?"
