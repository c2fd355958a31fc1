"""What a game must not forget: its stream, the lines not yet acked, the deliveries it has shown."""

from __future__ import annotations

import os
import sqlite3
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack

from gmkit.errors import GMError

REMEMBERED = 20_000
"""Deliveries whose ids are kept."""

Message = dict[str, Any]


class SpoolFailed(GMError):
    """The spool file {file} cannot be used: {reason}"""


class SpoolInUse(SpoolFailed):
    """The spool file {file} is used by another process; two games must not share one."""


class Store(ABC):
    """``stream`` names the count, ``last`` is its highest number so far."""

    stream: str
    last: int

    @abstractmethod
    def pending(self) -> list[Message]:
        """The messages not forgotten, in order: what a session begins with."""

    @abstractmethod
    def add(self, message: Message) -> None:
        """Keep a numbered message."""

    @abstractmethod
    def forget(self, upto: int) -> None:
        """Drop the messages up to a number."""

    @abstractmethod
    def began(self, delivery: str) -> None:
        """The delivery is about to be shown."""

    @abstractmethod
    def ended(self, delivery: str, shown: bool) -> None:
        """It was shown; or it was not, and may come again."""

    @abstractmethod
    def shown(self, delivery: str) -> bool | None:
        """True: it was shown. None: showing it began, and nobody knows. False: it is not known."""

    def close(self) -> None:
        """Let go of files."""
        return


class Memory(Store):
    """Forgets everything when the process ends."""

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self.stream = random(12).hex()
        self.last = 0
        self._deliveries: OrderedDict[str, bool] = OrderedDict()

    def pending(self) -> list[Message]:
        return []

    def add(self, message: Message) -> None:
        self.last = message["id"]

    def forget(self, upto: int) -> None:
        return

    def began(self, delivery: str) -> None:
        self._deliveries[delivery] = False
        if len(self._deliveries) > REMEMBERED:
            self._deliveries.popitem(last=False)

    def ended(self, delivery: str, shown: bool) -> None:
        if shown:
            self._deliveries[delivery] = True
        else:
            self._deliveries.pop(delivery, None)

    def shown(self, delivery: str) -> bool | None:
        known = self._deliveries.get(delivery)
        return False if known is None else (known or None)


class Spool(Store):
    """Keeps everything in an SQLite file, for one process at a time.

    Each call is on its way to the disk when it returns: a killed process loses nothing. With
    ``fsync`` a power failure loses nothing either, for the price of one fsync each.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        fsync: bool = False,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Open or make the file. Raises SpoolInUse or SpoolFailed."""
        self._path = Path(path)
        with self._faults():
            self._db = sqlite3.connect(
                self._path, timeout=1.0, isolation_level=None, check_same_thread=False
            )
        try:
            with self._faults():
                self._prepare("FULL" if fsync else "NORMAL", random)
        except SpoolFailed:
            self._db.close()
            raise

    def pending(self) -> list[Message]:
        with self._faults():
            rows = self._db.execute("SELECT message FROM upstream ORDER BY id").fetchall()
        return [msgpack.unpackb(row[0]) for row in rows]

    def add(self, message: Message) -> None:
        row = (message["id"], msgpack.packb(message))
        with self._faults():
            self._db.execute("INSERT INTO upstream (id, message) VALUES (?, ?)", row)
        self.last = message["id"]

    def forget(self, upto: int) -> None:
        with self._faults():
            self._db.execute("DELETE FROM upstream WHERE id <= ?", (upto,))

    def began(self, delivery: str) -> None:
        with self._faults():
            self._db.execute(
                "INSERT OR REPLACE INTO deliveries (delivery, shown) VALUES (?, 0)", (delivery,)
            )
            self._db.execute(
                "DELETE FROM deliveries WHERE n <= (SELECT max(n) FROM deliveries) - ?",
                (REMEMBERED,),
            )

    def ended(self, delivery: str, shown: bool) -> None:
        change = (
            "UPDATE deliveries SET shown = 1 WHERE delivery = ?"
            if shown
            else "DELETE FROM deliveries WHERE delivery = ?"
        )
        with self._faults():
            self._db.execute(change, (delivery,))

    def shown(self, delivery: str) -> bool | None:
        question = "SELECT shown FROM deliveries WHERE delivery = ?"
        with self._faults():
            row = self._db.execute(question, (delivery,)).fetchone()
        return False if row is None else (bool(row[0]) or None)

    def close(self) -> None:
        self._db.close()

    def _prepare(self, synchronous: str, random: Callable[[int], bytes]) -> None:
        db = self._db
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("BEGIN EXCLUSIVE")
        db.execute("CREATE TABLE IF NOT EXISTS stream (name TEXT NOT NULL)")
        db.execute(
            "CREATE TABLE IF NOT EXISTS upstream "
            "(id INTEGER PRIMARY KEY AUTOINCREMENT, message BLOB NOT NULL)"
        )
        db.execute(
            "CREATE TABLE IF NOT EXISTS deliveries (n INTEGER PRIMARY KEY AUTOINCREMENT, "
            "delivery TEXT NOT NULL UNIQUE, shown INTEGER NOT NULL)"
        )
        if db.execute("SELECT count(*) FROM stream").fetchone()[0] == 0:
            db.execute("INSERT INTO stream VALUES (?)", (random(12).hex(),))
        db.execute("COMMIT")
        self.stream = db.execute("SELECT name FROM stream").fetchone()[0]
        # The count goes on where it was even when every message of it is forgotten.
        row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'upstream'").fetchone()
        self.last = row[0] if row else 0

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as fault:
            if "locked" in str(fault):
                raise SpoolInUse(file=self._path) from None
            raise SpoolFailed(file=self._path, reason=f"{fault}.") from None
        except sqlite3.Error as fault:
            raise SpoolFailed(file=self._path, reason=f"{fault}.") from None
