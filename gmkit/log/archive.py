"""The archive over the SQLite engine's tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from . import Archive, Query, questions
from .driver import Driver
from .readers import Readers

T = TypeVar("T")
SOON = 2_000
"""Events that an answer waits for, so that it knows what was said just before the question."""


class SQLiteArchive(Archive):
    """Answers from reader threads. ``durable`` tells the highest ``seq`` on disk."""

    def __init__(
        self, readers: Readers, driver: Driver, durable: Callable[[], int], projected: int
    ) -> None:
        self._readers = readers
        self._driver = driver
        self._durable = durable
        self._projected = projected
        self._waiting: list[tuple[int, Deferred[None]]] = []
        self._broken: Failure | None = None

    def caught_up(self) -> Deferred[None]:
        """See :meth:`gmkit.log.Archive.caught_up`."""
        wanted = self._durable()
        if self._projected >= wanted:
            return succeed(None)
        if self._broken is not None:
            return fail(self._broken)
        done: Deferred[None] = Deferred()
        self._waiting.append((wanted, done))
        self._driver.hurry(wanted)
        return done

    def ticket(self, number: int) -> Deferred[dict[str, Any] | None]:
        """See :meth:`gmkit.log.Archive.ticket`."""
        return self._ask(partial(questions.ticket, number=number))

    def tickets(self, query: Query, limit: int = 50) -> Deferred[list[dict[str, Any]]]:
        """See :meth:`gmkit.log.Archive.tickets`."""
        return self._ask(partial(questions.tickets, query=query, limit=limit))

    def conversation(self, number: int, limit: int = 200) -> Deferred[list[dict[str, Any]]]:
        """See :meth:`gmkit.log.Archive.conversation`."""
        return self._ask(partial(questions.conversation, number=number, limit=limit))

    def search(self, query: Query, limit: int = 50) -> Deferred[list[dict[str, Any]]]:
        """See :meth:`gmkit.log.Archive.search`."""
        return self._ask(partial(questions.search, query=query, limit=limit))

    def history(self, server: str, player: str, limit: int = 50) -> Deferred[list[dict[str, Any]]]:
        """See :meth:`gmkit.log.Archive.history`."""
        return self._ask(partial(questions.history, server=server, player=player, limit=limit))

    def players(
        self, part: str, limit: int = 20, servers: Sequence[str] = ()
    ) -> Deferred[list[Mapping[str, Any]]]:
        """See :meth:`gmkit.log.Archive.players`."""
        return self._ask(lambda c: list(questions.players(c, part, limit, servers)))

    def reached(self, seq: int) -> None:
        """The tables hold everything up to ``seq``."""
        self._projected = seq
        ready = [done for wanted, done in self._waiting if wanted <= seq]
        self._waiting = [(wanted, done) for wanted, done in self._waiting if wanted > seq]
        for done in ready:
            done.callback(None)

    def broken(self, failure: Failure) -> None:
        """The tables stay where they are."""
        self._broken = failure
        waiting, self._waiting = self._waiting, []
        for _, done in waiting:
            done.errback(failure)

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        if self._broken is not None or self._durable() - self._projected > SOON:
            return self._readers.ask(question)
        return self.caught_up().addCallback(lambda _: self._readers.ask(question))
