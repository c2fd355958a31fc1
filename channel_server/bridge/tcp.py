"""The bridge over TCP, TLS and Unix sockets: frames of msgpack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from gmkit.errors import GMError
from gmkit.wire.frames import MAX_FRAME, Decoder, encode, frames, pack, packer

from .channel import GameChannel, Home, Message
from .guard import TooManyConnections
from .handshake import Rejected
from .visitor import Door, Visitor

STRANGER_FRAME = 16 * 1024
"""The longest frame of a peer that has not proven itself."""
LINGER = 5.0
"""Seconds that a peer has to read our last words."""


class TCPChannel(GameChannel):
    """A proven game on a stream."""

    def __init__(
        self, hello: Message, server: str, peer: str, home: Home, line: BridgeProtocol
    ) -> None:
        super().__init__(hello, server, peer, home)
        self._line = line
        self._pack_one = packer()
        self._stuck_since: float | None = None
        self._paused = False

    def beat(self, now: float) -> None:
        """As for every channel; besides, a game that does not read is not waited for."""
        stuck = self._stuck_since
        if stuck is not None and now - stuck > 2.5 * self._home.limits.heartbeat:
            self.drop(f"The game has read nothing for {now - stuck:.0f} seconds.")
        else:
            super().beat(now)

    def full(self, on: bool) -> None:
        """The transport's buffer is full, or empty again."""
        self._stuck_since = self._home.now() if on else None
        if not on:
            self._write()

    def _pack(self, message: Message) -> bytes:
        try:
            return self._pack_one(message)
        except UnicodeEncodeError:
            return pack(message)

    def _write(self) -> None:
        if self._unsent and self._stuck_since is None:
            packed, self._unsent, self._unsent_bytes = self._unsent, [], 0
            self.spoke_at = self._home.now()
            self._line.write(frames(packed))

    def _hang_up(self) -> None:
        if self._stuck_since is None:
            self._write()
            self._line.finish()
        else:
            self._cut()

    def _cut(self) -> None:
        self._line.abort()

    def _deaf(self) -> bool:
        return self._paused

    def _pause(self, on: bool) -> None:
        if on != self._paused:
            self._paused = on
            self.heard_at = self._home.now()
            self._line.listen(not on)


@implementer(IPushProducer)
class BridgeProtocol(Protocol, Visitor):
    """One connection: a stranger first, a channel once it has proven itself."""

    def __init__(self, door: Door, address: str) -> None:
        Visitor.__init__(self, door, address)
        self._decoder = Decoder(STRANGER_FRAME)
        self._channel: TCPChannel | None = None
        self._counted = False
        self._impatience: Any = None

    def connectionMade(self) -> None:
        """Wait for the hello, unless there are too many from this address."""
        try:
            self.door.arrived(self)
        except TooManyConnections as fault:
            self.reject(Rejected("busy", str(fault)))
        else:
            self._counted = True

    def dataReceived(self, data: bytes) -> None:
        """Bytes from the peer, in any pieces."""
        if self.over:
            return
        try:
            messages: Sequence[Message] = self._decoder.feed(data)
        except GMError as fault:
            self._broken(str(fault))
            return
        while self._channel is None and messages and not self.over:
            self.knock(messages[0])
            messages = messages[1:]
        if self._channel is not None:
            self._channel.heard(messages)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone."""
        if self._counted:
            self.door.departed(self)
        self.over = True
        if self._impatience is not None and self._impatience.active():
            self._impatience.cancel()
        if self._channel is not None:
            clean = reason.check(ConnectionDone)
            why = "The game closed the connection." if clean else reason.getErrorMessage()
            self._channel.end(why)

    # --- Visitor --------------------------------------------------------------------------------

    def answer(self, message: Message) -> None:
        """Send one message of the handshake."""
        self.write(encode(message))

    def admit(self, acked: int) -> GameChannel:
        """Welcome the game."""
        hello = self.handshake.hello
        assert hello is not None
        self._decoder.most = MAX_FRAME
        self.answer(self.handshake.welcome(acked))
        self._channel = TCPChannel(
            self.handshake.greeting, hello.server, self.address, self.door, self
        )
        self._transport.registerProducer(self, True)
        return self._channel

    def hang_up(self, message: Message) -> None:
        """Send a last message and close."""
        self.answer(message)
        self.finish()

    # --- the transport --------------------------------------------------------------------------

    @property
    def _transport(self) -> Any:
        return self.transport

    def write(self, data: bytes) -> None:
        """Write now."""
        self._transport.write(data)

    def listen(self, on: bool) -> None:
        """Read from the peer, or leave what it sends in the kernel's buffers."""
        if on:
            self._transport.resumeProducing()
        else:
            self._transport.pauseProducing()

    def finish(self) -> None:
        """Close once everything is written, or after a moment in any case."""
        self.over = True
        self._transport.unregisterProducer()
        self._transport.loseConnection()
        self._impatience = self.door.later(LINGER, self.abort)

    def abort(self) -> None:
        """Close now."""
        self.over = True
        self._transport.unregisterProducer()
        self._transport.abortConnection()

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        if self._channel is not None:
            self._channel.full(True)

    def resumeProducing(self) -> None:
        """The transport's buffer is empty."""
        if self._channel is not None:
            self._channel.full(False)

    def stopProducing(self) -> None:
        """The transport is gone; ``connectionLost`` says so."""

    def _broken(self, problem: str) -> None:
        if self._channel is not None:
            self._channel.bye("malformed", problem)
        else:
            self.reject(Rejected("malformed", problem))


class BridgeFactory(Factory):
    """Makes a connection for each game that dials in."""

    noisy = False

    def __init__(self, door: Door) -> None:
        self._door = door

    def buildProtocol(self, addr: IAddress | None) -> BridgeProtocol:
        """A stranger from this address."""
        return BridgeProtocol(self._door, getattr(addr, "host", "unix"))
