"""A daemon's inside on a clock: desk, log in memory, links with scripted games."""

from __future__ import annotations

import random
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from gmkit.adapter import Adapter, Gone, Limits, Link, LinkLost
from gmkit.channel_server.deliveries.notices import Notices
from gmkit.channel_server.deliveries.outbox import Outbox
from gmkit.channel_server.links import ServerLink
from gmkit.channel_server.players.intake import Intake
from gmkit.channel_server.rosters import Rosters
from gmkit.channel_server.turn import Turn
from gmkit.config import Help, ServerConfig
from gmkit.desk import Desk, Rules
from gmkit.desk import requests as r
from gmkit.log.sqlite import SQLiteLog
from gmkit.model import Event, Player

ANN = Player("1", "Ann", "acc-ann")
ANN_ELSEWHERE = Player("77", "Ann2", "acc-ann")


class Game(Adapter):
    """A game whose connection and answers the test decides."""

    title = "Scripted"

    def __init__(self, options: Any, link: Link, reactor: Any) -> None:
        super().__init__(options, link, reactor)
        self.told: list[tuple[str, str, str]] = []
        self.announced: list[str] = []
        self.ended: Deferred[None] = Deferred()
        self.answers = "at once"
        self.pending: list[Deferred[None]] = []
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        self.ended = Deferred()
        if self.answers != "unreachable":
            self.link.up()
        else:
            raise LinkLost(reason="Nobody listens there.")
        await self.ended

    async def tell(self, player: Player, text: str, delivery: str) -> None:
        if self.answers == "gone":
            raise Gone()
        if self.answers == "later":
            waiting: Deferred[None] = Deferred()
            self.pending.append(waiting)
            await waiting
        self.told.append((player.id, text, delivery))

    async def announce(self, text: str) -> None:
        self.announced.append(text)

    async def who(self) -> list[Player]:
        return []

    def texts(self) -> list[str]:
        return [text for _, text, _ in self.told]


class NoDoor:
    def accept(self, server: str, token: str) -> Deferred[Any]:
        return Deferred()

    def forget(self, server: str) -> None:
        pass


class Inside:
    """Two servers, s1 and s2, and everything between them and the log."""

    def __init__(self, settings: Help | None = None, limits: Limits | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000.0)
        self.log = SQLiteLog(None, self.clock).open()
        self.desk = Desk(Rules())
        self.turn = Turn(desk=self.desk, log=self.log, reactor=self.clock)
        self.events: list[Event] = []
        self.turn.on_durable(self.events.extend)
        self.rosters = Rosters()
        self.links: dict[str, ServerLink] = {}
        self.outbox = Outbox(
            desk=self.desk,
            turn=self.turn,
            links=self.links,
            rosters=self.rosters,
            reactor=self.clock,
            expires=7 * 86_400.0,
        )
        self.notices = Notices(self.links)
        self.turn.on_durable(self.notices.announce)
        self.intake = Intake(
            desk=self.desk,
            turn=self.turn,
            settings=settings or Help(cooldown=0.0),
            notify=self.notices.notify,
            random=random.Random(1),
            run="r1",
        )
        for name in ("s1", "s2"):
            self.links[name] = self.link(name, limits)
            self.links[name].start()
        self.submit(r.AddGM(None, "amy", "gm"))

    def link(self, name: str, limits: Limits | None) -> ServerLink:
        def make(link: Link) -> Adapter:
            game = Game(None, link, self.clock)
            if limits is not None:
                game.limits = limits
            return game

        return ServerLink(
            ServerConfig(name, "scripted", {}),
            make_adapter=make,
            turn=self.turn,
            intake=self.intake,
            rosters=self.rosters,
            door=NoDoor(),
            settled=lambda server, stream: 0,
            on_ready=self.outbox.server_ready,
            on_joined=self.outbox.player_joined,
            reactor=self.clock,
            random=random.Random(1),
        )

    def game(self, name: str = "s1") -> Game:
        adapter = self.links[name].adapter
        assert isinstance(adapter, Game)
        return adapter

    def say(self, text: str, player: Player = ANN, server: str = "s1") -> None:
        self.links[server].said(player, text)
        self.pass_time()

    def submit(self, request: r.Request) -> list[Event]:
        done: list[Any] = []
        self.turn.submit(request).addBoth(done.append)
        self.pass_time()
        assert len(done) == 1, "no answer"
        assert isinstance(done[0], list), done[0]
        return done[0]

    def pass_time(self, seconds: float = 0.0) -> None:
        """A few reactor turns, then ``seconds`` in small steps."""
        for _ in range(6):
            self.clock.advance(0.0)
        steps = min(400, int(seconds * 4))
        for _ in range(steps):
            self.clock.advance(seconds / steps)
        if steps:
            self.pass_time()

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.fixture
def inside() -> Inside:
    return Inside()
