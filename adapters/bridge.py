"""Games whose owners have added the bridge protocol: they dial in and prove themselves.

The protocol is docs/bridge-protocol.md. The daemon's bridge port does the handshake and keeps the
connection; this adapter says what the messages mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TookTooLong

from gmkit.adapter import (
    Adapter,
    BadOption,
    Channel,
    Gone,
    Limits,
    Link,
    LinkLost,
    Player,
    Refused,
    Source,
    option,
)
from gmkit.wire import messages as wire
from gmkit.wire.messages import ROSTER, SLACK, WINDOW, BadMessage, Unfit

Message = Mapping[str, Any]

TOLD_WITHIN = 30.0
"""Seconds that a game has to show a line and to say so."""
ANSWERED_WITHIN = 10.0
"""Seconds that a game has to do or to find what it was asked for."""


class GameRefused(Refused):
    """{server} says: {problem}"""


class NoAnswer(Refused):
    """{server} did not answer within {seconds} seconds. It may have done it all the same."""


@dataclass(frozen=True)
class BridgeOptions:
    """The keys of a ``[[server]]`` whose adapter is ``bridge``."""

    token: str = option(help="The secret that the game proves to know.", secret=True)

    def __post_init__(self) -> None:
        if len(self.token) < 8:
            raise BadOption(key="token", problem="must have at least 8 characters.")


class Bridge(Adapter):
    """One game server that dials in."""

    title = "Bridge"
    Options = BridgeOptions
    confirms = True

    def __init__(self, options: Any, link: Link, reactor: Any) -> None:
        super().__init__(options, link, reactor)
        self._channel: Channel | None = None
        self._can: frozenset[str] = frozenset()
        self._online: dict[str, Player] = {}
        self._stream = ""
        self._seen = self._said = self._settled = self._acked = 0
        self._next: int | None = None
        self._calls = 0
        self._asked: dict[str, Deferred[Any]] = {}
        self._telling: dict[str, Deferred[None]] = {}

    async def run(self) -> None:
        """Wait for the game and serve it, again and again."""
        while True:
            channel = await self.link.accept(self.options.token)
            try:
                self._begin(channel)
                await channel.each(self._receive)
            except LinkLost as lost:
                self.link.down(str(lost))
            finally:
                self._end(channel)

    async def tell(self, player: Player, text: str, delivery: str) -> None:
        """Show one line; ends when the game says that it did. Raises Gone or LinkLost."""
        told: Deferred[None] = Deferred()
        before = self._telling.get(delivery)
        self._tell(player, text, delivery, True)
        self._telling[delivery] = told
        if before is not None:
            before.errback(LinkLost(reason="The line was sent again meanwhile."))
        told.addTimeout(TOLD_WITHIN, self.reactor)
        try:
            await told
        except TookTooLong:
            reason = f"The game did not confirm a line within {TOLD_WITHIN:g} seconds."
            raise LinkLost(reason=reason) from None
        finally:
            if self._telling.get(delivery) is told:
                del self._telling[delivery]

    def notify(self, player: Player, text: str, delivery: str) -> None:
        """Show one line whose loss does no harm: nothing comes back."""
        if self._channel is not None:
            self._tell(player, text, delivery, False)

    async def announce(self, text: str) -> None:
        """Show one line to everybody."""
        self._connected().send({"type": "announce", "text": text})

    async def who(self) -> list[Player]:
        """Who is on the server, by what the game has told."""
        self._connected()
        return list(self._online.values())

    def settled(self, source: Source) -> None:
        """Let the game forget what is on disk."""
        if source.stream == self._stream and source.n > self._settled:
            self._settled = source.n
            self._ack()

    def can(self) -> frozenset[str]:
        """What the game says that it can do."""
        return self._can

    async def lookup(self, player: Player) -> dict[str, Any]:
        """Facts about the player."""
        value = await self._call("lookup", player)
        return value if isinstance(value, dict) else {}

    async def inventory(self, player: Player) -> list[dict[str, Any]]:
        """What the player carries."""
        return _rows(await self._call("inventory", player))

    async def purchases(self, player: Player) -> list[dict[str, Any]]:
        """What the player bought."""
        return _rows(await self._call("purchases", player))

    async def logins(self, player: Player) -> list[dict[str, Any]]:
        """When the player came."""
        return _rows(await self._call("logins", player))

    async def kick(self, player: Player, reason: str) -> None:
        """Send the player out."""
        await self._call("kick", player, reason=reason)

    async def mute(self, player: Player, seconds: float, reason: str) -> None:
        """Silence the player."""
        await self._call("mute", player, seconds=seconds, reason=reason)

    async def unmute(self, player: Player) -> None:
        """Let the player speak again."""
        await self._call("unmute", player)

    async def ban(self, player: Player, seconds: float, reason: str) -> None:
        """Lock the player out."""
        await self._call("ban", player, seconds=seconds, reason=reason)

    async def unban(self, player: Player) -> None:
        """Let the player in again."""
        await self._call("unban", player)

    async def teleport(self, player: Player, place: str) -> None:
        """Move the player."""
        await self._call("teleport", player, place=place)

    async def give(self, player: Player, item: str, count: int) -> None:
        """Put items into the player's hands."""
        await self._call("give", player, item=item, count=count)

    async def mail(self, player: Player, subject: str, text: str) -> None:
        """Send in-game mail."""
        await self._call("mail", player, subject=subject, text=text)

    # --- one connection -------------------------------------------------------------------------

    def _begin(self, channel: Channel) -> None:
        hello = wire.hello(channel.hello)
        if hello.stream != self._stream:
            self._stream = hello.stream
            self._seen = self._said = self._settled = self.link.settled_up_to(hello.stream)
        self._channel, self._next, self._acked = channel, None, 0
        self._can = hello.can
        self._online = {}
        most = hello.limits.bytes or wire.TEXT
        self.limits = Limits(
            hello.limits.characters, most, lines_per_second=hello.limits.lines_per_second
        )
        if hello.triggers:
            self.help_triggers = hello.triggers  # type: ignore[misc]
        self.link.up(hello.client)

    def _end(self, channel: Channel) -> None:
        self._channel = None
        channel.close("gmkit stops serving this server for now; try again.")
        lost = [*self._telling.values(), *self._asked.values()]
        self._telling, self._asked = {}, {}
        for waiting in lost:
            waiting.errback(LinkLost(reason="The connection to the game was lost."))

    def _connected(self) -> Channel:
        if self._channel is None:
            raise LinkLost(reason="The game is not connected.")
        return self._channel

    def _tell(self, player: Player, text: str, delivery: str, confirm: bool) -> None:
        message: dict[str, Any] = {"type": "tell", "id": delivery, "player": player.id}
        message["text"] = text
        if not confirm:
            message["confirm"] = False
        self._connected().send(message)

    async def _call(self, verb: str, player: Player, **arguments: Any) -> Any:
        channel = self._connected()
        if verb not in self._can:
            raise self.unable(verb)
        self._calls += 1
        call = f"c{self._calls}"
        asked: Deferred[Any] = Deferred()
        self._asked[call] = asked
        who = {"player": player.id, "name": player.name}
        channel.send({"type": "call", "id": call, "verb": verb, **who, "arguments": arguments})
        asked.addTimeout(ANSWERED_WITHIN, self.reactor)
        try:
            return await asked
        except TookTooLong:
            raise NoAnswer(server=self.link.server, seconds=f"{ANSWERED_WITHIN:g}") from None
        finally:
            self._asked.pop(call, None)

    # --- what the game says ---------------------------------------------------------------------

    def _receive(self, messages: Sequence[Message]) -> None:
        for message in messages:
            kind = message.get("type")
            if kind == "said":
                n = self._number(message)
                if n:
                    self._on_said(n, message)
            elif type(kind) is str:
                self._other(kind, message)
        self._ack()

    def _on_said(self, n: int, message: Message) -> None:
        try:
            player, text = wire.said(message)
        except Unfit as fault:
            self._refuse(n, fault)
        else:
            self._said = n
            self.link.said(player, text, Source(self._stream, n))

    def _number(self, message: Message) -> int:
        """The message's number, 0 for a repeat. Raises BadMessage for a gap or above the window."""
        n = wire.number(message)
        if self._next is None:
            self._acked = n - 1
        elif n != self._next:
            raise BadMessage(type=wire.kind(message), problem=f"id is {n} after {self._next - 1}.")
        self._next = n + 1
        if n - self._acked > SLACK * WINDOW:
            raise BadMessage(type=wire.kind(message), problem=f"only {WINDOW} may be under way.")
        if n <= self._seen:
            return 0
        self._seen = n
        return n

    def _other(self, kind: str, message: Message) -> None:
        if kind in _PRESENCE:
            n = self._number(message)
            if n:
                try:
                    _PRESENCE[kind](self, message)
                except Unfit as fault:
                    self._refuse(n, fault)
        elif kind == "told":
            self._told(message)
        elif kind == "result":
            self._result(message)

    def _refuse(self, n: int, fault: Unfit) -> None:
        refused = {"type": "refused", "id": n, "reason": fault.reason, "sentence": str(fault)}
        self._connected().send(refused)

    def _ack(self) -> None:
        """Acknowledge up to the last line on disk, and what follows it without any line."""
        upto = self._seen if self._settled >= self._said else self._settled
        if upto > self._acked and self._channel is not None and self._next is not None:
            self._acked = upto
            self._channel.ack(upto)

    def _joined(self, message: Message) -> None:
        player = wire.player(message)
        self._remember(player)
        self.link.joined(player)

    def _left(self, message: Message) -> None:
        player_id = wire.player_id(message)
        self._online.pop(player_id, None)
        self.link.left(player_id)

    def _renamed(self, message: Message) -> None:
        player = wire.player(message)
        self._remember(player)
        self.link.renamed(player)

    def _remember(self, player: Player) -> None:
        if player.id in self._online or len(self._online) < ROSTER:
            self._online[player.id] = player

    def _data(self, message: Message) -> None:
        self.link.data(wire.player_id(message), wire.facts(message))

    def _roster(self, message: Message) -> None:
        players = wire.roster(message)
        self._online = {player.id: player for player in players}
        self.link.roster(players)

    def _told(self, message: Message) -> None:
        delivery, result = message.get("id"), message.get("result")
        told = self._telling.pop(delivery, None) if isinstance(delivery, str) else None
        if told is None:
            return
        if message.get("unsure") is True:
            note = "{server} ended while it showed {delivery}; it may not have been seen"
            self.link.log.warn(  # noqa: G010 - Twisted's logger
                note, server=self.link.server, delivery=delivery
            )
        if result == "shown":
            told.callback(None)
        else:
            told.errback(Gone())

    def _result(self, message: Message) -> None:
        call = message.get("id")
        asked = self._asked.pop(call, None) if isinstance(call, str) else None
        if asked is None:
            return
        try:
            value = message.get("value")
            wire.plain(value, "value")
        except Unfit as fault:
            asked.errback(GameRefused(server=self.link.server, problem=str(fault)))
            return
        if message.get("ok") is True:
            asked.callback(value)
        else:
            problem = str(message.get("error") or "that did not work.")[:1000]
            asked.errback(GameRefused(server=self.link.server, problem=problem))


_PRESENCE: Mapping[str, Callable[[Bridge, Message], None]] = {
    "joined": Bridge._joined,
    "left": Bridge._left,
    "renamed": Bridge._renamed,
    "data": Bridge._data,
    "roster": Bridge._roster,
}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
