"""A gmkit that is only a bridge port, games that dial in, and wires that can be cut anywhere."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.task import Clock
from twisted.logger import Logger
from twisted.python.failure import Failure

from gmkit.adapter import Channel, Link
from gmkit.adapters.bridge import Bridge, BridgeOptions
from gmkit.bridge import Game, Memory, Player, Store, tx
from gmkit.channel_server.bridge.guard import BridgeLimits
from gmkit.channel_server.bridge.port import BridgePort
from gmkit.model import Source
from gmkit.wire.challenge import GAME, proof
from gmkit.wire.frames import Decoder, encode

TOKEN = "correct horse battery"
ANN = Player("u1", "Ann", "acc-1", 2, "zh_CN")


class End:
    """One end of a wire, as a Twisted transport."""

    def __init__(self, wire: Wire, protocol: Any, address: str) -> None:
        self.wire, self.protocol, self.address = wire, protocol, address
        self.out = bytearray()
        self.writes = 0
        self.closing = self.closed = self.listening_off = False
        self.producer: Any = None
        self.capacity: int | None = None
        """Above so many bytes the producer is paused."""

    def write(self, data: bytes) -> None:
        if self.closed or self.closing or not data:
            return
        self.out += data
        self.writes += 1
        if self.capacity is not None and len(self.out) > self.capacity and self.producer:
            self.producer.pauseProducing()

    def loseConnection(self) -> None:
        self.closing = True

    def abortConnection(self) -> None:
        self.out.clear()
        self.closing = True

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def pauseProducing(self) -> None:
        self.listening_off = True

    def resumeProducing(self) -> None:
        self.listening_off = False

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", self.address, 1)

    getHost = getPeer


class Wire:
    """A connection between a game's and gmkit's protocol."""

    def __init__(self, game: Any, gmkit: Any, address: str = "10.0.0.1") -> None:
        self.game, self.gmkit = End(self, game, "10.9.9.9"), End(self, gmkit, address)
        self.over = False
        gmkit.makeConnection(self.gmkit)
        game.makeConnection(self.game)

    def move(self, most: int | None = None) -> bool:
        """Carry up to ``most`` bytes each way, closes too; whether anything moved."""
        moved = [self._carry(self.game, self.gmkit, most), self._carry(self.gmkit, self.game, most)]
        return any(moved)

    def cut(self) -> None:
        """Lose the connection, with all that is on its way."""
        self._end(ConnectionLost())

    def _carry(self, source: End, target: End, most: int | None) -> bool:
        if self.over:
            return False
        data = bytes(source.out[:most]) if not target.listening_off else b""
        if data:
            del source.out[: len(data)]
            target.protocol.dataReceived(data)
            if not source.out and source.producer and not self.over:
                source.producer.resumeProducing()
        if source.closing and not source.out and not self.over:
            self._end(ConnectionDone())
            return True
        return bool(data)

    def _end(self, reason: Exception) -> None:
        if self.over:
            return
        self.over = self.game.closed = self.gmkit.closed = True
        self.game.protocol.connectionLost(Failure(reason))
        self.gmkit.protocol.connectionLost(Failure(reason))


class FakeLink(Link):
    """A link that remembers. What is said is on disk once ``commit`` is called."""

    log = Logger()

    def __init__(self, world: World, server: str) -> None:
        self.world, self.server = world, server
        self.lines: list[tuple[str, int, str]] = []
        """Every line that was decided on: stream, number, text."""
        self.durable: list[tuple[str, int, str]] = []
        self.notes: list[tuple[str, Any]] = []
        self.adapter: Bridge
        self.state = "connecting"

    def up(self, detail: str = "") -> None:
        self.state = "up"
        self.notes.append(("up", detail))

    def degraded(self, reason: str) -> None:
        self.state = "degraded"

    def down(self, reason: str) -> None:
        self.state = "down"
        self.notes.append(("down", reason))

    def said(self, player: Player, text: str, source: Source | None = None) -> None:
        assert source is not None
        self.lines.append((source.stream, source.n, text))
        self.notes.append(("said", (player, text)))

    def joined(self, player: Player) -> None:
        self.notes.append(("joined", player))

    def left(self, player_id: str) -> None:
        self.notes.append(("left", player_id))

    def renamed(self, player: Player) -> None:
        self.notes.append(("renamed", player))

    def data(self, player_id: str, facts: Mapping[str, Any]) -> None:
        self.notes.append(("data", (player_id, facts)))

    def roster(self, players: Sequence[Player]) -> None:
        self.notes.append(("roster", list(players)))

    def settled_up_to(self, stream: str) -> int:
        return max((n for name, n, _ in self.durable if name == stream), default=0)

    def accept(self, token: str) -> Deferred[Channel]:
        return self.world.port.accept(self.server, token)

    def commit(self) -> None:
        """Everything said so far is on disk."""
        self.durable = list(self.lines)
        if self.durable:
            stream, n, _ = self.durable[-1]
            self.adapter.settled(Source(stream, n))

    def seen(self, kind: str) -> list[Any]:
        """What was told of this kind."""
        return [what for name, what in self.notes if name == kind]


class World:
    """The daemon's side, on a clock."""

    def __init__(self, servers: Sequence[str] = ("s1",), limits: BridgeLimits | None = None):
        self.clock = Clock()
        self.clock.advance(1000)
        self.limits = limits
        self.wires: list[Wire] = []
        self.links: dict[str, FakeLink] = {}
        self.running: list[Deferred[None]] = []
        self.errors: list[Failure] = []
        self._count = 0
        self.start(servers)

    def start(self, servers: Sequence[str]) -> None:
        """Start the daemon, or start it again with what is on disk."""
        self.port = BridgePort(self.clock, self._settled, limits=self.limits, random=self.random)
        self.factory = self.port.factory()
        for name in servers:
            durable = self.links[name].durable if name in self.links else []
            link = FakeLink(self, name)
            link.durable, link.lines = list(durable), list(durable)
            link.adapter = Bridge(BridgeOptions(token=TOKEN), link, self.clock)
            self.links[name] = link
            running = Deferred.fromCoroutine(link.adapter.run())
            running.addErrback(self.errors.append)
            self.running.append(running)

    def kill(self) -> None:
        """The daemon dies: what is not on disk is gone."""
        for running in self.running:
            running.cancel()
        self.running.clear()
        self.errors.clear()
        for wire in self.wires:
            wire.cut()

    def stop(self) -> None:
        """End everything."""
        self.kill()
        self.port.stop()

    def random(self, count: int) -> bytes:
        """Bytes that are different each time and the same in each run."""
        self._count += 1
        return self._count.to_bytes(count, "big")

    def _settled(self, server: str, stream: str) -> int:
        return self.links[server].settled_up_to(stream)

    def dial(self, protocol: Any, address: str = "10.0.0.1") -> Wire:
        """Connect a protocol to the port."""
        wire = Wire(protocol, self.factory.buildProtocol(IPv4Address("TCP", address, 1)), address)
        self.wires.append(wire)
        return wire

    def settle(self, seconds: float = 0.0) -> None:
        """Carry everything, until nothing moves; let time pass in steps."""
        self._settle()
        while seconds > 0:
            step = min(1.0, seconds)
            self.clock.advance(step)
            seconds -= step
            self._settle()

    def _settle(self) -> None:
        for _ in range(1000):
            self.clock.advance(0)
            if not sum(wire.move() for wire in self.wires):
                self.clock.advance(0)
                if not any(wire.game.out or wire.gmkit.out for wire in self.wires if not wire.over):
                    break
        self.wires = [wire for wire in self.wires if not wire.over]


class Endpoint:
    """Dials a world's port."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.refuses = False

    def connect(self, factory: Any) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()
        if self.refuses:
            answer.errback(ConnectionRefusedError("nobody there"))
            return answer
        protocol = factory.buildProtocol(None)
        self.world.dial(protocol)
        answer.callback(protocol)
        return answer


class ToyGame(Game):
    """A game that shows lines to whoever is in ``here``."""

    client = "toy 1"
    triggers = ("!help", "求助")

    def __init__(self, here: Sequence[str] = ("u1",)) -> None:
        self.here = set(here)
        self.shown: list[tuple[str, str, str]] = []
        self.heard: list[str] = []
        self.kicked: list[tuple[str, str]] = []
        self.refusals: list[tuple[int, str]] = []
        self.ups = 0
        self.downs: list[str] = []

    def tell(self, delivery: str, player: str, text: str) -> bool:
        if player not in self.here:
            return False
        self.shown.append((delivery, player, text))
        return True

    def announce(self, text: str) -> None:
        self.heard.append(text)

    def refused(self, number: int, reason: str, sentence: str) -> None:
        self.refusals.append((number, reason))

    def connected(self) -> None:
        self.ups += 1

    def disconnected(self, reason: str) -> None:
        self.downs.append(reason)

    def lookup(self, player: Player) -> dict[str, Any]:
        return {"level": 7, "who": player.id}

    def inventory(self, player: Player) -> list[dict[str, Any]]:
        return [{"item": "sword", "count": 1}]

    def kick(self, player: Player, reason: str) -> None:
        if player.id not in self.here:
            raise ValueError("That player is not here.")
        self.kicked.append((player.id, reason))


def bridge(
    world: World,
    game: Game,
    *,
    server: str = "s1",
    token: str = TOKEN,
    store: Store | None = None,
) -> tx.Bridge:
    """A game's bridge that dials the world."""
    return tx.Bridge(
        game,
        "tcp://gm.example:7601",
        server=server,
        token=token,
        reactor=world.clock,
        spool=store or Memory(world.random),
        endpoint=Endpoint(world),  # type: ignore[arg-type]
        jitter=random.Random(7),
    )


class Raw:
    """A peer that says exactly what it is told to."""

    def __init__(self, world: World, address: str = "10.0.0.1") -> None:
        self.messages: list[dict[str, Any]] = []
        self.lost = False
        self._decoder = Decoder()
        self.world = world
        self.wire = world.dial(self, address)
        world.settle()

    def makeConnection(self, transport: Any) -> None:
        self.transport = transport

    def dataReceived(self, data: bytes) -> None:
        self.messages += self._decoder.feed(data)

    def connectionLost(self, reason: Failure) -> None:
        self.lost = True

    def send(self, *messages: Mapping[str, Any]) -> None:
        self.raw(encode(*messages))

    def raw(self, data: bytes) -> None:
        self.transport.write(data)
        self.world.settle()

    def hello(self, **more: Any) -> None:
        fields = {"protocol": 1, "server": "s1", "stream": "st", "nonce": "n" * 16}
        self.send({"type": "hello", **fields, **more})

    def enter(self, token: str = TOKEN, **more: Any) -> None:
        """The whole handshake."""
        self.hello(**more)
        nonce = self.last("challenge")["nonce"]
        server = more.get("server", "s1")
        self.send({"type": "proof", "proof": proof(token, GAME, server, "n" * 16, nonce)})

    def last(self, kind: str) -> dict[str, Any]:
        """The newest message of a type."""
        found = [m for m in self.messages if m["type"] == kind]
        assert found, f"no {kind} in {self.messages}"
        return found[-1]

    def count(self, kind: str) -> int:
        return sum(m["type"] == kind for m in self.messages)


def said(n: int, text: str = "!help", **more: Any) -> dict[str, Any]:
    """A numbered line of Ann's."""
    return {"type": "said", "id": n, "player": "u1", "name": "Ann", "text": text, **more}
