"""The archive: tickets, conversations, players, deliveries, and that refolding changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from gmkit.events import KINDS
from gmkit.log import Query
from gmkit.log.check import _KEYS, _rows
from gmkit.log.connect import MEMORY, to_write
from gmkit.log.migrations import migrate
from gmkit.log.projections import Projections
from gmkit.log.sqlite import SQLiteLog
from gmkit.model import Event
from gmkit.shapes import iso

from .log_samples import T0, asked, by_gm, crowd, in_memory, result, story

few_texts = st.sampled_from(["", "a", "我的火车", "x\0y", "s1", "1.2", "m1"])
maybe = st.none() | few_texts
anything = st.none() | st.integers() | st.booleans() | few_texts | st.lists(few_texts, max_size=2)
any_data = st.dictionaries(
    st.sampled_from(sorted({key for kind in KINDS.values() for key in kind.data})),
    anything,
    max_size=4,
)
any_event = st.builds(
    Event,
    kind=st.sampled_from(sorted(KINDS)) | few_texts,
    at=st.integers(0, 5).map(float),
    server=maybe,
    ticket=st.none() | st.integers(0, 3),
    player=maybe,
    actor=maybe,
    text=maybe,
    data=any_data,
)


def test_a_ticket_by_its_documented_keys() -> None:
    archive = in_memory(story()).archive
    assert result(archive.ticket(1)) == {
        "ticket": 1,
        "server": "s1",
        "player": "Anna",
        "player_id": "p1",
        "account": None,
        "vip": 0,
        "state": "completed",
        "text": "我的火车卡住了",
        "messages": 5,
        "claimed_by": "lee",
        "resolved_by": "lee",
        "priority": 0,
        "opened_at": iso(T0 + 1),
        "updated_at": iso(T0 + 111),
        "waiting_since": None,
        "stars": 5,
    }
    assert result(archive.ticket(2))["state"] == "closed"
    assert result(archive.ticket(3)) is None
    assert result(archive.ticket(2**80)) is None


def test_a_conversation_tells_what_was_said_and_what_happened() -> None:
    archive = in_memory(story()).archive
    rows = result(archive.conversation(1))
    assert [row["kind"] for row in rows] == [
        "asked", "claimed", "replied", "added", "noted", "assigned", "completed", "rated",
    ]  # fmt: skip
    assert rows[2] == {
        "seq": 4,
        "at": iso(T0 + 100),
        "kind": "replied",
        "ticket": 1,
        "server": "s1",
        "player": "Ann",
        "player_id": "p1",
        "actor": "mei",
        "text": "在看",
        "detail": None,
        "delivery": "1.2",
        "delivery_state": "delivered",
    }
    assert rows[5]["detail"] == "lee"
    assert rows[6]["delivery_state"] == "expired"
    assert rows[7]["detail"] == "5"
    kinds = [row["kind"] for row in result(archive.conversation(2))]
    assert kinds == ["asked", "alerted", "told", "cancelled", "reopened", "closed"]
    assert [row["seq"] for row in result(archive.conversation(1, limit=2))] == [9, 10]


def test_a_players_history_is_newest_first_and_only_what_was_written() -> None:
    archive = in_memory(story()).archive
    history = result(archive.history("s2", "p2"))
    assert [row["text"] for row in history] == [
        "spam", "spam", "not forgotten", "waiting long", "gold lost",
    ]  # fmt: skip
    assert history[0]["detail"] == "kick: done"
    assert result(archive.history("s1", "p2")) == []


def test_players_are_found_by_part_of_name_id_or_account() -> None:
    archive = in_memory(story()).archive
    (anna,) = result(archive.players("NNA"))
    assert (anna["server"], anna["id"], anna["names"], anna["tickets"]) == (
        "s1", "p1", ["Ann", "Anna"], 1,
    )  # fmt: skip
    assert [row["id"] for row in result(archive.players("bob"))] == ["p2"]
    assert [row["id"] for row in result(archive.players("p"))] == ["p1", "p2"]
    assert result(archive.players("%")) == []
    assert [row["id"] for row in result(archive.players("p", servers=("s2", "x*")))] == ["p2"]
    assert result(archive.players("p", servers=("",))) == []


def test_the_player_of_just_that_name_is_not_crowded_out() -> None:
    """Many others whose names contain it were heard later."""
    others = [asked(n, player=f"id{n}", data={"name": f"Ann {n}"}) for n in range(2, 40)]
    for named in ("1", "aNN", "acc"):
        event = asked(1, player="1", data={"name": "Ann", "account": "acc"})
        archive = in_memory([event, *others]).archive
        assert [row["id"] for row in result(archive.players(named, 1))] == ["1"]


def test_tickets_by_every_filter_newest_change_first() -> None:
    archive = in_memory(story()).archive

    def numbers(**query: Any) -> list[int]:
        return [row["ticket"] for row in result(archive.tickets(Query(**query)))]

    assert numbers() == [2, 1]
    assert numbers(state="completed") == [1]
    assert numbers(server="s*") == [2, 1]
    assert numbers(server="s2") == [2]
    assert numbers(servers=["s1", "t*"]) == [1]
    assert numbers(servers=["[s]1"]) == []
    assert numbers(gm="lee") == [1]
    assert numbers(player="anna") == [1]
    assert numbers(player="bob") == [2]
    assert numbers(since=T0 + 115) == [2]
    assert numbers(until=T0 + 115) == [1]
    assert numbers(text="火车") == [1]
    assert numbers(text="???") == []


def test_a_ticket_nobody_knows_leaves_no_broken_references() -> None:
    log = in_memory([by_gm("replied", 99, text="hello?", data={"delivery": "99.2"})])
    assert result(log.archive.conversation(99)) == []
    assert list(log._driver._writer.connection.execute("PRAGMA foreign_key_check")) == []  # type: ignore[attr-defined]


def test_answers_know_what_was_durable_when_they_were_asked() -> None:
    clock = Clock()
    log = SQLiteLog(None, clock).open()
    log.append([asked(1)])
    assert result(log.archive.ticket(1)) is None
    clock.advance(0)
    assert result(log.archive.ticket(1))["ticket"] == 1


def tables(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    return {name: list(_rows(name, connection)) for name in _KEYS}


def refolded(source: sqlite3.Connection, step: int) -> dict[str, list[dict[str, Any]]]:
    """The tables made once more, ``step`` events at a time."""
    again = to_write(MEMORY)
    migrate(again, MEMORY)
    projections = Projections(again, source)
    while projections.advance(step):
        pass
    made = tables(again)
    again.close()
    return made


@given(st.lists(any_event, max_size=25), st.integers(1, 7))
@example([Event("asked", 0.0), Event("asked", 1.0)], 1)
@settings(deadline=None)
def test_folding_in_steps_of_any_size_is_folding_at_once(events: list[Event], step: int) -> None:
    log = SQLiteLog(None).open()
    source = log._driver._writer.connection  # type: ignore[attr-defined]
    for event in events:
        result(log.append([event]))
    result(log.archive.caught_up())
    assert refolded(source, step) == tables(source)
    assert list(source.execute("PRAGMA foreign_key_check")) == []
    result(log.close())


@pytest.mark.parametrize("step", [1, 3, 64, 65])
def test_a_plausible_story_folds_the_same_in_any_steps(step: int) -> None:
    log = in_memory([*story(), *crowd(400)])
    result(log.archive.caught_up())
    source = log._driver._writer.connection  # type: ignore[attr-defined]
    assert refolded(source, step) == tables(source)
    result(log.close())


def test_views_read_well_without_gmkit(tmp_path: Path) -> None:
    log = SQLiteLog(tmp_path / "log.db", inline=True).open()
    result(log.append([*story(), asked(3, "我", data={"name": "Cid"})]))
    result(log.close())
    with sqlite3.connect(tmp_path / "log.db") as db:
        db.row_factory = sqlite3.Row
        (row,) = db.execute("SELECT * FROM open_tickets").fetchall()
        assert (row["number"], row["player"], row["text"]) == (3, "Cid", "我")
        said = db.execute("SELECT who, text FROM conversations WHERE ticket = 1").fetchall()
        assert [tuple(row) for row in said[:3]] == [
            ("Ann", "我的火车卡住了"), ("mei", None), ("mei", "在看"),
        ]  # fmt: skip
        undelivered = db.execute("SELECT id, state, reason FROM undelivered").fetchall()
        assert {row["id"]: row["state"] for row in undelivered} == {
            "1.5": "expired",
            "m1": "queued",
        }
        (mei,) = db.execute("SELECT * FROM game_masters WHERE gm = 'mei'").fetchall()
        assert (mei["answers"], mei["closed"]) == (1, 1)
        ended = db.execute("SELECT * FROM deliveries WHERE id = '1.2'").fetchone()
        assert (ended["state"], ended["how"], ended["shown_on"]) == ("delivered", "shown", "s1")
    db.close()


def test_projections_that_cannot_go_on_do_not_stop_the_log(
    logged_failures: list[Any],
) -> None:
    log = in_memory([asked(1)])
    connection = log._driver._writer.connection  # type: ignore[attr-defined]
    connection.execute("DROP TABLE deliveries")
    result(log.append([by_gm("replied", 1, text="yes", data={"delivery": "1.2"})]))
    with pytest.raises(sqlite3.OperationalError, match="deliveries"):
        result(log.archive.caught_up())
    result(log.append([asked(2)]))
    assert log.durable == 3
    assert len(logged_failures) == 1
    logged_failures.clear()
