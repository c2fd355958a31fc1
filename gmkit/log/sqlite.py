"""The embedded engine: one SQLite file, every append on disk before it is acknowledged."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from gmkit.model import Event

from . import Log, LogFailed, events, snapshots
from .archive import SQLiteArchive
from .connect import MEMORY, to_write
from .driver import Driver, Inline, Thread, Told
from .lock import Lock
from .migrations import migrate
from .readers import Here, Pool, Readers
from .writer import Group, Job, Report, Writer


class SQLiteLog(Log, Told):
    """A log in the file ``path``; None or ``:memory:`` for one that is gone when it is closed.

    ``reactor`` gives ``callFromThread``. With ``inline`` (always, in memory) there are no threads:
    appends become durable in the reactor's next turn, or at once where ``reactor`` is None; a
    ``twisted.internet.task.Clock`` will do. ``on_failure`` is called once when the log cannot be
    written any more.
    """

    log = Logger()

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        reactor: Any = None,
        *,
        inline: bool = False,
        on_failure: Callable[[LogFailed], Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.file = MEMORY if path is None else os.fspath(path)
        self.last = self.durable = 0
        self._reactor = reactor
        self._inline = inline or reactor is None or self.file == MEMORY
        self._on_failure = on_failure
        self._clock = clock
        self._lock = Lock(self.file)
        self._pending: deque[Deferred[Any]] = deque()
        self._failure: LogFailed | None = None
        self._closed: Deferred[None] | None = None
        self._driver: Driver
        self._readers: Readers
        self.archive: SQLiteArchive
        """The questions; there once the log is open."""

    def open(self) -> SQLiteLog:
        """Take the file, bring its tables up to date, and begin. Blocking.

        Raises LogInUse, LogTooNew or LogUnusable.
        """
        if self.file != MEMORY:
            self._lock.take()
        try:
            connection = to_write(self.file)
            try:
                self._begin(connection)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            self._lock.release()
            raise
        return self

    def _begin(self, connection: sqlite3.Connection) -> None:
        migrate(connection, self.file)
        writer = Writer(connection)
        self.last = self.durable = writer.durable
        if self._inline:
            self._driver = Inline(writer, self, self._reactor)
            self._readers = Here(connection)
        else:
            thread = Thread(writer, self, self._reactor.callFromThread, self._clock)
            self._driver = thread
            self._readers = Pool(self.file, self._reactor)
            thread.start()
        self.archive = SQLiteArchive(
            self._readers, self._driver, durable=lambda: self.durable, projected=writer.projected
        )

    def append(self, events: Sequence[Event]) -> Deferred[None]:
        """See :meth:`gmkit.log.Log.append`. Times are kept to the millisecond."""
        if self._failure is not None:
            return fail(self._failure)
        seq = self.last
        for event in events:
            seq += 1
            event.seq = seq
        self.last = seq
        return self._put(Group(list(events)))

    def replay(self, after: int) -> Iterator[Event]:
        """See :meth:`gmkit.log.Log.replay`."""
        with self._readers.connection() as connection:
            yield from events.after(connection, after)

    def read(self, after: int, limit: int = 1000) -> Deferred[list[Event]]:
        """See :meth:`gmkit.log.Log.read`."""
        upto = self.durable
        return self._readers.ask(lambda c: list(events.after(c, after, limit, upto)))

    def snapshot(self) -> tuple[int, bytes] | None:
        """See :meth:`gmkit.log.Log.snapshot`."""
        with self._readers.connection() as connection:
            return snapshots.newest(connection)

    def save_snapshot(self, seq: int, state: bytes) -> Deferred[None]:
        """See :meth:`gmkit.log.Log.save_snapshot`."""
        if self._failure is not None:
            return fail(self._failure)
        return self._put(Job(partial(snapshots.save, seq=seq, state=state)))

    def close(self) -> Deferred[None]:
        """See :meth:`gmkit.log.Log.close`. Closing twice is harmless."""
        if self._closed is None:
            self._closed = Deferred()
            self._driver.stop()
            self._failure = self._failure or LogFailed(reason="it is closed.")
        done: Deferred[None] = Deferred()
        self._closed.chainDeferred(done)
        return done

    def _put(self, item: Group | Job) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self._pending.append(done)
        self._driver.put(item)
        return done

    # --- told by the driver, on the reactor's thread ---

    def settled(self, report: Report) -> None:
        """Items are done: tell those who wait, in order."""
        self.durable = report.durable
        for result in report.results:
            self._pending.popleft().callback(result)

    def projected(self, seq: int) -> None:
        """The archive holds everything up to ``seq``."""
        self.archive.reached(seq)

    def not_projected(self, failure: Failure) -> None:
        """The archive stays behind; the log goes on."""
        self.log.failure("The archive cannot be brought up to date; run gmkit db rebuild.", failure)
        self.archive.broken(failure)

    def failed(self, failure: Failure) -> None:
        """Nothing can be written any more."""
        self._failure = fault = LogFailed(
            reason=f"{str(failure.value) or type(failure.value).__name__}."
        )
        while self._pending:
            self._pending.popleft().errback(fault)
        if self._on_failure is not None:
            self._on_failure(fault)

    def stopped(self) -> None:
        """The writer has closed the file."""
        self.archive.broken(Failure(self._failure or LogFailed(reason="it is closed.")))
        self._readers.close()
        self._lock.release()
        if self._closed is None:
            self._closed = succeed(None)
        else:
            self._closed.callback(None)
