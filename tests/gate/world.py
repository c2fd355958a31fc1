"""A gate over the real desk and pipeline, a log in memory, and terminals without sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from gmkit.channel_server.dispatch.caller import Caller
from gmkit.channel_server.gate.gate import Gate
from gmkit.channel_server.gate.lockout import Lockout
from gmkit.channel_server.gate.login import Login, Peer
from gmkit.channel_server.gate.session import GateSession
from gmkit.channel_server.gate.tokens import Tokens
from gmkit.channel_server.turn import Turn
from gmkit.command import Answer
from gmkit.console.core import GateCore, TurnedAway
from gmkit.desk import Desk
from gmkit.desk.requests import AddGM, Ask, Request
from gmkit.errors import Refused
from gmkit.log import Log
from gmkit.model import Event, Player, Source
from gmkit.permissions import Permissions

OWN_UID = 1000
BUFFER = 1 << 16


class MemoryLog(Log):
    """Durable at once, or when told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.last = self.durable = 0
        self.waiting: list[tuple[int, Deferred[None]]] = []
        self.at_once = True
        self.reads = 0

    def append(self, events: Sequence[Event]) -> Deferred[None]:
        for event in events:
            self.last += 1
            event.seq = self.last
        self.events += events
        done: Deferred[None] = Deferred()
        self.waiting.append((self.last, done))
        if self.at_once:
            self.sync()
        return done

    def sync(self) -> None:
        while self.waiting:
            self.durable, done = self.waiting.pop(0)
            done.callback(None)

    def replay(self, after: int) -> Iterator[Event]:
        return iter(self.events[after:])

    def read(self, after: int, limit: int = 1000) -> Deferred[list[Event]]:
        self.reads += 1
        return succeed(self.events[after : min(after + limit, self.durable)])

    def snapshot(self) -> tuple[int, bytes] | None:
        return None

    def save_snapshot(self, seq: int, state: bytes) -> Deferred[None]:
        return succeed(None)

    def close(self) -> Deferred[None]:
        return succeed(None)


class Wire:
    """The daemon's transport: a kernel that takes ``room`` bytes, and a buffer before it."""

    def __init__(self, host: str = "192.0.2.1", room: int = 1 << 40) -> None:
        self.host = host
        self.room = room
        self.sent = bytearray()
        self.buffer = bytearray()
        self.writes = 0
        self.producer: IPushProducer | None = None
        self.paused = False
        self.reading = True
        self.disconnecting = False
        self.aborted = False
        self.most_buffered = 0

    def getPeer(self) -> Any:
        return self

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def write(self, data: bytes) -> None:
        self.writes += 1
        self.buffer += data
        self._flush()
        self.most_buffered = max(self.most_buffered, len(self.buffer))
        if len(self.buffer) > BUFFER and self.producer is not None and not self.paused:
            self.paused = True
            self.producer.pauseProducing()

    def _flush(self) -> None:
        taken = self.buffer[: self.room]
        del self.buffer[: len(taken)]
        self.room -= len(taken)
        self.sent += taken

    def drain(self, room: int) -> None:
        """The far end reads: the kernel takes so much more."""
        self.room += room
        self._flush()
        if not self.buffer and self.paused and self.producer is not None:
            self.paused = False
            self.producer.resumeProducing()

    def take(self) -> bytes:
        data = bytes(self.sent)
        self.sent.clear()
        return data

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True

    def loseConnection(self) -> None:
        self.disconnecting = True

    def abortConnection(self) -> None:
        self.aborted = True


class World:
    """Desk, pipeline, gate; accounts ``ama`` (admin), ``bo`` (gm of s1*), passwords = names."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.log = MemoryLog()
        self.desk = Desk()
        self.turn = Turn(desk=self.desk, log=self.log, reactor=self.clock)
        self.present: list[tuple[str, bool]] = []
        self.lines: list[tuple[Caller, str, Source | None]] = []
        self.checks: list[Deferred[None]] | None = None
        self.run: Callable[[Caller, str, Source | None], Deferred[Answer]] = self.echo
        self.online: list[tuple[str, Player]] = []
        self.users = {OWN_UID: "root-ish", 0: "root", 1001: "bo", 1002: "nobody"}
        self.permissions = Permissions()
        self.gate = self.make_gate()
        self.turn.on_durable(lambda events: self.gate.publish(events))
        for name, role, servers in (("ama", "admin", ("*",)), ("bo", "gm", ("s1*",))):
            self.do(AddGM(None, name, role, servers, f"hash of {name}"))

    def make_gate(self) -> Gate:
        clock = self.clock
        gate = Gate(
            clock=clock,
            log=self.log,
            desk=self.desk,
            position=self.turn.position,
            settled=self.turn.settled,
            permissions=lambda: self.permissions,
            login=Login(
                desk=self.desk,
                hash_of=self.hash_of,
                check_password=self.check,
                lockout=Lockout(clock.seconds),
                tokens=Tokens(clock.seconds),
                own_uid=OWN_UID,
                user_of=self.users.get,
            ),
            run_command=lambda caller, line, source: self.run(caller, line, source),
            describe=lambda caller: [{"name": "ticket list", "for": caller.gm}],
            on_presence=lambda gm, here: self.present.append((gm, here)),
            servers=lambda: [{"name": "s1"}, {"name": "s2"}],
            online=lambda: self.online,
        )
        gate.start()
        return gate

    def restart(self) -> None:
        """The daemon dies: connections, tokens and the gate are gone; the log is not."""
        for session in list(self.gate._sessions):
            session.connectionLost(Failure(ConnectionDone()))
        self.gate.stop()
        self.gate = self.make_gate()

    def hash_of(self, name: str) -> str | None:
        account = self.desk.account(name)
        return account.password if account is not None else None

    def check(self, password: str, hashed: str | None) -> Deferred[bool]:
        result = hashed == f"hash of {password}"
        if self.checks is None:
            return succeed(result)
        waiting: Deferred[None] = Deferred()
        self.checks.append(waiting)
        return waiting.addCallback(lambda _: result)

    def echo(self, caller: Caller, line: str, source: Source | None) -> Deferred[Answer]:
        self.lines.append((caller, line, source))
        return succeed(Answer({"line": line}, "table", "{gm} said it.", {"gm": caller.gm}))

    def do(self, request: Request) -> list[Event]:
        """Decide, and let the turn end."""
        decision = self.turn.decide(request)
        assert not isinstance(decision, Refused), decision
        self.clock.pump([0, 0])  # the end of the turn, and its effects
        return decision

    def ask(self, server: str = "s1", player: str = "p1", text: str = "help") -> list[Event]:
        return self.do(Ask(server, Player(player, f"name of {player}"), text))

    def terminal(self, *, uid: int | None = None, host: str = "192.0.2.1", **core: Any) -> End:
        return End(self, uid, host, **core)


class End:
    """A terminal: the real core of the console, connected when told."""

    def __init__(self, world: World, uid: int | None, host: str, **core: Any) -> None:
        self.world = world
        self.uid = uid
        self.host = host
        self.core = GateCore(world.clock.seconds, stream="run", **core)
        self.heard: list[dict[str, Any]] = []
        self.away: TurnedAway | None = None
        self.wire = Wire()
        self.session: GateSession | None = None

    def connect(self, room: int = 1 << 40) -> End:
        self.wire = Wire(self.host, room)
        peer = Peer(f"uid {self.uid}" if self.uid is not None else self.host, self.uid)
        self.session = GateSession(self.world.gate, lambda transport: peer)
        self.session.makeConnection(self.wire)
        self.core.connected()
        self.away = None
        self.talk()
        return self

    def talk(self) -> End:
        """Bytes to and fro until nobody has anything to say."""
        self.world.clock.advance(0)
        while self.session is not None:
            out = self.core.take() if self.wire.reading else b""
            into = self.wire.take()
            if not out and not into:
                break
            if out:
                self.session.dataReceived(out)
            if into:
                try:
                    self.heard += self.core.received(into)
                except TurnedAway as away:
                    self.away = away
                    self.disconnect()
            self.world.clock.advance(0)
        return self

    def disconnect(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.connectionLost(Failure(ConnectionDone()))
        self.core.lost()

    def of(self, type: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["type"] == type]

    @property
    def seqs(self) -> list[int]:
        return [message["event"]["seq"] for message in self.of("event")]
