"""Make the archive's tables again from the events."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing

from . import events
from .connect import to_write
from .lock import Lock
from .migrations import migrate
from .projections import Projections, clear

BATCH = 5_000


def rebuild(
    path: str | os.PathLike[str], progress: Callable[[int, int], None] = lambda done, all: None
) -> int:
    """Empty the tables and fold the whole log again; how many events there were.

    Killed half-way, the next start of the daemon goes on from there. ``progress`` is told how many
    events are done of how many. Raises LogInUse while a daemon has the file, and LogUnusable.
    """
    file = os.fspath(path)
    with closing(to_write(file, make=False)) as connection, Lock(file):
        migrate(connection, file)
        clear(connection)
        projections, last = Projections(connection), events.last(connection)
        while projections.advance(BATCH):
            # Otherwise the write-ahead log would grow to many times the size of the file.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            progress(projections.seq, last)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return last
