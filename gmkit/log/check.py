"""Whether the log is sound, and its tables what the events say. Reads only; safe at any time."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from . import LogUnusable, events
from .connect import to_read, to_write
from .migrations import STEPS, migrate, pending
from .projections import VERSION, Projections, reached

SHOWN = 5
"""Differences of one kind that are named one by one."""
BATCH = 5_000
_KEYS = {
    "players": ("server", "id"),
    "tickets": ("number",),
    "deliveries": ("id",),
    "messages": ("id",),
    "words": ("term",),
}


def check(path: str | os.PathLike[str]) -> list[str]:
    """What is wrong, in plain words; empty when all is well.

    The tables are made a second time in a temporary file, which takes as much room as they do.
    Raises LogTooNew, or LogUnusable when the file cannot be read at all.
    """
    file = os.fspath(path)
    with closing(to_read(file)) as connection:
        connection.execute("BEGIN")
        missing = pending(connection, file)
        if STEPS[0] in missing:
            raise LogUnusable(file=file, reason="it is no log of gmkit.")
        if missing:
            return ["The tables are those of an older gmkit. Start the daemon once to change them."]
        try:
            return [*_file(connection), *_sequence(connection), *_tables(connection)]
        except (sqlite3.Error, ValueError) as fault:
            return [*_file(connection), f"The log cannot be read to its end: {fault}."]


def _file(connection: sqlite3.Connection) -> Iterator[str]:
    """Faults of the database file itself."""
    try:
        for (line,) in connection.execute("PRAGMA integrity_check(20)"):
            if line != "ok":
                yield f"The file is damaged: {line}."
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error as fault:
        yield f"The file is damaged: {fault}."
        return
    for table, rowid, parent, _ in broken[:SHOWN]:
        yield f"{table}: row {rowid} names a row of {parent} that does not exist."
    if len(broken) > SHOWN:
        yield f"{len(broken)} rows in all name a row that does not exist."


def _sequence(connection: sqlite3.Connection) -> Iterator[str]:
    """Faults in the order of the events."""
    count, first, last = connection.execute(
        "SELECT count(*), min(seq), max(seq) FROM events"
    ).fetchone()
    if count and (first != 1 or last != count):
        (before,) = connection.execute(
            "SELECT min(seq) FROM events WHERE seq > 1 AND seq - 1 NOT IN (SELECT seq FROM events)"
        ).fetchone()
        yield (
            f"Events are missing: {count} are there, the last is {last}"
            + (f", the first gap is before {before}." if before else ".")
        )


def _tables(connection: sqlite3.Connection) -> Iterator[str]:
    """Differences between the archive's tables and what the events make of them."""
    upto = reached(connection)
    (version,) = connection.execute("SELECT max(version) FROM projected").fetchone() or (None,)
    if version not in (None, VERSION):
        yield "The archive was made by other rules: run gmkit db rebuild."
        return
    if upto > events.last(connection):
        yield f"The archive holds events up to {upto}, the log only {events.last(connection)}."
        return
    with tempfile.TemporaryDirectory(prefix="gmkit-check-") as folder:
        file = str(Path(folder) / "again.db")
        with closing(to_write(file)) as again:
            again.execute("PRAGMA synchronous = OFF")
            migrate(again, file)
            projections = Projections(again, source=connection)
            while projections.seq < upto:
                projections.advance(min(BATCH, upto - projections.seq))
                again.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            for name in _KEYS:
                yield from _compared(name, connection, again)


def _compared(
    name: str, connection: sqlite3.Connection, again: sqlite3.Connection
) -> Iterator[str]:
    found = 0
    for line in _differences(name, _rows(name, connection), _rows(name, again)):
        found += 1
        if found <= SHOWN:
            yield line
    if found > SHOWN:
        yield f"{name}: {found} differences in all. Run gmkit db rebuild."


def _rows(name: str, connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    """A table's rows in the order of its key; of the search, how often each word occurs."""
    if name == "words":
        connection.execute(
            "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, message_search, row)"
        )
        cursor = connection.execute("SELECT term, doc, cnt FROM temp.words")
    else:
        cursor = connection.execute(f"SELECT * FROM {name} ORDER BY {', '.join(_KEYS[name])}")
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def _differences(
    name: str, have: Iterator[dict[str, Any]], want: Iterator[dict[str, Any]]
) -> Iterator[str]:
    """Both sides stand in the order of their keys."""
    row, right = next(have, None), next(want, None)
    while row is not None or right is not None:
        key, wanted = _key(name, row), _key(name, right)
        if right is None or (wanted is not None and key is not None and key < wanted):
            yield f"{name} {_said(key)}: is there, but the log says nothing of it."
            row = next(have, None)
        elif row is None or (key is not None and wanted is not None and key > wanted):
            yield f"{name} {_said(wanted)}: is missing."
            right = next(want, None)
        else:
            for column in row:
                if row[column] != right[column]:
                    yield (
                        f"{name} {_said(key)}: {column} is {row[column]!r}, "
                        f"the log says {right[column]!r}."
                    )
            row, right = next(have, None), next(want, None)


def _key(name: str, row: dict[str, Any] | None) -> tuple[Any, ...] | None:
    return None if row is None else tuple(row[column] for column in _KEYS[name])


def _said(key: tuple[Any, ...] | None) -> str:
    return ":".join(str(part) for part in key or ())
