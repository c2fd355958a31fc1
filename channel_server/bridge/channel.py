"""One game that has proven itself: what its TCP and its HTTP form have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gmkit.adapter import Channel, LinkLost
from gmkit.errors import GMError
from gmkit.text import safe

from .guard import BridgeLimits

Message = Mapping[str, Any]
Handler = Callable[[Sequence[Message]], None]

CONTROL = ("ping", "pong", "bye")
INBOX = 1024
"""Messages that may wait for an adapter before the game is no longer listened to."""


class Home(Protocol):
    """What a channel needs of the port that it came in by."""

    limits: BridgeLimits

    def now(self) -> float:
        """Seconds of a clock that never goes back."""

    def flush_soon(self, channel: GameChannel) -> None:
        """Have ``flush`` called at the end of this turn."""

    def left(self, channel: GameChannel, reason: str) -> None:
        """The channel has ended."""


class GameChannel(Channel):
    """Queues both ways, heartbeats, and one end that both sides hear of."""

    def __init__(self, hello: Message, server: str, peer: str, home: Home) -> None:
        self.hello = hello
        self.server = server
        self.peer = peer
        self.dirty = False
        """Whether the port is going to flush this channel at the end of the turn."""
        self.heard_at = self.spoke_at = home.now()
        self._home = home
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._acked = 0
        self._inbox: deque[Message] = deque()
        self._waiting: Deferred[Any] | None = None
        self._handler: Handler | None = None
        self._ended: str | None = None

    # --- what the adapter uses ------------------------------------------------------------------

    def send(self, message: Message) -> None:
        """Queue one message; everything of one reactor turn leaves together."""
        if self._ended is None:
            self._queue(self._pack(message))

    def ack(self, upto: int) -> None:
        """Acknowledge everything up to a number; only the newest of a turn is sent."""
        if self._ended is None:
            self._acked = upto
            self._home.flush_soon(self)

    def receive(self) -> Deferred[Sequence[Message]]:
        """The next messages, in order; fails with LinkLost when the connection has ended."""
        received: Deferred[Sequence[Message]] = Deferred(self._no_longer_waiting)
        if self._inbox:
            received.callback(self._take())
        elif self._ended is not None:
            received.errback(LinkLost(reason=self._ended))
        else:
            self._waiting = received
        return received

    def each(self, handler: Handler) -> Deferred[None]:
        """Call ``handler`` with all that comes, at once; fails with LinkLost at the end, or with
        what the handler raised, which ends the connection."""
        served: Deferred[None] = Deferred(self._no_longer_waiting)
        self._waiting, self._handler = served, handler
        if self._inbox:
            self._hand(self._take())
        if self._ended is not None and self._waiting is served:
            self._fail(Failure(LinkLost(reason=self._ended)))
        return served

    def close(self, reason: str) -> None:
        """End the connection and tell the game why."""
        self.bye("closed", reason)

    # --- what the port and the transport use ----------------------------------------------------

    def bye(self, reason: str, sentence: str) -> None:
        """Say good-bye and end."""
        if self._ended is None:
            message = {"type": "bye", "reason": reason, "sentence": sentence}
            self._unsent.append(self._pack(message))
            self._hang_up()
            self.end(sentence)

    def drop(self, reason: str) -> None:
        """End without a word, as the game would not hear it."""
        if self._ended is None:
            self._cut()
            self.end(reason)

    def end(self, reason: str) -> None:
        """The connection is no more."""
        if self._ended is not None:
            return
        self._ended = reason
        self._unsent.clear()
        self._home.left(self, reason)
        if not self._inbox:
            self._fail(Failure(LinkLost(reason=reason)))

    def heard(self, messages: Sequence[Message]) -> None:
        """Messages came from the game."""
        self.heard_at = self._home.now()
        others = [m for m in messages if m.get("type") not in CONTROL]
        if others:
            self._hand(others)  # before a bye that came with them: what was said counts
        if len(others) != len(messages):
            self._control(messages)

    def beat(self, now: float) -> None:
        """Ping when it is time, and end when the game has been silent for too long."""
        heartbeat = self._home.limits.heartbeat
        if now - self.heard_at > 2.5 * heartbeat and not self._deaf():
            silence = f"Nothing came from the game for {now - self.heard_at:.0f} seconds."
            self.bye("silent", silence)
        elif now - self.spoke_at >= heartbeat:
            self.send({"type": "ping"})

    def flush(self) -> None:
        """Write what was queued, the ack with it."""
        if self._ended is not None:
            return
        if self._acked:
            self._unsent.append(self._pack({"type": "ack", "upto": self._acked}))
            self._acked = 0
        self._write()

    def waits(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._unsent)

    # --- what the two forms differ in -----------------------------------------------------------

    @abstractmethod
    def _pack(self, message: Message) -> bytes:
        """The message in its form on the wire."""

    @abstractmethod
    def _write(self) -> None:
        """Write of ``_unsent`` what can be written now, and take that off."""

    @abstractmethod
    def _hang_up(self) -> None:
        """Write all of ``_unsent`` if possible and close."""

    @abstractmethod
    def _cut(self) -> None:
        """Close at once."""

    def _deaf(self) -> bool:
        """Whether it is gmkit itself that does not listen at the moment."""
        return False

    def _pause(self, on: bool) -> None:
        """Stop or resume listening to the game."""

    # --------------------------------------------------------------------------------------------

    def _queue(self, packed: bytes) -> None:
        self._unsent.append(packed)
        self._unsent_bytes += len(packed)
        if self._unsent_bytes > self._home.limits.unsent:
            self.drop(f"The game does not read: {self._unsent_bytes} bytes wait for it.")
        else:
            self._home.flush_soon(self)

    def _control(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if self._ended is not None:
                break
            kind = message.get("type")
            if kind == "ping":
                self.send({"type": "pong"})
            elif kind == "bye":
                self._cut()
                words = safe(str(message.get("sentence", ""))[:200])
                self.end(f"The game said good-bye: {words}")

    def _hand(self, messages: Sequence[Message]) -> None:
        if self._handler is not None:
            try:
                self._handler(messages)
            except GMError as fault:
                self.bye("malformed", str(fault))
            except BaseException:  # noqa: BLE001 - it goes to whoever awaits ``each``
                self._fail(Failure())
                self.bye("closed", "gmkit could not go on; try again.")
        elif self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.callback(messages)
        else:
            self._inbox.extend(messages)
            if len(self._inbox) > INBOX:
                self._pause(True)

    def _take(self) -> list[Message]:
        taken = list(self._inbox)
        self._inbox.clear()
        self._pause(False)
        return taken

    def _fail(self, failure: Failure) -> None:
        waiting, self._waiting, self._handler = self._waiting, None, None
        if waiting is not None:
            waiting.errback(failure)

    def _no_longer_waiting(self, _: Deferred[Any]) -> None:
        self._waiting = self._handler = None
