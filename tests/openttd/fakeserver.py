"""An OpenTTD server's admin port in memory, on a test's clock."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from gmkit.adapters.openttd import OpenTTD, Options, wire
from gmkit.adapters.openttd.wire import frame, string
from gmkit.testing import FakeLink


class Transport(StringTransport):
    """Tells the protocol when it is aborted, as a real one does."""

    def __init__(self) -> None:
        super().__init__(hostAddress=IPv4Address("TCP", "10.0.0.1", 5000))
        self.protocol: Any = None

    def abortConnection(self) -> None:
        super().abortConnection()
        protocol, self.protocol = self.protocol, None
        if protocol:
            protocol.connectionLost(Failure(ConnectionDone()))


class FakeServer:
    """What the adapter under test talks to; the test plays the players.

    ``sent`` holds every packet it got, as (type, body). ``deaf`` takes bytes and answers nothing.
    ``console`` answers a command with lines.
    """

    def __init__(self, **options: Any) -> None:
        self.reactor = MemoryReactorClock()
        self.link = FakeLink("ottd")
        self.adapter = OpenTTD(Options(**{"password": "pw", **options}), self.link, self.reactor)
        self.clients: dict[int, tuple[str, str, int]] = {1: ("", "server", 255)}
        self.sent: list[tuple[int, bytes]] = []
        self.commands: list[str] = []
        self.console: Callable[[str], list[str]] = lambda command: []
        self.deaf = False
        self.fault: Any = None

    def run(self, start: bool = True) -> None:
        """Run the adapter and let it connect; with ``start`` off the server says nothing yet."""
        self.deaf = not start
        self.fault = None
        self.running = Deferred.fromCoroutine(self.adapter.run())
        self.running.addErrback(self._ended)
        factory = self.reactor.tcpClients[-1][2]
        self.transport = Transport()
        address = IPv4Address("TCP", "127.0.0.1", 3977)
        self.protocol = cast(Any, factory.buildProtocol(address))
        self.transport.protocol = self.protocol
        self.protocol.makeConnection(self.transport)
        self.pump()

    def _ended(self, failure: Failure) -> None:
        self.fault = failure.value

    def ask(self, coroutine: Any) -> Any:
        """Run one call of the adapter against this server; its result, or raises its fault."""
        results: list[Any] = []
        Deferred.fromCoroutine(coroutine).addBoth(results.append)
        self.pump()
        (result,) = results
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def send(self, *frames: bytes) -> None:
        """These bytes arrive at the adapter together."""
        self.protocol.dataReceived(b"".join(frames))

    def drop(self) -> None:
        """The connection breaks."""
        self.transport.abortConnection()

    def pump(self) -> None:
        """Read what the adapter has sent, and answer it."""
        while data := self.transport.value():
            self.transport.clear()
            at, answers = 0, []
            while at < len(data):
                size, kind = struct.unpack_from("<HB", data, at)
                body = data[at + 3 : at + size]
                self.sent.append((kind, body))
                answers.append(b"" if self.deaf else self._answer(kind, body))
                at += size
            if any(answers):
                self.send(*answers)

    def _answer(self, kind: int, body: bytes) -> bytes:
        if kind == 0:
            return self.welcome()
        if kind == 3 and body[0] == wire.Update.CLIENTS:
            return b"".join(self.info(client) for client in self.clients)
        if kind == 3:
            return self.books(body[0])
        if kind == 5:
            command = body[:-1].decode()
            self.commands.append(command)
            lines = b"".join(frame(120, b"\0\0", string(x)) for x in self.console(command))
            return lines + frame(125, body)
        if kind == 7:
            return frame(126, body)
        return b""

    def books(self, update: int) -> bytes:
        if update == wire.Update.COMPANIES:
            head = b"\2" + string("铁路公司") + string("Mei") + b"\0\0"
            return frame(114, head, struct.pack("<IBB", 1950, 0, 0))
        if update == wire.Update.ECONOMY:
            numbers = (-500, 100000, 70, 9, 123456, 321, 8, 0, 0, 0)
            ours = frame(117, b"\2", struct.pack("<qqqHqHHqHH", *numbers))
            return frame(117, b"\0", bytes(60)) + ours
        return frame(118, b"\2", struct.pack("<10H", *range(10))) + frame(118, b"\0", bytes(20))

    def welcome(self) -> bytes:
        return frame(103, b"\2\0") + frame(104, string("Great Server"), string("13.0"), bytes(15))

    def info(self, client: int) -> bytes:
        address, name, company = self.clients[client]
        head = struct.pack("<I", client) + string(address) + string(name)
        return frame(109, head, struct.pack("<BIB", 0, 0, company))

    def joins(self, client: int, name: str, address: str = "10.0.0.7", company: int = 255) -> None:
        """A player enters the game."""
        self.clients[client] = (address, name, company)
        self.send(self.info(client), frame(108, struct.pack("<I", client)))

    def changes(self, client: int, name: str, company: int = 255) -> None:
        """A player takes another name or company."""
        self.clients[client] = (self.clients[client][0], name, company)
        self.send(frame(110, struct.pack("<I", client), string(name), bytes([company])))

    def leaves(self, client: int) -> None:
        """A player is gone, told twice as after a kick."""
        self.clients.pop(client, None)
        gone = struct.pack("<I", client)
        self.send(frame(112, gone, b"\x0b"), frame(111, gone))

    def says(self, client: int, text: str, action: int = 3) -> None:
        """A player types a line."""
        self.send(frame(119, struct.pack("<BBI", action, 0, client), string(text), bytes(8)))

    def chats(self) -> list[tuple[int, int, int, str]]:
        """What was said to the server's players: action, destination, client, text."""
        return [
            (*struct.unpack("<BBI", body[:6]), body[6:-1].decode())
            for kind, body in self.sent
            if kind == 4
        ]
