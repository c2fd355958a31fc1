"""A link that remembers: what the core is to an adapter, in a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gmkit.adapter import Adapter, Channel, Link, LinkLost, Player, Source


class Said(NamedTuple):
    """One line that a player typed."""

    player: Player
    text: str
    source: Source | None


class FakeLink(Link):
    """Records everything an adapter tells.

    ``calls`` holds it all in order, each as the method's name and its arguments; ``state``,
    ``reason``, ``online``, ``lines`` and ``facts`` what it comes to. Nothing is settled until the
    test calls :meth:`settle`.
    """

    def __init__(self, server: str = "test") -> None:
        self.server = server
        self.log = Logger(namespace=f"fake.{server}")
        self.calls: list[tuple[Any, ...]] = []
        self.state = "connecting"
        self.reason = ""
        self.online: dict[str, Player] = {}
        self.lines: list[Said] = []
        self.facts: dict[str, dict[str, Any]] = {}
        self.streams: dict[str, int] = {}
        """How far each stream is on disk, as :meth:`settled_up_to` answers."""
        self._dialling: dict[str, list[Deferred[Channel]]] = {}

    def texts(self) -> list[str]:
        """What the players typed, in order."""
        return [line.text for line in self.lines]

    def settle(self, adapter: Adapter) -> None:
        """Everything said so far is on disk: tell the adapter, once for each line."""
        for line in self.lines:
            if line.source is not None and line.source.n > self.settled_up_to(line.source.stream):
                self.streams[line.source.stream] = line.source.n
                adapter.settled(line.source)

    def dial_in(self, token: str, channel: Channel) -> None:
        """A game dials in: the oldest ``accept`` of this token gets the channel."""
        self._dialling[token].pop(0).callback(channel)

    def up(self, detail: str = "") -> None:
        self._change("up", detail)

    def degraded(self, reason: str) -> None:
        self._change("degraded", reason)

    def down(self, reason: str) -> None:
        self._change("down", reason)

    def said(self, player: Player, text: str, source: Source | None = None) -> None:
        self.calls.append(("said", player, text, source))
        self.lines.append(Said(player, text, source))

    def joined(self, player: Player) -> None:
        self.calls.append(("joined", player))
        self.online[player.id] = player

    def left(self, player_id: str) -> None:
        self.calls.append(("left", player_id))
        self.online.pop(player_id, None)

    def renamed(self, player: Player) -> None:
        self.calls.append(("renamed", player))
        self.online[player.id] = player

    def data(self, player_id: str, facts: Mapping[str, Any]) -> None:
        self.calls.append(("data", player_id, dict(facts)))
        self.facts.setdefault(player_id, {}).update(facts)

    def roster(self, players: Sequence[Player]) -> None:
        self.calls.append(("roster", list(players)))
        self.online = {player.id: player for player in players}

    def settled_up_to(self, stream: str) -> int:
        return self.streams.get(stream, 0)

    def accept(self, token: str) -> Deferred[Channel]:
        self.calls.append(("accept", token))
        waiting: Deferred[Channel] = Deferred()
        self._dialling.setdefault(token, []).append(waiting)
        return waiting

    def _change(self, state: str, reason: str) -> None:
        self.calls.append((state, reason))
        self.state, self.reason = state, reason


class FakeChannel(Channel):
    """A game that dialled in: the test puts messages in and reads what was sent back."""

    def __init__(self, **hello: Any) -> None:
        self.hello = hello
        self.sent: list[Mapping[str, Any]] = []
        self.closed: str | None = None
        """Why the adapter ended the connection; None while it has not."""
        self._arrived: list[Mapping[str, Any]] = []
        self._waiting: Deferred[Sequence[Mapping[str, Any]]] | None = None
        self._lost: LinkLost | None = None

    def put(self, *messages: Mapping[str, Any]) -> None:
        """The game sends these together."""
        self._arrived += messages
        self._pass_on()

    def lose(self, reason: str = "The connection was lost.") -> None:
        """The connection ends, after what was sent on it."""
        self._lost = LinkLost(reason=reason)
        self._pass_on()

    def send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)

    def receive(self) -> Deferred[Sequence[Mapping[str, Any]]]:
        waiting: Deferred[Sequence[Mapping[str, Any]]] = Deferred()
        self._waiting = waiting
        self._pass_on()
        return waiting

    def close(self, reason: str) -> None:
        self.closed = reason
        self.lose(reason)

    def _pass_on(self) -> None:
        waiting = self._waiting
        if waiting is None or waiting.called:
            return
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            waiting.callback(arrived)
        elif self._lost is not None:
            waiting.errback(self._lost)
