"""The one pipeline through which everything happens: decide, append, and only then take effect.

All that arrives in one reactor turn is decided at once, appended together, and takes effect in
order once the log says that it is durable. Nothing else appends to the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from gmkit.desk import Desk
from gmkit.desk.requests import Request
from gmkit.errors import Refused
from gmkit.log import Log
from gmkit.model import Event

Effect = Callable[[Sequence[Event]], Any]
MOST_TOGETHER = 128
"""Events that are appended without waiting for the end of the turn: under load the log writes the
first while the last are still being decided."""
SNAPSHOT_EVERY = 200_000
"""Events between two snapshots of the desk: at most about a second of replay at start."""


class Turn:
    """Decisions of this reactor turn, and the effects of those that are durable."""

    log = Logger()

    def __init__(self, *, desk: Desk, log: Log, reactor: Any, snapshot_at: int = 0) -> None:
        """``snapshot_at`` is the ``seq`` that the newest snapshot stands at."""
        self._desk = desk
        self._events_log = log
        self._reactor = reactor
        self._decided: list[Event] = []
        self._afterwards: list[Deferred[None]] = []
        self._effects: list[Effect] = []
        self._due: list[tuple[list[Event], list[Deferred[None]]]] = []
        self._scheduled = False
        self._now = 0.0
        self._snapshot_at = snapshot_at
        self.number = 0
        """How often events were appended: what goes together is durable at once, or not at all."""

    def on_durable(self, effect: Effect) -> None:
        """Call ``effect`` with every batch of durable events, in order of registration."""
        self._effects.append(effect)

    def now(self) -> float:
        """Seconds since the epoch, to the millisecond: as the log keeps them. The same for all
        that is decided in one turn."""
        if not self._scheduled:
            self._now = round(self._reactor.seconds(), 3)
        return self._now

    def position(self) -> int:
        """The ``seq`` of the newest decided event, appended already or at the end of this turn."""
        return self._events_log.last + len(self._decided)

    def consider(self, request: Request) -> list[Event] | Refused:
        """What the desk decides, of which nothing comes unless it is taken before anything else."""
        return self._desk.decide(request, self.now())

    def take(self, events: list[Event]) -> None:
        """Apply what was decided just now, and append it at the end of this turn."""
        apply = self._desk.apply
        for event in events:
            apply(event)
        self._decided += events
        if len(self._decided) >= MOST_TOGETHER:
            self._flush()
        elif not self._scheduled:
            self._schedule()

    def decide(self, request: Request) -> list[Event] | Refused:
        """Decide now, and append at the end of this turn what was decided."""
        decision = self.consider(request)
        if type(decision) is list and decision:
            self.take(decision)
        return decision

    def submit(self, request: Request) -> Deferred[list[Event]]:
        """Decide now; fires with the events once they are durable, fails with the refusal."""
        decision = self.decide(request)
        answer: Deferred[list[Event]] = Deferred()
        if isinstance(decision, Refused):
            answer.errback(decision)
            return answer
        return self.settled().addCallback(lambda _: decision)

    def settled(self) -> Deferred[None]:
        """Fires once everything decided so far is durable and has taken effect."""
        done: Deferred[None] = Deferred()
        self._afterwards.append(done)
        if not self._scheduled:
            self._schedule()
        return done

    def _schedule(self) -> None:
        self._now = round(self._reactor.seconds(), 3)
        self._scheduled = True
        self._reactor.callLater(0, self._end)

    def _end(self) -> None:
        self._scheduled = False
        if self._decided or self._afterwards:
            self._flush()

    def _flush(self) -> None:
        events, afterwards = self._decided, self._afterwards
        self._decided, self._afterwards = [], []
        self.number += 1
        durable = self._events_log.append(events)
        self._snapshot_if_due()
        durable.addCallbacks(
            lambda _: self._became_durable(events, afterwards),
            lambda failure: self._fail(failure, afterwards),
        )

    def _became_durable(self, events: list[Event], afterwards: list[Deferred[None]]) -> None:
        """Commits of several appends take effect together, so that each is sent in one piece."""
        if not self._due:
            self._reactor.callLater(0, self._take_effect)
        self._due.append((events, afterwards))

    def _take_effect(self) -> None:
        due, self._due = self._due, []
        events = [event for group, _ in due for event in group]
        afterwards = [done for _, group in due for done in group]
        if events:
            for effect in self._effects:
                try:
                    effect(events)
                except Exception:  # noqa: BLE001 - one effect's fault must not stop the others
                    self.log.failure("the effect {effect} failed", effect=effect)
        for done in afterwards:
            done.callback(None)

    def _fail(self, failure: Failure, afterwards: list[Deferred[None]]) -> None:
        """The log is broken: nothing that was decided takes effect."""
        for done in afterwards:
            done.errback(failure)

    def _snapshot_if_due(self) -> None:
        if self._events_log.last - self._snapshot_at >= SNAPSHOT_EVERY:
            self.save_snapshot()

    def save_snapshot(self) -> Deferred[None]:
        """Keep the desk as it stands at the newest event, everything decided being appended."""
        self._snapshot_at = self._events_log.last
        saved = maybeDeferred(self._save_snapshot)  # without one, a start takes longer, no more
        return saved.addErrback(
            lambda failure: self.log.failure("the snapshot was not written", failure)
        )

    def _save_snapshot(self) -> Deferred[None]:
        return self._events_log.save_snapshot(self._snapshot_at, self._desk.dump())

    def finish(self) -> Deferred[None]:
        """Append what is decided, wait for it, and leave a snapshot."""
        return self.settled().addCallback(lambda _: self.save_snapshot())
