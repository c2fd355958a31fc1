"""Write-through transports: what the kernel takes leaves at once, the rest in order."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from gmkit.channel_server.transport import listen_tcp, listen_unix


class Peer(Protocol):
    """Remembers what happens to it."""

    def __init__(self) -> None:
        self.got = b""
        self.lost: Failure | None = None

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = reason


class Peers(Factory):
    noisy = False

    def __init__(self) -> None:
        self.made: list[Peer] = []

    def buildProtocol(self, addr: IAddress | None) -> Peer:
        self.made.append(Peer())
        return self.made[-1]


class Producer:
    """Counts how often it is paused."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def pauseProducing(self) -> None:
        self.events.append("pause")

    def resumeProducing(self) -> None:
        self.events.append("resume")

    def stopProducing(self) -> None:
        self.events.append("stop")


class Stage:
    """A reactor of its own that only turns when told to, one server, and plain clients."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.reactor = EPollReactor()
        self.reactor.startRunning()
        self.factory = Peers()
        self.kind, self.path = kind, str(folder / "socket")
        self.port: Any = (
            listen_tcp(self.reactor, 0, self.factory, "127.0.0.1")
            if kind == "tcp"
            else listen_unix(self.reactor, self.path, self.factory)
        )
        self.clients: list[socket.socket] = []

    def connect(self) -> tuple[Peer, Any, socket.socket]:
        client = socket.socket(socket.AF_INET if self.kind == "tcp" else socket.AF_UNIX)
        self.clients.append(client)
        client.connect(("127.0.0.1", self.port.getHost().port) if self.kind == "tcp" else self.path)
        before = len(self.factory.made)
        self.turn(lambda: len(self.factory.made) > before)
        peer = self.factory.made[-1]
        return peer, peer.transport, client

    def turn(self, until: Callable[[], Any], most: int = 2000) -> None:
        for _ in range(most):
            if until():
                return
            self.reactor.runUntilCurrent()
            self.reactor.doIteration(0.01)
        raise AssertionError("it did not happen")

    def read(self, client: socket.socket, enough: Callable[[bytes], Any]) -> bytes:
        """Read while the reactor turns, until there is enough or the end."""
        got = bytearray()
        client.setblocking(False)
        for _ in range(100_000):
            if enough(bytes(got)):
                return bytes(got)
            self.reactor.iterate(0)
            try:
                data = client.recv(1 << 16)
            except BlockingIOError:
                continue
            if not data:
                return bytes(got)
            got += data
        raise AssertionError(f"only {len(got)} bytes came")

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        for peer in self.factory.made:
            if peer.lost is None and peer.transport is not None:
                peer.transport.abortConnection()  # type: ignore[attr-defined]
        self.port.stopListening()
        self.reactor.fireSystemEvent("shutdown")
        for _ in range(3):
            self.reactor.iterate(0)
        self.reactor.removeAll()
        if self.reactor.waker is not None:
            self.reactor.waker.connectionLost(None)
        self.reactor._poller.close()


@pytest.fixture(params=["tcp", "unix"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(request.param, tmp_path)
    yield stage
    stage.stop()


class Socket:
    """A socket that takes what it is told to take."""

    def __init__(self, real: socket.socket, script: list[int | OSError]) -> None:
        self._real, self._script = real, script
        self.calls = 0

    def send(self, data: bytes) -> int:
        self.calls += 1
        if not self._script:
            return self._real.send(data)
        step = self._script.pop(0)
        if isinstance(step, OSError):
            raise step
        return self._real.send(bytes(data)[:step])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_a_small_write_leaves_at_once(stage: Stage) -> None:
    _, transport, client = stage.connect()
    transport.write(b"hello")
    transport.writeSequence([b" ", b"you"])
    client.settimeout(5)
    assert client.recv(100) == b"hello you"
    assert not transport.dataBuffer and not transport._tempDataLen
    assert transport not in stage.reactor.getWriters()


def test_no_delay_on_tcp(tmp_path: Path) -> None:
    stage = Stage("tcp", tmp_path)
    _, transport, _ = stage.connect()
    assert transport.getTcpNoDelay()
    stage.stop()


@pytest.mark.parametrize("taken", [0, 1, 3, 9, 10])
def test_partial_writes_keep_the_order(stage: Stage, taken: int) -> None:
    _, transport, client = stage.connect()
    script: list[int | OSError] = [taken]
    transport.socket = Socket(transport.socket, script)
    transport.write(b"0123456789")
    transport.write(b"abc")
    got = stage.read(client, lambda got: len(got) >= 13)
    assert got == b"0123456789abc"


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENOBUFS, errno.EINTR])
def test_a_full_kernel_is_waited_for(stage: Stage, code: int) -> None:
    _, transport, client = stage.connect()
    transport.socket = Socket(transport.socket, [OSError(code, "x")])
    transport.write(b"later")
    assert transport in stage.reactor.getWriters()
    stage.turn(lambda: not transport._tempDataLen and not transport.dataBuffer)
    client.settimeout(5)
    assert client.recv(100) == b"later"


@pytest.mark.parametrize("code", [errno.EPIPE, errno.ECONNRESET, errno.EBADF])
def test_a_fault_ends_the_connection_but_not_inside_of_write(stage: Stage, code: int) -> None:
    peer, transport, _ = stage.connect()
    transport.socket = Socket(transport.socket, [OSError(code, "x"), OSError(code, "x")])
    transport.write(b"x")
    assert peer.lost is None
    stage.turn(lambda: peer.lost is not None)


def test_nothing_overtakes_what_is_buffered(stage: Stage) -> None:
    _, transport, client = stage.connect()
    whole = b"".join(b"%07d\n" % n for n in range(1_500_000))
    left = memoryview(whole)

    def write_more(got: bytes) -> bool:
        """Whatever is buffered, half sent or not: write on."""
        nonlocal left
        transport.write(bytes(left[:20_000]))
        left = left[20_000:]
        return len(got) == len(whole)

    for _ in range(500):
        write_more(b"")
    assert transport._tempDataLen or transport.dataBuffer
    assert stage.read(client, write_more) == whole


def test_producers_are_paused_and_resumed(stage: Stage) -> None:
    _, transport, client = stage.connect()
    producer = Producer()
    transport.registerProducer(producer, True)
    transport.write(b"small")
    assert producer.events == []
    transport.write(b"x" * 30_000_000)
    assert producer.events == ["pause"]
    stage.read(client, lambda _: producer.events != ["pause"])
    assert producer.events == ["pause", "resume"]
    transport.unregisterProducer()


def test_the_end_waits_for_what_is_written(stage: Stage) -> None:
    peer, transport, client = stage.connect()
    transport.write(b"y" * 5_000_000)
    transport.loseConnection()
    transport.write(b"never mind the order")
    got = len(stage.read(client, lambda _: False))
    assert got >= 5_000_000
    stage.turn(lambda: peer.lost is not None)
    transport.write(b"into the void")


def test_reading_works_both_ways(stage: Stage) -> None:
    peer, _, client = stage.connect()
    client.sendall(b"from the client")
    stage.turn(lambda: peer.got == b"from the client")
    client.close()
    stage.turn(lambda: peer.lost is not None)


def test_writing_into_a_closed_connection(stage: Stage) -> None:
    peer, transport, client = stage.connect()
    client.close()
    for _ in range(20):
        transport.write(b"z" * 1000)
        stage.reactor.iterate(0)
    stage.turn(lambda: peer.lost is not None)


def test_a_port_in_use(tmp_path: Path) -> None:
    stage = Stage("tcp", tmp_path)
    with pytest.raises(CannotListenError):
        listen_tcp(stage.reactor, stage.port.getHost().port, stage.factory, "127.0.0.1")
    stage.stop()


def test_a_unix_socket_is_private_and_replaces_only_a_dead_one(tmp_path: Path) -> None:
    stage = Stage("unix", tmp_path)
    assert stat.S_IMODE(os.stat(stage.path).st_mode) == 0o660
    with pytest.raises(CannotListenError):
        listen_unix(stage.reactor, stage.path, stage.factory)
    stage.turn(lambda: stage.factory.made)  # whoever looked whether the socket is alive
    stage.connect()
    stage.stop()
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(stage.path)
    dead.close()
    again = Stage("unix", tmp_path)
    again.connect()
    again.stop()
    Path(stage.path).write_text("a file that is no socket")
    with pytest.raises(CannotListenError):
        listen_unix(again.reactor, stage.path, again.factory)
    assert Path(stage.path).read_text() == "a file that is no socket"
