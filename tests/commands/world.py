"""A small daemon for tests of commands: real desk, real log in memory, real dispatcher."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gmkit.channel_server.dispatch.caller import Caller
from gmkit.channel_server.dispatch.catalogue import Catalogue, load_commands
from gmkit.channel_server.dispatch.dispatcher import Dispatcher
from gmkit.channel_server.turn import Turn
from gmkit.command import Answer, Command, GMError, ServerView
from gmkit.desk import Desk
from gmkit.desk.requests import AddGM, Ask, ChangeGM, Claim, Complete, Duty, Reply, Request
from gmkit.log.sqlite import SQLiteLog
from gmkit.model import Event, Player, Source
from gmkit.permissions import Permissions

ABAO = Player("p1", "阿宝", account="acc1", vip=2)
ADA = Player("p2", "Ada")
BOB = Player("p3", "Bob")
TWIN = Player("p4", "bob")
GONE = Player("p5", "Gone Girl")

ONLINE = {"s1": (ABAO, ADA), "s2": (BOB,), "s3": ()}
STATES = {"s1": "up", "s2": "up", "s3": "down"}
TAGS = {"s1": ("eu",), "s2": ("us",), "s3": ("us",)}
STAFF = {
    "amy": ("gm", ("*",)),
    "Wei": ("gm", ("*",)),
    "bo": ("gm", ("s2",)),
    "uma": ("gm", ("tag:us",)),
    "lea": ("lead", ("*",)),
    "root": ("admin", ("*",)),
    "off": ("admin", ("*",)),
    "nil": ("gm", ()),
}
"""GMs and leads; ``off`` is disabled, ``nil`` covers no server."""


class World:
    """Three servers, staff, and four tickets: #1 of 阿宝 on s1, waiting; #2 of Ada on s1,
    completed; #3 of Bob on s2, held by Wei; #4 of Gone Girl on s3, waiting."""

    def __init__(self, commands: Catalogue | None = None) -> None:
        self.clock = Clock()
        self.clock.advance(1_900_000_000)
        self.desk = Desk()
        self.events = SQLiteLog(None).open()
        self.turn = Turn(desk=self.desk, log=self.events, reactor=self.clock)
        self.states = dict(STATES)
        self.online: dict[str, Sequence[Player]] = dict(ONLINE)
        self.refused: list[tuple[str, str, str | None]] = []
        self.submitted: list[Request] = []
        self.acted: list[tuple[Any, ...]] = []
        self.permissions = Permissions(tags_of=lambda server: TAGS.get(server, ()))
        self.dispatcher = Dispatcher(
            commands=built_in() if commands is None else commands,
            desk=self.desk,
            archive=self.events.archive,
            permissions=lambda: self.permissions,
            servers=self.servers,
            server=lambda name: next((s for s in self.servers() if s.name == name), None),
            submit=self.submit,
            settled=self.turn.settled,
            act=self.act,
            refused=lambda caller, command, server, error: self.refused.append(
                (caller.gm, command, server)
            ),
            clock=self.clock,
        )
        self._populate()

    def _populate(self) -> None:
        for name, (role, servers) in STAFF.items():
            self.request(AddGM(None, name, role, servers))
        self.request(ChangeGM(None, "off", disabled=True))
        self.request(Duty("Wei", on=True))
        self.request(Ask("s1", ABAO, "my sword vanished"))
        self.request(Ask("s1", ADA, "火车卡住了"))
        self.request(Ask("s2", BOB, "refund please"))
        self.request(Ask("s3", GONE, "cannot log in"))
        self.request(Reply("Wei", 2, "在看"))
        self.request(Complete("Wei", 2, "好了"))
        self.request(Claim("Wei", 3))
        self.submitted.clear()

    def servers(self) -> list[ServerView]:
        return [
            ServerView(
                name=name,
                adapter="sim",
                title="Sim",
                state=state,
                since=self.clock.seconds(),
                reason="" if state == "up" else "connection refused",
                tags=TAGS[name],
                can=frozenset({"kick"} if name != "s2" else ()),
                online=self.online[name],
            )
            for name, state in self.states.items()
        ]

    def submit(self, request: Request) -> Deferred[list[Event]]:
        self.submitted.append(request)
        return self.turn.submit(request)

    def act(self, server: str, verb: str, player: Player, *arguments: Any) -> Deferred[Any]:
        self.acted.append((server, verb, player, *arguments))
        return succeed(None)

    def request(self, request: Request) -> list[Event]:
        """Have the desk decide, and the log keep it."""
        return now(self._settled(self.submit(request)))

    def caller(self, gm: str) -> Caller:
        return Caller(gm, "en")

    def start(self, gm: str, line: str, source: Source | None = None) -> Deferred[Answer]:
        """Run a line up to the end of this turn, which has yet to come."""
        return self.dispatcher.run(self.caller(gm), line, source)

    def run(self, gm: str, line: str, source: Source | None = None) -> Answer:
        """Run a line to its end; raises its refusal."""
        answer: Answer = now(self._settled(self.start(gm, line, source)))
        return answer

    def refusal(self, gm: str, line: str) -> GMError:
        """The refusal of a line that must not succeed."""
        failure = failed(self._settled(self.start(gm, line)), GMError)
        fault: GMError = failure.value
        return fault

    def _settled(self, deferred: Deferred[Any]) -> Deferred[Any]:
        for _ in range(5):
            self.clock.advance(0)
        return deferred


@cache
def _loaded() -> list[Command]:
    return list(load_commands())


def built_in() -> Catalogue:
    """All built-in commands."""
    made = Catalogue()
    for one in _loaded():
        made.add(one, "built-in")
    return made


now = SynchronousTestCase().successResultOf
failed = SynchronousTestCase().failureResultOf
pending = SynchronousTestCase().assertNoResult
