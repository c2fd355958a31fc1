"""The engine with its writer thread and reader threads, and what a crash leaves behind."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from gmkit.log import LogFailed, Query
from gmkit.log.check import check
from gmkit.log.sqlite import SQLiteLog

from .log_samples import asked, crowd, result, story

PATIENCE = 20.0
"""Seconds after which a test gives up; none of them needs a fraction of it."""


class Turns:
    """The part of a reactor that the log uses, driven by the test's own thread."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = SimpleQueue()

    def callFromThread(self, f: Callable[..., Any], *arguments: Any) -> None:
        self._calls.put((f, arguments))

    def until(self, done: Callable[[], bool]) -> None:
        """Run what the threads handed over until ``done``; fails when that never comes."""
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, "this takes too long"
            try:
                f, arguments = self._calls.get(timeout=0.5)
            except Empty:
                continue
            f(*arguments)

    def wait(self, deferred: Deferred[Any]) -> Any:
        """The Deferred's result, once it has fired."""
        fired: list[Any] = []
        deferred.addBoth(fired.append)
        self.until(lambda: bool(fired))
        if hasattr(fired[0], "raiseException"):
            raise fired[0].value
        return fired[0]


@pytest.fixture
def turns() -> Turns:
    return Turns()


def opened(path: Path, turns: Turns, **options: Any) -> SQLiteLog:
    return SQLiteLog(path / "log.db", turns, **options).open()


def threads() -> set[str]:
    return {t.name for t in threading.enumerate() if t.name.startswith("gmkit-")}


def test_groups_are_settled_in_order_and_read_back(tmp_path: Path, turns: Turns) -> None:
    log = opened(tmp_path, turns)
    given, order = list(crowd(3000)), []
    waiting = []
    for start in range(0, 3000, 7):
        done = log.append(given[start : start + 7])
        done.addCallback(lambda _, n: order.append((n, log.durable)), start)
        waiting.append(done)
    turns.wait(log.append([]))
    assert [n for n, _ in order] == list(range(0, 3000, 7))
    assert all(durable >= min(n + 7, 3000) for n, durable in order)
    assert turns.wait(log.read(10, 5)) == given[10:15]
    assert list(log.replay(0)) == given
    turns.wait(log.archive.caught_up())
    assert turns.wait(log.archive.search(Query("火车")))
    turns.wait(log.close())
    assert threads() == set()
    assert not (tmp_path / "log.db-wal").exists()
    assert check(tmp_path / "log.db") == []


def test_the_archive_follows_without_being_asked(tmp_path: Path, turns: Turns) -> None:
    log = opened(tmp_path, turns)
    turns.wait(log.append(story()))
    turns.until(lambda: log.archive._projected == log.last)
    turns.wait(log.close())


def test_a_start_finishes_what_the_last_run_left_unprojected(tmp_path: Path, turns: Turns) -> None:
    log = opened(tmp_path, turns)
    turns.wait(log.append(list(crowd(2000))))
    shutil.copytree(tmp_path, tmp_path / "crashed")
    turns.wait(log.close())
    again = opened(tmp_path / "crashed", turns)
    turns.until(lambda: again.archive._projected == 2000)
    turns.wait(again.close())
    assert check(tmp_path / "crashed" / "log.db") == []


def test_questions_are_answered_while_events_pour_in(tmp_path: Path, turns: Turns) -> None:
    log = opened(tmp_path, turns)
    for start in range(20):
        log.append(list(crowd(100, seed=start)))
        if start % 4 == 0:
            assert type(turns.wait(log.archive.search(Query("火车")))) is list
            assert turns.wait(log.archive.history("s1", "p1")) is not None
    turns.wait(log.save_snapshot(log.last, b"desk"))
    assert log.snapshot() == (2000, b"desk")
    turns.wait(log.close())


def test_what_was_acknowledged_survives_a_crash_at_any_moment(tmp_path: Path, turns: Turns) -> None:
    """A copy of the files, taken while the writer is at it, is what a killed daemon leaves."""
    log = opened(tmp_path / "live", turns)
    for round in range(6):
        for start in range(5):
            log.append(list(crowd(50, seed=round * 5 + start)))
        turns.until(lambda before=round * 250: log.durable > before)  # type: ignore[misc]
        durable = log.durable
        crashed = tmp_path / f"crashed{round}"
        _copy_as_a_crash_would(tmp_path / "live", crashed)
        again = SQLiteLog(crashed / "log.db", inline=True).open()
        assert again.last >= durable
        assert [e.seq for e in again.replay(0)] == list(range(1, again.last + 1))
        result(again.append([asked(9999)]))
        result(again.close())
        assert check(crashed / "log.db") == []
    turns.wait(log.close())


def _copy_as_a_crash_would(live: Path, crashed: Path) -> None:
    """The database before its log, with a reader keeping checkpoints from moving pages between."""
    with sqlite3.connect(live / "log.db", isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT max(seq) FROM events").fetchone()
        crashed.mkdir()
        shutil.copy(live / "log.db", crashed)
        wal = (live / "log.db-wal").read_bytes()
        (crashed / "log.db-wal").write_bytes(wal)
        reader.execute("ROLLBACK")
    reader.close()


def test_a_torn_end_of_the_write_ahead_log_costs_only_what_was_not_acknowledged(
    tmp_path: Path, turns: Turns
) -> None:
    log = opened(tmp_path / "live", turns)
    for n in range(1, 20):
        turns.wait(log.append([asked(n)]))
    _copy_as_a_crash_would(tmp_path / "live", tmp_path / "whole")
    turns.wait(log.close())
    wal = (tmp_path / "whole" / "log.db-wal").read_bytes()
    lasts = []
    for cut in range(0, len(wal), len(wal) // 25):
        torn = tmp_path / f"torn{cut}"
        torn.mkdir()
        shutil.copy(tmp_path / "whole" / "log.db", torn)
        (torn / "log.db-wal").write_bytes(wal[:cut])
        again = SQLiteLog(torn / "log.db", inline=True).open()
        lasts.append(again.last)
        result(again.close())
        assert check(torn / "log.db") == []
    assert lasts == sorted(lasts)


def test_projections_that_cannot_go_on_are_told_once(
    tmp_path: Path, turns: Turns, logged_failures: list[Any]
) -> None:
    log = opened(tmp_path, turns)
    turns.wait(log.append([asked(1)]))
    turns.wait(log.archive.caught_up())
    log._driver._writer.connection.execute("DROP TABLE players")  # type: ignore[attr-defined]
    for n in range(2, 5):
        turns.wait(log.append([asked(n)]))
        with pytest.raises(sqlite3.OperationalError, match="players"):
            turns.wait(log.archive.caught_up())
    assert turns.wait(log.archive.ticket(1))["ticket"] == 1
    turns.wait(log.close())
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_a_failed_write_is_told_to_everybody_who_waits(tmp_path: Path, turns: Turns) -> None:
    told: list[LogFailed] = []
    log = opened(tmp_path, turns, on_failure=told.append)
    turns.wait(log.append([asked(1)]))
    log._driver._writer.connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
    waiting = [log.append([asked(n, "x" * 200_000)]) for n in range(2, 12)]
    failed: list[Any] = []
    for done in waiting:
        done.addErrback(lambda failure: failed.append(failure.value))
    turns.until(lambda: bool(told))
    assert len(failed) == 10
    with pytest.raises(LogFailed, match="full"):
        turns.wait(log.append([asked(99)]))
    turns.until(lambda: threads() == set())
    for question in (log.archive.caught_up, lambda: log.archive.ticket(1), lambda: log.read(0)):
        with pytest.raises(LogFailed):
            turns.wait(question())
    turns.wait(log.close())
    assert threads() == set()
