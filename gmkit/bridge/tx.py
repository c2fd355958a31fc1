"""The bridge for game servers that run on Twisted."""

from __future__ import annotations

import os
import random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import Certificate, optionsForClientTLS, trustRootFromCertificates
from twisted.python.failure import Failure

from gmkit.errors import GMError
from gmkit.wire.frames import Decoder

from .driver import CONNECT_WITHIN, Address, Driver, Pauses, address, why
from .game import Game
from .store import Store
from .work import Lost, Welcomed, Work


class Bridge(Driver):
    """``Bridge(game, "tls://gm.example:7601", server=…, token=…, reactor=reactor).start()``.

    Call its methods in the reactor's thread. The game's methods may be coroutine functions or
    return Deferreds.
    """

    def __init__(
        self,
        game: Game,
        where: str,
        *,
        server: str,
        token: str,
        reactor: Any,
        spool: str | os.PathLike[str] | Store | None = None,
        cafile: str | None = None,
        endpoint: IStreamClientEndpoint | None = None,
        jitter: random.Random | None = None,
    ) -> None:
        """``where`` is ``tcp://host:port`` or ``tls://host:port``; ``cafile`` a certificate to
        trust besides; ``endpoint``, where given, is dialled instead."""
        target = address(where, "tcp", "tls")
        super().__init__(game, target, server=server, token=token, spool=spool)
        self._reactor = reactor
        self._endpoint = endpoint or _endpoint(reactor, target, cafile)
        self._pauses = Pauses(jitter or random.Random())
        self._line: _Line | None = None
        self._dialling: Deferred[Any] | None = None
        self._timer: Any = None
        self._flushing = False
        self._running = False

    def start(self) -> None:
        """Dial, and stay connected until ``stop``."""
        self._running = True
        self._dial()

    def stop(self) -> None:
        """Hang up. The bridge cannot be started again."""
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._dialling is not None:
            self._dialling.cancel()
        if self._line is not None:
            self._line.abort()
        self._session.close()

    # --- for the connection ---------------------------------------------------------------------

    def made(self, line: _Line) -> None:
        """A connection stands."""
        self._line = line
        self._session.connect(self._reactor.seconds())
        self._flush()
        self._timer = self._reactor.callLater(1.0, self._tick)

    def came(self, messages: list[dict[str, Any]]) -> None:
        """Messages of gmkit. Raises Ended."""
        for work in self._session.receive(messages, self._reactor.seconds()):
            self._do(work)
        self._flush()

    def gone(self, fault: BaseException) -> None:
        """The connection is lost or did not come to be."""
        self._line = None
        self._session.lost()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._running:
            self._do(Lost(why(fault)))
            self._timer = self._reactor.callLater(self._pauses.next(fault), self._dial)

    # --------------------------------------------------------------------------------------------

    def _dial(self) -> None:
        self._dialling = self._endpoint.connect(_Lines(self))
        self._dialling.addCallbacks(self._dialled, self._failed_to_dial)

    def _dialled(self, _: object) -> None:
        self._dialling = None

    def _failed_to_dial(self, failure: Failure) -> None:
        self._dialling = None
        fault = failure.value
        self.gone(fault if fault is not None else ConnectionError("no connection."))

    def _do(self, work: Work) -> None:
        if isinstance(work, Welcomed):
            self._pauses.succeeded()
        later = self._perform(work)
        if later is not None:
            Deferred.fromCoroutine(later)

    def _tick(self) -> None:
        line = self._line
        if line is None:
            return
        try:
            self._session.tick(self._reactor.seconds())
        except GMError as fault:
            line.end(fault)
            return
        self._flush()
        self._timer = self._reactor.callLater(1.0, self._tick)

    def _wake(self) -> None:
        if not self._flushing and self._line is not None:
            self._flushing = True
            self._reactor.callLater(0, self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._line is not None:
            data = self._outgoing(self._reactor.seconds())
            if data:
                self._line.write(data)


class _Line(Protocol):
    """One connection with gmkit."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._decoder = Decoder()
        self._fault: BaseException | None = None

    def connectionMade(self) -> None:
        self._bridge.made(self)

    def dataReceived(self, data: bytes) -> None:
        if self._fault is None:
            try:
                self._bridge.came(self._decoder.feed(data))
            except GMError as fault:
                self.end(fault)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        fault = self._fault or reason.value
        self._bridge.gone(fault if fault is not None else ConnectionError("closed."))

    def write(self, data: bytes) -> None:
        """Send bytes."""
        transport: Any = self.transport
        transport.write(data)

    def end(self, fault: BaseException) -> None:
        """Close because of a fault."""
        self._fault = fault
        self.abort()

    def abort(self) -> None:
        """Close now."""
        transport: Any = self.transport
        transport.abortConnection()


class _Lines(Factory):
    noisy = False

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def buildProtocol(self, addr: object) -> _Line:
        return _Line(self._bridge)


def _endpoint(reactor: Any, where: Address, cafile: str | None) -> IStreamClientEndpoint:
    plain: IStreamClientEndpoint = HostnameEndpoint(
        reactor, where.host.encode(), where.port, CONNECT_WITHIN
    )
    if not where.secure:
        return plain
    trust = None
    if cafile is not None:
        with open(cafile, "rb") as file:
            trust = trustRootFromCertificates([Certificate.loadPEM(file.read())])
    options = optionsForClientTLS(where.host, trustRoot=trust)
    wrapped: IStreamClientEndpoint = wrapClientTLS(options, plain)
    return wrapped
