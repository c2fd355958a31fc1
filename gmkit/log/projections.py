"""Tickets, messages, players and deliveries as tables, kept up with the log in batches.

Each batch is one transaction together with the ``seq`` it reaches, so that a crash at any moment
leaves tables that are whole, only behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from gmkit.model import Event

from . import events, schema
from .connect import transaction
from .fold import Fold, touched
from .many import Insert, Lookup
from .records import Delivery, Message, Player, Ticket, columns
from .search import spaced

NAME = "archive"
VERSION = 1
"""Of the rules in :mod:`gmkit.log.fold` and :mod:`gmkit.log.search`; another one refolds all."""


class _Table:
    """Reading and writing back the rows of one table."""

    def __init__(self, name: str, row: type, keys: Sequence[str]) -> None:
        names = columns(row)
        changed = ", ".join(f"{n} = excluded.{n}" for n in names if n not in keys)
        self._cells = attrgetter(*names)
        self._insert = Insert(
            f"INSERT INTO {name} ({', '.join(names)})",
            len(names),
            f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}",
        )
        self._lookup = Lookup(name, names, keys)

    def load(self, connection: sqlite3.Connection, keys: Iterable[Any]) -> Iterable[Any]:
        return self._lookup.run(connection, list(keys))

    def save(self, connection: sqlite3.Connection, rows: Iterable[Any]) -> None:
        cells = self._cells
        self._insert.run(connection, [cell for row in rows for cell in cells(row)])


class Projections:
    """The tables behind the archive, brought up to date by ``advance``."""

    def __init__(
        self, connection: sqlite3.Connection, source: sqlite3.Connection | None = None
    ) -> None:
        """``source`` has the events, when they are not in the same file."""
        self._connection = connection
        self._source = source or connection
        self._players = _Table("players", Player, ("server", "id"))
        self._tickets = _Table("tickets", Ticket, ("number",))
        self._deliveries = _Table("deliveries", Delivery, ("id",))
        self._messages = _Table("messages", Message, ("id",))
        self._search = Insert("INSERT INTO message_search (rowid, text)", 2)
        self.seq = self._begin()
        """The last event that the tables hold."""

    def advance(self, most: int) -> int:
        """Fold up to ``most`` further events in, in one transaction; how many there were."""
        batch = events.batch(self._source, self.seq, most)
        if batch:
            with transaction(self._connection):
                self._fold(batch)
                self._reached(batch[-1].seq)
            self.seq = batch[-1].seq
        return len(batch)

    def _begin(self) -> int:
        """Where to go on; from the start when the rules are others than those of the tables."""
        row = self._connection.execute(
            "SELECT seq, version FROM projected WHERE name = ?", (NAME,)
        ).fetchone()
        if row is not None and row[1] == VERSION:
            return int(row[0])
        clear(self._connection)
        return 0

    def _fold(self, batch: Sequence[Event]) -> None:
        fold, connection = self._loaded(batch), self._connection
        for event in batch:
            fold.add(event)
        self._players.save(connection, fold.players.values())
        self._tickets.save(connection, fold.tickets.values())
        self._deliveries.save(connection, fold.deliveries.values())
        self._messages.save(connection, fold.messages)
        words = [cell for m in fold.messages if m.text for cell in (m.id, spaced(m.text))]
        self._search.run(connection, words)

    def _loaded(self, batch: Sequence[Event]) -> Fold:
        """A fold that holds the rows these events touch, as they are in the tables."""
        fold, connection = Fold(), self._connection
        tickets, players, deliveries = touched(batch)
        for row in self._tickets.load(connection, [(n,) for n in tickets]):
            fold.tickets[row[0]] = Ticket(*row)
        for row in self._players.load(connection, players):
            fold.players[row[0], row[1]] = Player(*row)
        for row in self._deliveries.load(connection, [(id,) for id in deliveries]):
            fold.deliveries[row[0]] = Delivery(*row)
        return fold

    def _reached(self, seq: int) -> None:
        self._connection.execute("UPDATE projected SET seq = ? WHERE name = ?", (seq, NAME))


def clear(connection: sqlite3.Connection) -> None:
    """Empty the tables, to be filled again from the first event."""
    with transaction(connection):
        connection.execute("INSERT INTO message_search (message_search) VALUES ('delete-all')")
        for table in schema.DERIVED:
            if table != "message_search":
                connection.execute(f"DELETE FROM {table}")
        connection.execute(
            "INSERT INTO projected (name, seq, version) VALUES (?, 0, ?) "
            "ON CONFLICT (name) DO UPDATE SET seq = 0, version = excluded.version",
            (NAME, VERSION),
        )


def reached(connection: sqlite3.Connection) -> int:
    """The last event that the tables hold."""
    row = connection.execute("SELECT seq FROM projected WHERE name = ?", (NAME,)).fetchone()
    return int(row[0]) if row is not None else 0
