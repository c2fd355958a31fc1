"""Backup, check, rebuild, export: while the log is in use, and over damaged files."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gmkit.errors import Unknown
from gmkit.log import LogInUse, LogTooNew, LogUnusable
from gmkit.log.backup import TargetExists, backup
from gmkit.log.check import check
from gmkit.log.export import KINDS, export
from gmkit.log.rebuild import rebuild
from gmkit.log.sqlite import SQLiteLog
from gmkit.shapes import event_json

from .log_samples import asked, crowd, result, story


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SQLiteLog]:
    log = SQLiteLog(tmp_path / "log.db", inline=True).open()
    result(log.append([*story(), *crowd(300)]))
    result(log.archive.caught_up())
    yield log
    result(log.close())


def edit(log: SQLiteLog, *statements: str) -> None:
    """Change the closed log's file behind gmkit's back."""
    result(log.close())
    with sqlite3.connect(log.file) as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def test_a_sound_log_has_no_findings_while_it_is_in_use(log: SQLiteLog) -> None:
    result(log.append([asked(1)]))  # not projected yet
    assert check(log.file) == []


def test_a_backup_of_a_log_in_use_is_whole(log: SQLiteLog, tmp_path: Path) -> None:
    backup(log.file, tmp_path / "copies" / "copy.db")
    result(log.append([asked(1)]))
    copy = SQLiteLog(tmp_path / "copies" / "copy.db", inline=True).open()
    assert copy.last == log.last - 1
    assert list(copy.replay(0)) == list(log.replay(0))[:-1]
    result(copy.close())
    assert check(tmp_path / "copies" / "copy.db") == []
    assert [p.name for p in (tmp_path / "copies").glob("*partial*")] == []


def test_a_backup_never_overwrites(log: SQLiteLog, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(TargetExists, match="precious"):
        backup(log.file, tmp_path / "precious")
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_backup_of_nothing_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(LogUnusable, match=r"none\.db"):
        backup(tmp_path / "none.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    with pytest.raises(LogUnusable, match=r"none\.db"):
        check(tmp_path / "none.db")
    with pytest.raises(LogUnusable, match=r"none\.db"):
        rebuild(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("UPDATE tickets SET state = 'open' WHERE number = 1", "tickets 1: state is 'open'"),
        ("DELETE FROM messages WHERE id = 4", "messages 4: is missing"),
        ("DELETE FROM messages WHERE id = 4", "deliveries: row"),
        ("DELETE FROM events WHERE seq = 7", "the first gap is before 8"),
        ("DELETE FROM events WHERE seq = 1", "Events are missing"),
        ("UPDATE players SET name = 'Eve' WHERE id = 'p1'", "players s1:p1: name is 'Eve'"),
        (
            "INSERT INTO message_search (rowid, text) VALUES (4000, 'intruder')",
            "words intruder: is there, but the log says nothing of it",
        ),
        ("UPDATE projected SET seq = 100000", "The archive holds events up to 100000"),
        ("UPDATE events SET data = '{' WHERE seq = 5", "cannot be read to its end"),
        ("UPDATE events SET at = 'long ago' WHERE seq = 5", "cannot be read to its end"),
    ],
)
def test_check_says_in_words_what_is_wrong(log: SQLiteLog, damage: str, finding: str) -> None:
    edit(log, damage)
    assert any(finding in line for line in check(log.file)), check(log.file)


def test_check_finds_a_damaged_page(log: SQLiteLog) -> None:
    result(log.close())
    size = os.path.getsize(log.file)
    with open(log.file, "r+b") as file:
        for page in range(size // 8192, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 64)
    assert any("damaged" in line for line in check(log.file))


def test_rebuild_mends_the_archive(log: SQLiteLog) -> None:
    edit(
        log,
        "UPDATE tickets SET state = 'open'",
        "DELETE FROM messages WHERE id % 3 = 0",
        "INSERT INTO message_search (rowid, text) VALUES (4000, 'intruder')",
    )
    assert check(log.file) != []
    steps: list[tuple[int, int]] = []
    assert rebuild(log.file, lambda done, all: steps.append((done, all))) == 318
    assert steps[-1] == (318, 318)
    assert check(log.file) == []


def test_rebuild_refuses_while_the_log_is_in_use(log: SQLiteLog) -> None:
    with pytest.raises(LogInUse):
        rebuild(log.file)
    assert check(log.file) == []


def test_an_archive_of_other_rules_is_made_again_at_start(log: SQLiteLog) -> None:
    edit(log, "UPDATE projected SET version = 0", "UPDATE tickets SET state = 'odd'")
    assert "other rules" in check(log.file)[0]
    again = SQLiteLog(log.file, inline=True).open()
    assert result(again.archive.ticket(1))["state"] == "completed"
    result(again.close())
    assert check(log.file) == []


def test_export_is_json_lines(log: SQLiteLog) -> None:
    for kind in KINDS:
        assert [json.loads(line) for line in export(log.file, kind)], kind
    events = [json.loads(line) for line in export(log.file, "events")]
    assert events == [event_json(event) for event in log.replay(0)]
    assert all("\n" not in line for line in export(log.file, "messages"))
    with pytest.raises(Unknown, match="sandwiches"):
        next(export(log.file, "sandwiches"))


def test_tools_refuse_what_a_newer_gmkit_wrote(log: SQLiteLog) -> None:
    edit(log, "PRAGMA user_version = 999")
    with pytest.raises(LogTooNew):
        check(log.file)
    with pytest.raises(LogTooNew):
        rebuild(log.file)


def test_check_of_another_programs_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    with pytest.raises(LogUnusable, match="no log of gmkit"):
        check(tmp_path / "other.db")


def test_rebuild_keeps_the_write_ahead_log_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmkit.log.rebuild.BATCH", 300)
    log = SQLiteLog(tmp_path / "long.db").open()
    log.append(list(crowd(3000)))
    result(log.close())
    waiting = Path(f"{log.file}-wal")
    sizes: list[int] = []
    rebuild(log.file, lambda done, all: sizes.append(waiting.stat().st_size))
    assert len(sizes) == 10
    assert sizes[-1] < 3 * sizes[0], "each batch must find the log copied back"
