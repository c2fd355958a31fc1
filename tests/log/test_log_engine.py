"""The engine: append, durability, replay, snapshots, failure."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from gmkit.log import LogFailed, LogInUse, LogTooNew, LogUnusable
from gmkit.log.rows import COLUMNS, cells, event, storable
from gmkit.log.sqlite import SQLiteLog
from gmkit.model import Event, Source

from .log_samples import T0, asked, result, story

texts = st.text(st.characters(codec="utf-8"), max_size=20)
maybe_text = st.none() | texts
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
events = st.builds(
    Event,
    kind=texts,
    at=st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000),
    server=maybe_text,
    ticket=st.none() | st.integers(0, 2**62),
    player=maybe_text,
    actor=maybe_text,
    text=maybe_text,
    source=st.none() | st.builds(Source, texts, st.integers()),
    data=st.dictionaries(texts, json_values, max_size=4),
)


def test_events_get_their_place_at_once_and_are_durable_a_turn_later() -> None:
    clock = Clock()
    log = SQLiteLog(None, clock).open()
    fired: list[str] = []
    first, second = asked(1), asked(2)
    log.append([first]).addCallback(lambda _: fired.append("first"))
    log.append([second]).addCallback(lambda _: fired.append("second"))
    log.append([]).addCallback(lambda _: fired.append("barrier"))
    assert (first.seq, second.seq, log.last, log.durable, fired) == (1, 2, 2, 0, [])
    clock.advance(0)
    assert (log.durable, fired) == (2, ["first", "second", "barrier"])
    assert list(log.replay(0)) == [first, second]
    assert list(log.replay(1)) == [second]


@given(st.lists(st.lists(events, max_size=9), max_size=5))
@settings(deadline=None)
def test_any_events_come_back_as_they_went_in(groups: list[list[Event]]) -> None:
    log = SQLiteLog(None).open()
    for group in groups:
        result(log.append(group))
    given = [e for group in groups for e in group]
    assert list(log.replay(0)) == given
    assert [e.seq for e in given] == list(range(1, len(given) + 1))
    assert result(log.read(1, limit=3)) == given[1:4]
    result(log.close())


def test_more_rows_than_one_statement_holds() -> None:
    log = SQLiteLog(None).open()
    many = [asked(n) for n in range(1, 1300)]
    result(log.append(many))
    assert list(log.replay(0)) == many


def test_what_sqlite_cannot_hold_takes_nothing_else_with_it() -> None:
    log = SQLiteLog(None).open()
    odd = asked(1, "broken \ud800 text", data={"name": "a\udc80", "more": object})
    result(log.append([asked(2), odd, asked(3)]))
    back = list(log.replay(0))
    assert len(back) == 3
    assert back[1].text == "broken \\ud800 text"
    assert back[1].data["name"] == "a\\udc80"
    assert back[1].data["more"] == repr(object)
    for strange in (2**70, [1], 1.5):
        row = storable(cells([asked(1, player=strange)]))
        assert row[COLUMNS.index("player")] == f"<{strange!r}>"


def test_times_are_kept_to_the_millisecond_exactly() -> None:
    for ms in range(1000):
        at = T0 + ms / 1000
        back = event(cells([Event("asked", at)]))
        assert back.at == round(at, 3)


def test_a_snapshot_is_found_again_and_damaged_ones_are_passed_by(tmp_path: Path) -> None:
    log = SQLiteLog(tmp_path / "log.db", inline=True).open()
    assert log.snapshot() is None
    result(log.append(story()))
    for seq in (3, 6, 9):
        result(log.save_snapshot(seq, f"desk at {seq}".encode()))
    assert log.snapshot() == (9, b"desk at 9")
    result(log.close())
    with sqlite3.connect(tmp_path / "log.db") as db:
        assert db.execute("SELECT seq FROM snapshots ORDER BY seq").fetchall() == [(6,), (9,)]
        db.execute("UPDATE snapshots SET state = x'00' WHERE seq = 9")
        db.execute("INSERT INTO snapshots (seq, format, digest, state) VALUES (10, 99, '', '')")
        db.execute("INSERT INTO snapshots (seq, format, digest, state) VALUES (999, 1, '', '')")
    db.close()
    log = SQLiteLog(tmp_path / "log.db", inline=True).open()
    assert log.snapshot() == (6, b"desk at 6")
    result(log.close())


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    log = SQLiteLog(tmp_path / "log.db", inline=True).open()
    result(log.append([asked(1)]))
    result(log.close())
    result(log.close())
    assert not (tmp_path / "log.db-wal").exists()
    assert (tmp_path / "log.db").stat().st_mode & 0o777 == 0o600
    log = SQLiteLog(tmp_path / "log.db", inline=True).open()
    assert (log.last, log.durable) == (1, 1)
    result(log.append([asked(2)]))
    assert [e.seq for e in log.replay(0)] == [1, 2]
    result(log.close())


def test_nothing_is_acknowledged_once_a_write_failed(tmp_path: Path) -> None:
    told: list[LogFailed] = []
    clock = Clock()
    log = SQLiteLog(tmp_path / "log.db", clock, inline=True, on_failure=told.append).open()
    log.append([asked(1)])
    clock.advance(0)
    log._driver._writer.connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
    lost = [log.append([asked(n, "x" * 100_000)]) for n in range(2, 30)]
    clock.advance(0)
    for deferred in lost:
        with pytest.raises(LogFailed, match="full"):
            result(deferred)
    with pytest.raises(LogFailed):
        result(log.append([asked(30)]))
    with pytest.raises(LogFailed):
        result(log.save_snapshot(1, b""))
    assert len(told) == 1
    assert log.durable == 1
    result(log.close())


def test_after_close_nothing_is_taken() -> None:
    log = SQLiteLog(None).open()
    result(log.close())
    with pytest.raises(LogFailed, match="closed"):
        result(log.append([asked(1)]))


def test_two_daemons_cannot_share_a_log(tmp_path: Path) -> None:
    log = SQLiteLog(tmp_path / "log.db", inline=True).open()
    with pytest.raises(LogInUse, match=r"log\.db is in use by another gmkit \(process \d+\)"):
        SQLiteLog(tmp_path / "log.db", inline=True).open()
    result(log.close())
    result(SQLiteLog(tmp_path / "log.db", inline=True).open().close())


def test_a_newer_database_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    result(SQLiteLog(file, inline=True).open().close())
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 999")
        db.execute("INSERT INTO written_by (gmkit) VALUES ('9.9')")
    db.close()
    with pytest.raises(LogTooNew, match=r"log\.db was written by a newer.*at least 9\.9"):
        SQLiteLog(file, inline=True).open()


@pytest.mark.parametrize("content", [b"no database at all, but text" * 100, None])
def test_a_file_that_is_no_log_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "log.db"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(LogUnusable, match=r"log\.db"):
        SQLiteLog(file, inline=True).open()


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "log.db") as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    with pytest.raises(LogUnusable, match="something else"):
        SQLiteLog(tmp_path / "log.db", inline=True).open()


def test_an_older_database_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    log = SQLiteLog(file, inline=True).open()
    result(log.append([asked(1)]))
    result(log.close())
    with sqlite3.connect(file) as db:  # as if only the first step had been known
        for view in ("open_tickets", "conversations", "undelivered", "game_masters"):
            db.execute(f"DROP VIEW {view}")
        for table in (
            "message_search",
            "messages",
            "deliveries",
            "tickets",
            "players",
            "projected",
        ):
            db.execute(f"DROP TABLE {table}")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = '0002_projections'")
        db.execute("PRAGMA user_version = 1")
    db.close()
    log = SQLiteLog(file, inline=True).open()
    assert result(log.archive.ticket(1))["text"] == "my sword vanished"
    result(log.close())
    kept = tmp_path / "log.db.before-0002_projections"
    assert kept.stat().st_mode & 0o077 == 0, "it holds what players wrote, and password hashes"
    with sqlite3.connect(kept) as copy:
        assert copy.execute("SELECT count(*) FROM events").fetchone() == (1,)
        assert not copy.execute("SELECT * FROM sqlite_master WHERE name = 'tickets'").fetchall()
    copy.close()
