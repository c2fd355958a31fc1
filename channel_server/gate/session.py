"""One terminal's connection: greeting, requests, heartbeats."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from gmkit.command import Answer
from gmkit.desk.view import AccountView
from gmkit.errors import GMError
from gmkit.i18n import closest, language
from gmkit.model import Source
from gmkit.text import safe
from gmkit.wire.frames import Decoder, frame
from gmkit.wire.gate import (
    HEARTBEAT,
    MAX_FROM_TERMINAL,
    MAX_HELLO,
    MAX_LINE,
    SILENCE,
    VERSION,
)

from ..dispatch.caller import Caller
from ..pacing import Bucket
from .goodbyes import BadHello, BadVersion, Garbled, TurnedAway
from .login import Peer
from .stream import GateStream
from .wire_form import plain

if TYPE_CHECKING:
    from .gate import Gate

COMMANDS_PER_SECOND = 20.0
COMMANDS_BURST = 100.0
SHORTEST = 0.01
"""Seconds; a shorter wait may be none at all in a clock that counts from 1970."""
MOST_RUNNING = 32
LINGER = 5.0
"""Seconds in which a terminal may take in what ends the connection."""


class BadRequest(GMError):
    """The terminal's request is wrong: {problem}"""


class Failed(GMError):
    """Something went wrong inside gmkit; the daemon's log says what. Tell whoever runs it."""


class GateSession(Protocol):
    """The daemon's end of one terminal's connection."""

    def __init__(self, gate: Gate, peer_of: Callable[[Any], Peer]) -> None:
        self._gate = gate
        self._peer_of = peer_of
        self._decoder = Decoder(MAX_FROM_TERMINAL)
        self._inbox: deque[dict[str, Any]] = deque()
        self._early = 0
        self._greeted = False
        self._running = 0
        self._reading = True
        self._slowed = False
        self._told_slow = False
        self._subscribed = False
        self.closed = False
        self.account: AccountView | None = None
        self.peer = Peer("")
        self.lang = "en"
        self.duty = False

    # --- the connection -----------------------------------------------------------------------

    def connectionMade(self) -> None:
        self._clock = self._gate.clock
        self.opened = self.heard = self._clock.seconds()
        self._allowance = Bucket(COMMANDS_BURST, COMMANDS_PER_SECOND, self.opened)
        self.peer = self._peer_of(self.transport)
        self.stream = GateStream(self._gate, self.transport)
        self.stream.drained = self._work  # type: ignore[method-assign]
        self.transport.registerProducer(self.stream, True)  # type: ignore[union-attr]
        try:
            self._gate.opened(self)
        except TurnedAway as why:
            self.turn_away(why)

    def dataReceived(self, data: bytes) -> None:
        if self.closed:
            return
        self.heard = self._clock.seconds()
        if self.account is None:
            self._early += len(data)
            if self._early > MAX_HELLO:
                self.turn_away(BadHello())
                return
        try:
            self._inbox += self._decoder.feed(data)
        except GMError as bad:
            self.turn_away(
                Garbled(problem=bad.sentence()) if self.account is not None else BadHello()
            )
            return
        self._work()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.closed = True
        self._inbox.clear()
        self.stream.close()
        self._gate.lost(self)

    def turn_away(self, why: TurnedAway) -> None:
        """End the connection and say why."""
        if self.closed:
            return
        self._gate.log.info(
            "gate: {peer} {gm} turned away: {why}",
            peer=self.peer.address,
            gm=self.account.name if self.account else "-",
            why=safe(why.sentence()),
        )
        self.send(
            "goodbye", code=why.code, sentence=self._translated(why), retry=why.retry, **why.facts
        )
        self.closed = True
        self._inbox.clear()
        self.stream.close()
        transport: Any = self.transport
        transport.unregisterProducer()
        transport.loseConnection()
        self._gate.linger(transport, LINGER)

    def send(self, type: str, **message: Any) -> None:
        """One message to the terminal."""
        if not self.closed:
            self.stream.write(frame([plain({"type": type, **message})]))

    def _translated(self, error: GMError) -> str:
        return error.sentence(language(self.lang).gettext)

    # --- what the terminal asks -----------------------------------------------------------------

    def _work(self) -> None:
        """Serve what has come, unless the terminal does not read or asks too much at once."""
        while self._inbox and not self.closed:
            if self.stream.full or self._running >= MOST_RUNNING or self._slowed:
                break
            if self.account is None and self._greeted:
                break  # logging in: what follows the greeting waits
            message = self._inbox[0]
            if self.account is not None and not self._may_go_on():
                break
            self._inbox.popleft()
            self._serve(message)
        self._read(not self._inbox)

    def _may_go_on(self) -> bool:
        """Whether the terminal keeps to its rate; otherwise it is served a little later."""
        now = self._clock.seconds()
        if self._allowance.take(now):
            return True
        self._slowed = True
        self._gate.later(max(self._allowance.wait(now), SHORTEST), self._speed_up)
        if not self._told_slow:
            self._told_slow = True
            self.send("notice", sentence=language(self.lang).gettext(self._gate.TOO_FAST))
        return False

    def _speed_up(self) -> None:
        self._slowed = False
        self._work()

    def _read(self, on: bool) -> None:
        """Stop reading while what has come waits: the rest stays in the terminal's kernel."""
        if on is self._reading or self.closed:
            return
        self._reading = on
        transport: Any = self.transport
        if on:
            self.heard = self._clock.seconds()
            transport.resumeProducing()
        else:
            transport.pauseProducing()

    @property
    def waits_for_us(self) -> bool:
        """Whether the terminal is not being read, so that its silence means nothing."""
        return not self._reading

    def _serve(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        if self.account is None:
            self._hello(message)
            return
        serve = self._SERVED.get(kind) if isinstance(kind, str) else None
        if serve is not None:
            serve(self, message)

    def _hello(self, hello: dict[str, Any]) -> None:
        if hello.get("type") != "hello":
            self.turn_away(BadHello())
            return
        lang = hello.get("lang")
        self.lang = closest(lang if isinstance(lang, str) else None)
        if hello.get("version") != VERSION:
            theirs = hello.get("version")
            theirs = theirs if isinstance(theirs, int) else "?"
            self.turn_away(BadVersion(ours=VERSION, theirs=theirs))
            return
        self._greeted = True
        Deferred.fromCoroutine(self._log_in(hello)).addErrback(self._broken)

    async def _log_in(self, hello: dict[str, Any]) -> None:
        try:
            account = await self._gate.login.account(hello, self.peer)
            if self.closed:
                return
            self._gate.logged_in(self, account)
        except TurnedAway as why:
            self.turn_away(why)
            return
        self.account = account
        self.duty = hello.get("duty") is True
        self.send(
            "welcome",
            version=VERSION,
            daemon=self._gate.name,
            gm=account.name,
            role=account.role,
            servers=list(self._gate.visible(account)),
            token=self._gate.login.tokens.issue(account.name),
            seq=self._gate.published,
            heartbeat=HEARTBEAT,
            silence=SILENCE,
        )
        self._gate.presence.changed(account.name)
        self._work()

    def _broken(self, failure: Failure) -> None:
        self._gate.log.failure("gate: a terminal's login failed", failure)
        self.turn_away(Garbled(problem=Failed().sentence()))

    def _ping(self, message: dict[str, Any]) -> None:
        self.send("pong", n=_id(message.get("n")), seq=self.stream.cursor)

    def _presence(self, message: dict[str, Any]) -> None:
        assert self.account is not None
        self.duty = message.get("duty") is True
        self._gate.presence.changed(self.account.name)

    def _commands(self, message: dict[str, Any]) -> None:
        rows = self._gate.describe(self.caller(message))
        self.send("commands", id=_id(message.get("id")), commands=rows)

    def _players(self, message: dict[str, Any]) -> None:
        assert self.account is not None
        part, server, limit = message.get("part"), message.get("server"), message.get("limit")
        rows = self._gate.players(
            self.account,
            part if isinstance(part, str) else "",
            server if isinstance(server, str) else None,
            min(limit, 100) if isinstance(limit, int) and limit > 0 else 20,
        )
        self.send("players", id=_id(message.get("id")), players=rows)

    def caller(self, message: dict[str, Any]) -> Caller:
        """The GM at this terminal, in the language of the request."""
        assert self.account is not None
        lang = message.get("lang")
        return Caller(self.account.name, closest(lang) if isinstance(lang, str) else self.lang)

    # --- events -------------------------------------------------------------------------------

    def _subscribe(self, message: dict[str, Any]) -> None:
        if self._subscribed:
            return
        self._subscribed = True
        since, tickets = message.get("since"), message.get("tickets")
        since = since if isinstance(since, int) and since >= 0 else None
        lost = since is not None and since > self._gate.published
        if since is None or lost or message.get("snapshot") is True:
            most = tickets if isinstance(tickets, int) else None
            shown = self._gate.show_present(self, None if lost else since, most, reset=lost)
            Deferred.fromCoroutine(shown).addErrback(self._gate.stream_failed, self.stream)
        else:
            self.follow(since)

    def follow(self, cursor: int) -> None:
        """Send every event behind ``cursor``, then those that happen."""
        assert self.account is not None
        if not self.closed:
            self.stream.start(cursor, self._gate.audience(self.account))

    # --- commands -----------------------------------------------------------------------------

    def _do(self, message: dict[str, Any]) -> None:
        id, line, caller = _id(message.get("id")), message.get("line"), self.caller(message)
        source = _source(message.get("source"))
        if id is None or not isinstance(line, str) or len(line) > MAX_LINE:
            bad = BadRequest(problem=f"do needs an id and a line of at most {MAX_LINE} characters.")
            self._refuse(id, bad, caller)
            return
        self._running += 1
        running = self._gate.run(caller, line, source)
        running.addCallbacks(
            self._answer, self._refuse_failure, callbackArgs=(id, caller), errbackArgs=(id, caller)
        )
        running.addErrback(self._refuse_failure, id, caller)
        running.addBoth(self._ended)

    def _ended(self, _: object) -> None:
        self._running -= 1
        self._work()

    def _answer(self, answer: Answer, id: int | str, caller: Caller) -> None:
        sentence = ""
        if answer.sentence:
            sentence = language(caller.lang).gettext(answer.sentence).format(**answer.facts)
        self.send(
            "answer",
            id=id,
            data=answer.data,
            view=answer.view,
            sentence=sentence,
            facts=answer.facts,
        )

    def _refuse_failure(self, failure: Failure, id: int | str, caller: Caller) -> None:
        error = failure.value
        if not isinstance(error, GMError):
            self._gate.log.failure("gate: a command of {gm} failed", failure, gm=caller.gm)
            error = Failed()
        self._refuse(id, error, caller)

    def _refuse(self, id: int | str | None, error: GMError, caller: Caller) -> None:
        self.send(
            "refused",
            id=id,
            code=error.code,
            sentence=error.sentence(language(caller.lang).gettext),
            facts=error.facts,
        )

    _SERVED: ClassVar[dict[str, Callable[[GateSession, dict[str, Any]], None]]] = {
        "subscribe": _subscribe,
        "do": _do,
        "commands": _commands,
        "players": _players,
        "presence": _presence,
        "ping": _ping,
    }


def _id(value: Any) -> int | str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, str) and len(value) <= 64):
        return value
    return None


def _source(value: Any) -> Source | None:
    """A source as a terminal names it: ``[stream, n]``."""
    match value:
        case [str() as stream, int() as n] if 0 < len(stream) <= 64 and 0 < n < 1 << 53:
            return Source(stream, n)
        case _:
            return None
