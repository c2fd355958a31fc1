"""The gate: GM terminals, and the channel as they see it (docs/gate-protocol.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gmkit.command import Answer
from gmkit.desk.view import AccountView, DeskView
from gmkit.i18n import N_
from gmkit.log import Log
from gmkit.model import Event, Player, Source
from gmkit.permissions import Permissions
from gmkit.wire.gate import SILENCE

from ..dispatch.caller import Caller
from .audience import Audience
from .goodbyes import AccountDisabled, LateHello, LogUnreadable, Silent, Stopping, TooMany
from .login import Login, Peer, peer_uid
from .presence import Presence
from .present import TICKETS, Present
from .session import GateSession
from .stream import GateStream
from .wire_form import EventPacker

HELLO_WITHIN = 10.0
SWEEP = 2.0
MOST_PER_ACCOUNT = 20
MOST_STRANGERS = 200
MOST_STRANGERS_PER_ADDRESS = 20


class Gate:
    """Every terminal, who sees what, and the one place where events are handed out."""

    log = Logger()
    TOO_FAST = N_("You are sending commands too fast; they are carried out a little later.")

    def __init__(
        self,
        *,
        clock: Any,
        log: Log,
        desk: DeskView,
        position: Callable[[], int],
        settled: Callable[[], Deferred[None]],
        permissions: Callable[[], Permissions],
        login: Login,
        run_command: Callable[[Caller, str, Source | None], Deferred[Answer]],
        describe: Callable[[Caller], Sequence[Mapping[str, Any]]],
        on_presence: Callable[[str, bool], object],
        servers: Callable[[], Sequence[Mapping[str, Any]]],
        online: Callable[[], Iterable[tuple[str, Player]]],
        name: str = "gmkit",
    ) -> None:
        """``position``: the ``seq`` of the newest event the desk has folded, appended or not.
        ``settled``: fires once everything decided so far is durable and has been published.
        ``on_presence(gm, connected)``: a GM's first terminal came, or the last has gone.
        ``online``: every player online with their server. ``clock``: a reactor, or a Clock.
        """
        self.clock = clock
        self.events_log = log
        self.login = login
        self.run = run_command
        self.describe = describe
        self.name = name
        self.published = log.durable
        self._desk = desk
        self._position = position
        self._settled = settled
        self._permissions = permissions
        self._online = online
        self._packer = EventPacker()
        self._audiences: dict[tuple[str, ...], Audience] = {}
        self._sessions: dict[GateSession, None] = {}
        self._present = Present(desk=desk, servers=servers, terminals=self.terminals)
        self.presence = Presence(self._on_duty, on_presence)
        self._sweeping = LoopingCall(self._sweep)
        self._sweeping.clock = clock

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to look after silent terminals."""
        self._sweeping.start(SWEEP, now=False).addErrback(
            lambda fault: self.log.failure("gate: sweeping failed", fault)
        )

    def stop(self) -> None:
        """Say goodbye to every terminal."""
        if self._sweeping.running:
            self._sweeping.stop()
        for session in list(self._sessions):
            session.turn_away(Stopping())

    def unix_factory(self) -> Factory[Any]:
        """Makes the protocols of a Unix socket, whose peers the kernel names."""
        return self._factory(_unix_peer)

    def tls_factory(self) -> Factory[Any]:
        """Makes the protocols of TLS connections, who log in by password."""
        return self._factory(_tls_peer)

    def _factory(self, peer_of: Callable[[Any], Peer]) -> Factory[Any]:
        factory: Factory[Any] = Factory.forProtocol(lambda: GateSession(self, peer_of))
        factory.noisy = False
        return factory

    # --- events -------------------------------------------------------------------------------

    def publish(self, events: Sequence[Event]) -> None:
        """Hand a durable batch to every terminal that may see it. Batches come in order."""
        if not events:
            return
        self.published = seq = events[-1].seq
        watched = [audience for audience in self._audiences.values() if audience.live]
        if watched:
            packed = self.packed(events)
            for audience in watched:
                data = audience.bytes(events, packed)
                for stream in list(audience.live):
                    stream.publish(data, seq)
        for event in events:
            if event.kind == "gm_changed":
                self._account_changed(event.data)

    def packed(self, events: Sequence[Event]) -> list[bytes]:
        """Each event ready for the wire."""
        pack = self._packer.packed
        return [pack(event) for event in events]

    def audience(self, account: AccountView) -> Audience:
        """Those who see what this account sees."""
        patterns = tuple(sorted(self.visible(account)))
        audience = self._audiences.get(patterns)
        if audience is None:
            audience = self._audiences[patterns] = Audience(patterns, self._permissions())
        return audience

    def visible(self, account: AccountView) -> tuple[str, ...]:
        """Patterns of the servers that the account may see."""
        return self._permissions().visible(account)

    def refresh(self) -> None:
        """Permissions, tags or servers changed: look anew at who may see what."""
        self._audiences.clear()
        for session in list(self._sessions):
            if session.account is not None:
                session.stream.see(self.audience(session.account))

    async def show_present(
        self, session: GateSession, since: int | None, most: int | None, reset: bool
    ) -> None:
        """Send the snapshot once all it shows is durable, then the events behind it."""
        assert session.account is not None
        seq = self._position()
        audience = self.audience(session.account)
        messages = self._present.messages(
            seq, session.account.name, audience, TICKETS if most is None else most
        )
        await self._settled()
        for message in messages:
            session.send(message.pop("type"), reset=reset, **message)
        session.follow(seq if since is None else min(since, seq))

    def stream_failed(self, failure: Failure, stream: GateStream) -> None:
        """The log could not be read for a terminal: it may come again."""
        self.log.failure("gate: the log could not be read for a terminal", failure)
        for session in list(self._sessions):
            if session.stream is stream:
                session.turn_away(LogUnreadable())

    def players(
        self, account: AccountView, part: str, server: str | None, limit: int
    ) -> list[dict[str, Any]]:
        """Players online whose name contains ``part``, on servers the account covers; none for
        those who may not ask who is online."""
        may = self._permissions().may
        if not (may(account, "player.find") or may(account, "player.who")):
            return []
        audience, part = self.audience(account), part.casefold()
        found: list[dict[str, Any]] = []
        for where, player in self._online():
            if len(found) >= limit:
                break
            fits = server in (None, where) and part in player.name.casefold()
            if fits and audience.covers(where):
                found.append({"name": player.name, "id": player.id, "server": where})
        return found

    # --- terminals ----------------------------------------------------------------------------

    @property
    def connections(self) -> int:
        """How many terminals there are, at least 1."""
        return max(1, len(self._sessions))

    def opened(self, session: GateSession) -> None:
        """A connection was made. Raises TooMany."""
        strangers = [s for s in self._sessions if s.account is None]
        neighbours = sum(s.peer.address == session.peer.address for s in strangers)
        if session.peer.uid is None and neighbours >= MOST_STRANGERS_PER_ADDRESS:
            raise TooMany(most=MOST_STRANGERS_PER_ADDRESS)
        if len(strangers) >= MOST_STRANGERS:
            raise TooMany(most=MOST_STRANGERS)
        self._sessions[session] = None

    def logged_in(self, session: GateSession, account: AccountView) -> None:
        """A terminal proved who it is. Raises TooMany."""
        if self.terminals(account.name) >= MOST_PER_ACCOUNT:
            raise TooMany(most=MOST_PER_ACCOUNT)
        self.log.info("gate: {gm} came from {peer}", gm=account.name, peer=session.peer.address)

    def lost(self, session: GateSession) -> None:
        """A connection ended."""
        self._sessions.pop(session, None)
        if session.account is not None:
            self.presence.changed(session.account.name)

    def terminals(self, gm: str) -> int:
        """How many terminals of this GM are connected."""
        return len(self._of(gm))

    def _on_duty(self, gm: str) -> int:
        return sum(session.duty for session in self._of(gm))

    def _of(self, gm: str | None) -> list[GateSession]:
        return [s for s in self._sessions if s.account is not None and s.account.name == gm]

    def _account_changed(self, change: Mapping[str, Any]) -> None:
        """Throw out a disabled account; let others see what they may see now."""
        gm = str(change.get("name"))
        if change.get("password") is not None or change.get("disabled"):
            self.login.tokens.revoke(gm)
        account = self._desk.account(gm)
        for session in self._of(gm):
            if account is None or account.disabled:
                session.turn_away(AccountDisabled(name=gm))
            else:
                session.account = account
                session.stream.see(self.audience(account))

    def _sweep(self) -> None:
        now = self.clock.seconds()
        for session in list(self._sessions):
            if session.account is None and now - session.opened > HELLO_WITHIN:
                session.turn_away(LateHello(seconds=int(HELLO_WITHIN)))
            elif now - session.heard > SILENCE and not session.waits_for_us:
                session.turn_away(Silent(seconds=int(SILENCE)))

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something in a while; harmless if its terminal has gone by then."""
        self.clock.callLater(seconds, call)

    def linger(self, transport: Any, seconds: float) -> None:
        """Cut a connection that has been ended but whose peer does not let go."""
        self.clock.callLater(seconds, transport.abortConnection)


def _unix_peer(transport: Any) -> Peer:
    uid = peer_uid(transport)
    return Peer(f"uid {uid}" if uid is not None else "socket", uid)


def _tls_peer(transport: Any) -> Peer:
    return Peer(str(getattr(transport.getPeer(), "host", "unknown")))
