"""Bring the log's file to the tables this gmkit knows, keeping a copy of what was there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from gmkit import __version__

from . import LogTooNew, LogUnusable, schema
from .connect import make_private

STEPS = ("0001_log", "0002_projections")
"""The changes by name, in order."""


def migrations() -> Migrations:
    """Every change of the tables. Each runs once, in a transaction."""
    steps = Migrations("gmkit")

    @steps(name=STEPS[0])
    def log(db: Database) -> None:
        for statement in schema.LOG:
            db.execute(statement)

    @steps(name=STEPS[1])
    def projections(db: Database) -> None:
        for statement in schema.PROJECTIONS + schema.VIEWS:
            db.execute(statement)

    return steps


def pending(connection: sqlite3.Connection, file: str) -> list[str]:
    """The names of the changes that the file lacks. Raises LogTooNew when a newer gmkit wrote it.

    ``file`` is the database's path, or ``:memory:``.
    """
    steps, db = migrations(), Database(connection)
    names = [step.name for step in steps.pending(db)]
    known = len(names) + len(steps.applied(db))
    if _version(connection) > known:
        raise LogTooNew(file=file, have=__version__, need=_writer(connection))
    return names


def migrate(connection: sqlite3.Connection, file: str) -> None:
    """Apply what is missing, after a copy of a file that holds something already.

    Raises LogTooNew when a newer gmkit wrote it, LogUnusable when it is something else.
    """
    steps, db = migrations(), Database(connection)
    missing = pending(connection, file)
    if missing:
        if steps.applied(db):
            _keep_copy(connection, Path(file), missing[0])
        elif set(db.table_names()) - {steps.migrations_table}:
            raise LogUnusable(file=file, reason="it is a database of something else.")
        steps.apply(db)
        connection.execute("INSERT INTO written_by (gmkit) VALUES (?)", (__version__,))
    known = len(steps.applied(db))
    if _version(connection) != known:
        connection.execute(f"PRAGMA user_version = {known}")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _writer(connection: sqlite3.Connection) -> str:
    """The version that last changed the tables."""
    try:
        row = connection.execute("SELECT gmkit FROM written_by ORDER BY rowid DESC").fetchone()
    except sqlite3.Error:
        row = None
    return str(row[0]) if row else "a newer version"


def _keep_copy(connection: sqlite3.Connection, file: Path, step: str) -> None:
    target = file.with_name(f"{file.name}.before-{step}")
    make_private(target)
    with closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)
