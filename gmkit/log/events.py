"""The table of events: append and read. Blocking."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from gmkit.model import Event

from .connect import transaction
from .many import STEP, Insert, fetch
from .rows import COLUMNS, cells, event, storable

_SELECT = f"SELECT {', '.join(COLUMNS)} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
_AT_ONCE = 1000


class Appender:
    """Puts events that have their ``seq`` on disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._insert = Insert(f"INSERT INTO events ({', '.join(COLUMNS)})", len(COLUMNS))

    def write(self, batch: Sequence[Event]) -> None:
        """All of them in one transaction. Raises sqlite3.Error when that cannot be done."""
        flat = cells(batch)
        try:
            self._write(flat)
        except (UnicodeError, OverflowError, sqlite3.InterfaceError, sqlite3.ProgrammingError):
            # One cell that SQLite cannot hold must not take the others with it.
            self._write(storable(flat))

    def _write(self, flat: Sequence[Any]) -> None:
        if len(flat) <= STEP * len(COLUMNS):  # one statement is a transaction by itself
            self._insert.run(self._connection, flat)
            return
        with transaction(self._connection):
            self._insert.run(self._connection, flat)


def last(connection: sqlite3.Connection) -> int:
    """The highest ``seq``; 0 for an empty log."""
    (seq,) = connection.execute("SELECT max(seq) FROM events").fetchone()
    return int(seq or 0)


def after(
    connection: sqlite3.Connection, seq: int, limit: int = -1, upto: int | None = None
) -> Iterator[Event]:
    """Events above ``seq``, in order; at most ``limit`` (-1: all), none above ``upto``."""
    cursor = connection.execute(_SELECT, (seq, limit))
    while rows := cursor.fetchmany(_AT_ONCE):
        for row in rows:
            if upto is not None and row[0] > upto:
                return
            yield event(row)


def batch(connection: sqlite3.Connection, seq: int, limit: int) -> list[Event]:
    """The next ``limit`` events above ``seq``; for a thread beside a busy reactor."""
    return [event(row) for row in fetch(connection, _SELECT, COLUMNS, (seq, limit))]
