"""Where games dial in: they prove themselves here, and whoever waits for a server gets its channel.

docs/bridge-protocol.md is the protocol. One port serves every form of it.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from gmkit.adapter import Channel, LinkLost

from .channel import GameChannel
from .guard import BridgeLimits, Guard
from .handshake import Handshake, Rejected
from .tcp import BridgeFactory
from .visitor import Visitor
from .website import BridgeSite, bridge_site

NOTED_FOR = 60.0
"""Seconds for which the same fault of the same address is not logged again."""
MOST_NOTED = 1000


class BridgePort:
    """The strangers at the door, the proven games that wait, and the channels in use."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        settled_up_to: Callable[[str, str], int],
        *,
        limits: BridgeLimits | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """``settled_up_to(server, stream)`` is the highest message of the stream on disk."""
        self._reactor = reactor
        self._settled_up_to = settled_up_to
        self.limits = limits or BridgeLimits()
        self._random = random
        self._guard = Guard(self.limits, self.now)
        self._tokens: dict[str, str] = {}
        self._waiting: dict[str, Deferred[Channel]] = {}
        self._parked: dict[str, Visitor] = {}
        self._channels: dict[str, GameChannel] = {}
        self._strangers: OrderedDict[Visitor, None] = OrderedDict()
        self._dirty: list[GameChannel] = []
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._sweeping: Any = None

    # --- for the daemon -------------------------------------------------------------------------

    def accept(self, server: str, token: str) -> Deferred[Channel]:
        """Wait for the game of ``server`` to dial in with ``token``.

        From now on the server is known, until it is forgotten: a game that comes while nobody
        waits is kept for a moment. Fails with LinkLost when another wait takes its place.
        """
        if self._tokens.get(server) != token:
            self._send_away(server, "The token has changed.")
        self._tokens[server] = token
        self._fail(server, "Another wait for this server took its place.")
        waiting: Deferred[Channel] = Deferred(lambda d: self._cancelled(server, d))
        self._waiting[server] = waiting
        if server in self._parked:
            self._admit(server, self._parked.pop(server))
        return waiting

    def forget(self, server: str) -> None:
        """The server is no longer served: its game is sent away, its token counts no more."""
        self._tokens.pop(server, None)
        self._send_away(server, "This server is not served any more.")
        self._fail(server, "This server is not served any more.")
        if server in self._channels:
            self._channels[server].bye("closed", "This server is not served any more.")

    def factory(self) -> BridgeFactory:
        """The protocol factory for TCP, TLS and Unix sockets."""
        return BridgeFactory(self)

    def site(self) -> BridgeSite:
        """The web site for the HTTP form: ``POST /bridge/1``."""
        return bridge_site(self, self._reactor)

    def stop(self) -> None:
        """Say good-bye to everybody. Stop listening before."""
        for channel in list(self._channels.values()):
            channel.bye("stopping", "gmkit stops; try again in a moment.")
        for visitor in [*self._strangers, *self._parked.values()]:
            visitor.reject(Rejected("stopping", "gmkit stops; try again in a moment."))
        if self._sweeping is not None and self._sweeping.active():
            self._sweeping.cancel()
        self._sweeping = None

    # --- Home and Door --------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds of the reactor's clock."""
        now: float = self._reactor.seconds()
        return now

    def later(self, seconds: float, do: Callable[..., Any], *arguments: Any) -> Any:
        """Call later."""
        return self._reactor.callLater(seconds, do, *arguments)

    def flush_soon(self, channel: GameChannel) -> None:
        """Have ``flush`` called at the end of this turn, once."""
        if channel.dirty:
            return
        channel.dirty = True
        if not self._dirty:
            self._reactor.callLater(0, self._flush)
        self._dirty.append(channel)

    def left(self, channel: GameChannel, reason: str) -> None:
        """The channel has ended."""
        if self._channels.get(channel.server) is channel:
            del self._channels[channel.server]
        self.log.info(
            "bridge: {server} at {peer} has left: {reason}",
            server=channel.server,
            peer=channel.peer,
            reason=reason,
        )

    def handshake(self, address: str) -> Handshake:
        """A handshake for a peer at this address."""
        return Handshake(
            address=address,
            token_of=self._tokens.get,
            guard=self._guard,
            limits=self.limits,
            random=self._random,
        )

    def secret(self) -> str:
        """A name that nobody can guess."""
        return self._random(16).hex()

    def arrived(self, visitor: Visitor) -> None:
        """Count a connection; when there are too many strangers the oldest has to go."""
        self._guard.opened(visitor.address)
        self._strangers[visitor] = None
        if self._sweeping is None:
            self._sweeping = self.later(1.0, self._sweep)
        if len(self._strangers) > self.limits.strangers:
            oldest, _ = self._strangers.popitem(last=False)
            oldest.reject(Rejected("busy", "Too many connections wait to prove themselves."))

    def departed(self, visitor: Visitor) -> None:
        """Forget a connection that was counted."""
        self._guard.closed(visitor.address)
        self._strangers.pop(visitor, None)
        hello = visitor.handshake.hello
        if hello is not None and self._parked.get(hello.server) is visitor:
            del self._parked[hello.server]

    def proven(self, visitor: Visitor) -> None:
        """Admit the game if somebody waits for it; it takes the place of an older connection."""
        self._strangers.pop(visitor, None)
        hello = visitor.handshake.hello
        assert hello is not None
        server = hello.server
        self._send_away(server, "A newer connection of this server took over.", "replaced")
        older = self._channels.get(server)
        self._parked[server] = visitor
        if older is not None:
            # Its adapter may wait for the next game at once, and then gets this one.
            older.bye("replaced", "A newer connection of this server took over.")
        if server in self._waiting and self._parked.get(server) is visitor:
            self._admit(server, self._parked.pop(server))

    def note(self, address: str, reason: str, sentence: str) -> None:
        """Log why somebody was sent away, once for a while."""
        key, now = (address, reason + sentence), self.now()
        if now - self._noted.get(key, -NOTED_FOR) < NOTED_FOR:
            return
        self._noted.pop(key, None)
        self._noted[key] = now
        if len(self._noted) > MOST_NOTED:
            self._noted.popitem(last=False)
        self.log.warn(  # noqa: G010 - Twisted's logger
            "bridge: sent {address} away ({reason}): {sentence}",
            address=address,
            reason=reason,
            sentence=sentence,
        )

    # --------------------------------------------------------------------------------------------

    def _admit(self, server: str, visitor: Visitor) -> None:
        hello = visitor.handshake.hello
        assert hello is not None
        channel = visitor.admit(self._settled_up_to(server, hello.stream))
        self._channels[server] = channel
        self._waiting.pop(server).callback(channel)

    def _send_away(self, server: str, sentence: str, reason: str = "closed") -> None:
        visitor = self._parked.pop(server, None)
        if visitor is not None:
            visitor.reject(Rejected(reason, sentence))

    def _fail(self, server: str, reason: str) -> None:
        waiting = self._waiting.pop(server, None)
        if waiting is not None:
            waiting.errback(Failure(LinkLost(reason=reason)))

    def _cancelled(self, server: str, waiting: Deferred[Channel]) -> None:
        if self._waiting.get(server) is waiting:
            del self._waiting[server]

    def _flush(self) -> None:
        dirty, self._dirty = self._dirty, []
        for channel in dirty:
            channel.dirty = False
            channel.flush()

    def _sweep(self) -> None:
        """Once a second: who took too long, who is silent, who needs to hear from us."""
        self._sweeping = None
        now, limits = self.now(), self.limits
        for visitor in list(self._strangers):
            if now - visitor.since < limits.handshake:
                break
            del self._strangers[visitor]
            sentence = f"The handshake took more than {limits.handshake:g} seconds."
            visitor.reject(Rejected("timeout", sentence))
        for server, visitor in list(self._parked.items()):
            if now - visitor.since >= limits.parked:
                self._send_away(server, "gmkit does not serve this server now.", "busy")
        for channel in list(self._channels.values()):
            channel.beat(now)
        if self._strangers or self._parked or self._channels:
            self._sweeping = self.later(1.0, self._sweep)
