"""Who calls the writer: a thread beside the reactor, or the reactor's own turns."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from twisted.python.failure import Failure

from .writer import Group, Job, Report, Writer

LINGER = 0.1
"""Seconds that events may wait for the projections, so that they come in batches."""
QUIET = 0.002
"""Seconds without an append that make a pause, in which the projections go on."""
LOADED, MEMORY = 1_000, 0.5
"""Events appended within about MEMORY seconds from which on there are no pauses: what looks like
one is the daemon at work on the last commit, and every moment taken from it is lost to the games."""
FEW, MANY = 16, 256
"""Events projected at once, for appends wait meanwhile: about one millisecond, or ten when the
projections are BEHIND."""
BEHIND = 500
FAR_BEHIND, SHARE = 50_000, 0.1
"""So far behind, the projections get this part of the time although there are no pauses …"""
MOST_BEHIND = 5_000_000
"""… and so far behind they take turns with the appends."""
CHECKPOINT_PAUSE = 1.0
"""Seconds without an append after which the write-ahead log is copied back."""
CLOSING = 10.0
"""Seconds that closing may spend on the projections; the rest is done at the next start."""


class Told(ABC):
    """What a driver tells, always on the reactor's thread."""

    @abstractmethod
    def settled(self, report: Report) -> None:
        """Items were done."""

    @abstractmethod
    def projected(self, seq: int) -> None:
        """The projections hold everything up to ``seq``."""

    @abstractmethod
    def not_projected(self, failure: Failure) -> None:
        """The projections cannot go on; the log can."""

    @abstractmethod
    def failed(self, failure: Failure) -> None:
        """Nothing can be written any more, nor were the items that are not settled."""

    @abstractmethod
    def stopped(self) -> None:
        """The files are closed."""


class Driver(ABC):
    """Takes items from the reactor's thread."""

    @abstractmethod
    def put(self, item: Group | Job) -> None:
        """Have it done, after everything put before."""

    @abstractmethod
    def hurry(self, seq: int) -> None:
        """Project up to ``seq`` without waiting for a pause."""

    @abstractmethod
    def stop(self) -> None:
        """Finish everything, then tell ``stopped``."""


class Inline(Driver):
    """Everything on the reactor's thread: for tests, tools and databases in memory.

    With a reactor (or a Clock) items are done at its next turn, without one at once.
    """

    def __init__(self, writer: Writer, told: Told, reactor: Any = None) -> None:
        self._writer = writer
        self._told = told
        self._reactor = reactor
        self._items: list[Group | Job] = []

    def put(self, item: Group | Job) -> None:
        self._items.append(item)
        if self._reactor is None:
            self._serve()
        elif len(self._items) == 1:
            self._reactor.callLater(0, self._serve)

    def hurry(self, seq: int) -> None:
        try:
            while self._writer.projected < min(seq, self._writer.durable):
                self._writer.project(MANY)
        except Exception:  # noqa: BLE001 - told to whoever waits
            self._told.not_projected(Failure())
        else:
            self._told.projected(self._writer.projected)

    def stop(self) -> None:
        self._serve()
        if self._writer.behind < MOST_BEHIND:
            self.hurry(self._writer.durable)
        self._writer.close()
        self._told.stopped()

    def _serve(self) -> None:
        items, self._items = self._items, []
        try:
            for report in self._writer.serve(items):
                self._told.settled(report)
        except Exception:  # noqa: BLE001 - told to whoever waits
            self._told.failed(Failure())


class Thread(Driver):
    """A thread of its own: appends first, projections and checkpoints in the pauses."""

    def __init__(
        self, writer: Writer, told: Told, tell: Callable[..., Any], clock: Callable[[], float]
    ) -> None:
        """``tell(f, *arguments)`` runs ``f`` on the reactor's thread: its ``callFromThread``.

        ``clock`` gives seconds that never run backwards.
        """
        self._writer = writer
        self._told = told
        self._tell = tell
        self._clock = clock
        self._inbox: SimpleQueue[Group | Job | None] = SimpleQueue()
        self._wanted = 0
        self._quiet = self._broken = False
        self._project_at: float | None = clock() if writer.behind else None
        self._share_at = 0.0
        self._load, self._load_at = 0.0, clock()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="gmkit-log", daemon=True)

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def put(self, item: Group | Job) -> None:
        self._inbox.put(item)

    def hurry(self, seq: int) -> None:
        self._wanted = max(self._wanted, seq)
        self._inbox.put(_NOTHING)

    def stop(self) -> None:
        self._inbox.put(None)

    def _run(self) -> None:
        try:
            while not self._stopping:
                before = self._writer.durable
                for report in self._writer.serve(self._take()):
                    self._tell(self._told.settled, report)
                self._weigh(self._writer.durable - before)
                self._use_the_pause()
            self._finish()
        except Exception:  # noqa: BLE001 - told to whoever waits
            self._tell(self._told.failed, Failure())
            self._writer.give_up()
        self._tell(self._told.stopped)

    def _weigh(self, events: int) -> None:
        """Count events that were appended; older ones count less and less."""
        now = self._clock()
        self._load = self._load * 2 ** ((self._load_at - now) / MEMORY) + events
        self._load_at = now

    @property
    def _loaded(self) -> bool:
        return self._load * 2 ** ((self._load_at - self._clock()) / MEMORY) > LOADED

    def _take(self) -> Sequence[Group | Job]:
        """What has come; waits for something as long as there is nothing better to do."""
        items: list[Group | Job | None] = []
        try:
            items.append(self._inbox.get(timeout=self._patience()))
            while True:
                items.append(self._inbox.get_nowait())
        except Empty:
            self._quiet = not items
        self._stopping = None in items
        return [item for item in items if item is not None and item is not _NOTHING]

    def _patience(self) -> float | None:
        """Seconds to wait for an item; None as long as it takes."""
        if self._project_at is None:
            return CHECKPOINT_PAUSE if self._writer.rows_to_checkpoint else None
        if self._hurried():
            return 0.0
        if self._loaded:
            return LINGER
        return max(0.0 if self._quiet else QUIET, self._project_at - self._clock())

    def _hurried(self) -> bool:
        return self._writer.projected < min(self._wanted, self._writer.durable)

    def _use_the_pause(self) -> None:
        writer = self._writer
        if writer.behind and self._project_at is None and not self._broken:
            self._project_at = self._share_at = self._clock() + LINGER
        if self._project_now():
            self._project()
        if writer.rows_to_checkpoint and self._quiet and self._project_at is None:
            writer.checkpoint()

    def _project_now(self) -> bool:
        if self._project_at is None or self._stopping:
            return False
        behind, now = self._writer.behind, self._clock()
        if self._hurried() or behind > MOST_BEHIND:
            return True
        if self._quiet and not self._loaded:
            return now >= self._project_at
        return behind > FAR_BEHIND and now >= self._share_at

    def _project(self) -> None:
        start = self._clock()
        try:
            self._writer.project(MANY if self._writer.behind > BEHIND else FEW)
        except Exception:  # noqa: BLE001 - told to whoever waits
            self._project_at, self._broken = None, True
            self._tell(self._told.not_projected, Failure())
            return
        end = self._clock()
        self._share_at = end + (end - start) * (1 / SHARE - 1)
        if not self._writer.behind:
            self._project_at = None
        self._tell(self._told.projected, self._writer.projected)

    def _finish(self) -> None:
        """Project what time allows and close the files."""
        until = self._clock() + CLOSING
        while self._writer.behind and not self._broken and self._clock() < until:
            self._project()
        self._writer.close()


_NOTHING = Job(lambda _: None)
"""Wakes the thread."""
