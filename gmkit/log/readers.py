"""Who reads the log's file while it is written."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from . import LogFailed
from .connect import to_read_and_tidy

T = TypeVar("T")
THREADS = 3


class Readers(ABC):
    """Answers questions over the file."""

    @abstractmethod
    def ask(self, question: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        """Fires with what ``question`` returns for a connection, or fails with what it raises."""

    @abstractmethod
    def connection(self) -> Any:
        """A context with a connection to read from, blocking."""

    @abstractmethod
    def close(self) -> None:
        """Wait for the questions under way and let go of the file."""


class Here(Readers):
    """Asks on the caller's thread, over the writer's own connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        return maybeDeferred(question, self._connection)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        yield self._connection

    def close(self) -> None:
        pass


class Pool(Readers):
    """A few threads, each question with a connection that nobody else uses meanwhile."""

    def __init__(self, file: str, reactor: Any) -> None:
        self._file = file
        self._reactor = reactor
        self._idle: list[sqlite3.Connection] = []
        self._threads = ThreadPool(0, THREADS, name="gmkit-archive")
        self._threads.start()
        self._closed = False

    def ask(self, question: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        if self._closed:
            return fail(LogFailed(reason="it is closed."))
        return deferToThreadPool(self._reactor, self._threads, self._answer, question)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = to_read_and_tidy(self._file)
        try:
            yield connection
        finally:
            self._idle.append(connection)

    def close(self) -> None:
        self._closed = True
        self._threads.stop()
        while self._idle:
            self._idle.pop().close()

    def _answer(self, question: Callable[[sqlite3.Connection], T]) -> T:
        with self.connection() as connection:
            return question(connection)
