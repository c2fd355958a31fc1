"""The log as one terminal follows it: live while it keeps up, from the log while it does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from gmkit.log import Log
from gmkit.model import Event

from .audience import Audience

MOST_WAITING = 1 << 20
"""Bytes that may wait for a terminal before it leaves the live ones, when there are many."""
ALL_WAITING = 64 << 20
"""Bytes that may wait for all of them: what a few terminals need not share."""

PAGE = 500
"""Events read from the log at a time."""


class Home(Protocol):
    """What a stream needs of the gate."""

    events_log: Log
    published: int
    """The ``seq`` of the newest event that was handed out."""

    @property
    def connections(self) -> int:
        """How many terminals share the memory for what waits."""

    def packed(self, events: Sequence[Event]) -> list[bytes]:
        """Each event ready for the wire."""

    def stream_failed(self, failure: Failure, stream: GateStream) -> object:
        """The log could not be read."""


@implementer(IPushProducer)
class GateStream:
    """Events to one terminal, each once, in order.

    A terminal whose buffer holds more than its share gets nothing more until it has read that;
    then it goes on from the log. So a slow one costs the daemon no memory.
    """

    def __init__(self, gate: Home, transport: Any) -> None:
        self._gate = gate
        self._transport = transport
        self._resumed: Deferred[None] | None = None
        self._audience: Audience | None = None
        self.cursor: int | None = None
        """The last event that was written, or passed by; None before ``start``."""
        self.live = False
        self.full = False
        """Whether the transport's buffer is too full to take more without need."""
        self._waiting = 0
        self._closed = False

    # --- writing ------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Give bytes to the terminal, in the order of the calls."""
        self._transport.write(data)
        if self.full:
            self._waiting += len(data)

    def publish(self, data: bytes, seq: int) -> None:
        """Live: what happened up to ``seq``; empty when this terminal sees nothing of it."""
        self.cursor = seq
        if data:
            self.write(data)
            if self._waiting > max(MOST_WAITING, ALL_WAITING // self._gate.connections):
                self._leave()

    # --- following ----------------------------------------------------------------------------

    def start(self, cursor: int, audience: Audience) -> None:
        """Follow the log behind ``cursor``."""
        self.cursor = cursor
        self._audience = audience
        self._follow()

    def see(self, audience: Audience) -> None:
        """From here on, see what this audience sees."""
        if self.live:
            self._leave(catch_up=False)
            self._audience = audience
            self._join()
        elif self._audience is not None:
            self._audience = audience

    def close(self) -> None:
        """No more events."""
        self._closed = True
        if self.live:
            self._leave(catch_up=False)
        self._wake()

    def _follow(self) -> None:
        Deferred.fromCoroutine(self._catch_up()).addErrback(self._gate.stream_failed, self)

    async def _catch_up(self) -> None:
        """Page through the log until nothing is missing, then go live."""
        while not self._closed:
            assert self.cursor is not None and self._audience is not None
            upto = self._gate.published
            if self.full:
                self._resumed = Deferred()
                await self._resumed
            elif self.cursor >= upto:
                self._join()
                return
            else:
                read = await self._gate.events_log.read(self.cursor, PAGE)
                if self._closed:
                    return
                page = [event for event in read if event.seq <= upto]
                data = self._audience.bytes(page, self._gate.packed(page))
                self.cursor = page[-1].seq if page else upto
                if data:
                    self.write(data)

    def _join(self) -> None:
        assert self._audience is not None
        self.live = True
        self._audience.live[self] = None

    def _leave(self, catch_up: bool = True) -> None:
        assert self._audience is not None
        self.live = False
        self._audience.live.pop(self, None)
        if catch_up:
            self._follow()

    # --- IPushProducer: how the transport tells that its buffer is full, and empty again --------

    def pauseProducing(self) -> None:
        self.full = True

    def resumeProducing(self) -> None:
        self.full = False
        self._waiting = 0
        self._wake()
        self.drained()

    def stopProducing(self) -> None:
        self.close()

    def drained(self) -> None:
        """Called when the buffer is empty again; the session sets it."""

    def _wake(self) -> None:
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            resumed.callback(None)
