"""One connection to an admin port: login, questions and their answers, the heartbeat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import Protocol
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from gmkit.adapter import LinkLost

from . import faults, wire

BEAT = 5.0
"""Seconds between two pings."""
PATIENCE = 20.0
"""Seconds of silence after which the connection is given up."""
NEW_MAP_PATIENCE = 600.0
"""The same while the server makes another map, when it answers nobody."""
MOST_ANSWERS = 10_000
"""How many packets one question may be answered with; the rest is dropped."""


class Question(NamedTuple):
    """What was asked, and what has been heard since."""

    token: int
    answers: list[wire.Packet]
    done: Deferred[list[wire.Packet]]


class Admin(Protocol):
    """The admin port's client.

    The server works off what it is sent in order, so a ping behind a question marks where its
    answers end, and that a line of chat has left for its player.

    ``hear`` gets every packet. ``late`` gets the seconds of silence when a heartbeat stays
    unanswered, and None once the server speaks again.
    """

    transport: ITCPTransport

    def __init__(
        self,
        clock: Any,
        hear: Callable[[wire.Packet], None],
        late: Callable[[float | None], None],
    ) -> None:
        self._clock = clock
        self._hear = hear
        self._late = late
        self._decoder = wire.Decoder()
        self._asked: deque[Question] = deque()
        self._token = 0
        self._heard_at = 0.0
        self._is_late = False
        self._patience = PATIENCE
        self._welcome = False
        self._fault: LinkLost | None = None
        self._end: Deferred[None] | None = None
        self._heart = LoopingCall(self._beat)
        self._heart.clock = clock

    def connectionMade(self) -> None:
        self._heard_at = self._clock.seconds()
        self._heart.start(BEAT, now=False)

    def ask(self, *packets: bytes) -> Deferred[list[wire.Packet]]:
        """Send packets; fires with what the server said until it had dealt with them all.

        Fails with the :class:`LinkLost` that ended the connection.
        """
        if self._fault:
            return fail(self._fault)
        self._token = self._token % 0xFFFFFFFF + 1
        question = Question(self._token, [], Deferred())
        self._asked.append(question)
        self.transport.write(b"".join(packets) + wire.ping(self._token))
        return question.done

    def ended(self) -> Deferred[None]:
        """Fails with a :class:`LinkLost` when the connection ends."""
        if self._fault:
            return fail(self._fault)
        self._end = Deferred()
        return self._end

    def close(self, fault: LinkLost) -> None:
        """End the connection; whoever waits for something fails with ``fault``."""
        if self._fault:
            return
        self._fault = fault
        if self._heart.running:
            self._heart.stop()
        self.transport.abortConnection()
        while self._asked:
            self._asked.popleft().done.errback(fault)
        if self._end:
            self._end.errback(fault)

    def dataReceived(self, data: bytes) -> None:
        self._heard_at = self._clock.seconds()
        if self._is_late:
            self._is_late = False
            self._late(None)
        try:
            packets = self._decoder.feed(data)
        except wire.BadPacket as fault:
            self.close(faults.Babble(**fault.facts))
            return
        for packet in packets:
            if not self._fault:
                self._received(packet)

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.close(faults.Dropped() if self._welcome else faults.Rejected())

    def _received(self, packet: wire.Packet) -> None:
        match packet:
            case wire.Full():
                self.close(faults.NoRoom())
            case wire.Banned():
                self.close(faults.Locked())
            case wire.Error(code):
                self.close(faults.Failed(code=code) if self._welcome else faults.Rejected())
            case wire.Shutdown():
                self.close(faults.WentDown())
            case wire.Pong(token):
                self._answered(token)
            case _:
                self._pass_on(packet)

    def _pass_on(self, packet: wire.Packet) -> None:
        if isinstance(packet, wire.Welcome):
            self._welcome = True
            self._patience = PATIENCE
        elif isinstance(packet, wire.NewGame):
            self._patience = NEW_MAP_PATIENCE
        if self._asked and len(self._asked[0].answers) < MOST_ANSWERS:
            self._asked[0].answers.append(packet)
        self._hear(packet)

    def _answered(self, token: int) -> None:
        if self._asked and self._asked[0].token == token:
            question = self._asked.popleft()
            question.done.callback(question.answers)

    def _beat(self) -> None:
        silence = self._clock.seconds() - self._heard_at
        if silence >= self._patience:
            self.close(faults.Silent(seconds=round(silence)))
            return
        if silence > BEAT and not self._is_late:
            self._is_late = True
            self._late(silence)
        self.transport.write(wire.ping(0))
