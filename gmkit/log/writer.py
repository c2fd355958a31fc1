"""The only hand that writes: groups of events, other small jobs, and the projections. Blocking."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from twisted.python.failure import Failure

from gmkit.model import Event

from . import events
from .projections import Projections

ROWS_AT_ONCE = 4096
"""Rows in one commit at most, so that the first of them need not wait for the last."""
CHECKPOINT_ROWS = 20_000
"""Rows after which the write-ahead log is copied back even under load: about 10 MB."""


class Group(NamedTuple):
    """Events that were appended together. None at all make a barrier."""

    events: Sequence[Event]


class Job(NamedTuple):
    """Anything else to be done in order with the groups; its own transaction."""

    run: Callable[[sqlite3.Connection], Any]


class Report(NamedTuple):
    """``results`` of items in the order they were given, and the highest ``seq`` on disk."""

    durable: int
    results: list[Any]


class Writer:
    """Used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.durable = events.last(connection)
        self._appender = events.Appender(connection)
        self._projections = Projections(connection)
        self._since_checkpoint = 0

    @property
    def projected(self) -> int:
        """The last event that the projections hold."""
        return self._projections.seq

    @property
    def behind(self) -> int:
        """How many events the projections lack."""
        return self.durable - self._projections.seq

    @property
    def rows_to_checkpoint(self) -> int:
        """Rows written since the write-ahead log was last copied back."""
        return self._since_checkpoint

    def serve(self, items: Sequence[Group | Job]) -> Iterator[Report]:
        """Do all of it, in order, with one commit for groups that stand together.

        Raises whatever keeps events from being written; the failure of a job is its result.
        """
        groups: list[Group] = []
        rows = 0
        for item in items:
            if isinstance(item, Group):
                groups.append(item)
                rows += len(item.events)
            if groups and (rows >= ROWS_AT_ONCE or isinstance(item, Job)):
                yield self._commit(groups)
                groups, rows = [], 0
            if isinstance(item, Job):
                yield self._run(item)
        if groups:
            yield self._commit(groups)
        self._keep_short()

    def project(self, most: int) -> None:
        """Bring the projections nearer to the log, by up to ``most`` events.

        These commits need not be on disk at once: what a crash takes is made again.
        """
        self.connection.execute("PRAGMA synchronous = NORMAL")
        try:
            self._since_checkpoint += 4 * self._projections.advance(most)
        finally:
            self.connection.execute("PRAGMA synchronous = FULL")
        self._keep_short()

    def _keep_short(self) -> None:
        """Copy the write-ahead log back before it has grown long, whoever makes it grow."""
        if self._since_checkpoint > CHECKPOINT_ROWS:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Copy the write-ahead log back into the database, as far as readers allow."""
        self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._since_checkpoint = 0

    def close(self) -> None:
        """Leave one file, without a write-ahead log, unless a reader is still at it."""
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self.connection.close()

    def give_up(self) -> None:
        """Let go of a file that cannot be written any more."""
        self.connection.close()

    def _commit(self, groups: Sequence[Group]) -> Report:
        batch = [event for group in groups for event in group.events]
        if batch:
            self._appender.write(batch)
            self.durable = batch[-1].seq
            self._since_checkpoint += len(batch) + 4
        return Report(self.durable, [None] * len(groups))

    def _run(self, job: Job) -> Report:
        try:
            return Report(self.durable, [job.run(self.connection)])
        except Exception:  # noqa: BLE001 - told to whoever waits
            return Report(self.durable, [Failure()])
