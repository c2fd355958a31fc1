"""Connections to the log's file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import LogUnusable

MEMORY = ":memory:"
BUSY_SECONDS = 10.0
"""How long to wait for another process that writes to the same file."""

WRITING = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 0",  # the writer does it when it has nothing else to do
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16384",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = OFF",
)
READING = ("SELECT count(*) FROM sqlite_master", "PRAGMA cache_size = -8192")


def to_write(file: str, *, make: bool = True) -> sqlite3.Connection:
    """A connection that writes; every commit is on disk when it returns.

    Without ``make`` the file must exist.
    """
    if file == MEMORY:
        return _connection(file, file, WRITING)
    if make:
        make_private(Path(file))
    return _connection(file, f"{Path(file).absolute().as_uri()}?mode=rw", WRITING)


def to_read(file: str) -> sqlite3.Connection:
    """A connection that only reads and never makes a writer wait."""
    return _connection(file, f"{Path(file).absolute().as_uri()}?mode=ro", READING)


def to_read_and_tidy(file: str) -> sqlite3.Connection:
    """The same, but if it is the last to close the file it takes the write-ahead log away."""
    settings = (*READING, "PRAGMA query_only = ON")
    return _connection(file, f"{Path(file).absolute().as_uri()}?mode=rw", settings)


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """All of it or nothing."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connection(file: str, name: str, settings: tuple[str, ...]) -> sqlite3.Connection:
    connection = None
    try:
        # Threads hand connections to each other; no two ever use one at the same time.
        connection = sqlite3.connect(
            name,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            uri=True,
        )
        for statement in settings:
            connection.execute(statement).fetchall()
    except sqlite3.Error as fault:
        if connection is not None:
            connection.close()
        raise LogUnusable(file=file, reason=f"{fault}.") from None
    return connection


def make_private(file: Path) -> None:
    """The file, readable by nobody else: it holds what players wrote. SQLite copies the mode.

    Raises LogUnusable.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as fault:
        raise LogUnusable(file=str(file), reason=f"{fault.strerror}.") from None
