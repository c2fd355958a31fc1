"""The OpenTTD adapter against a server in memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.python.failure import Failure

from gmkit.adapter import BadOption, Gone, LinkLost, Player, Refused
from gmkit.adapters.openttd import Options, faults
from gmkit.adapters.openttd.connection import BEAT, NEW_MAP_PATIENCE, PATIENCE
from gmkit.adapters.openttd.wire import frame

from .fakeserver import FakeServer

ALICE = Player("Alice", "Alice")
BOB = Player("Bob", "Bob")


@pytest.fixture
def game() -> Iterator[FakeServer]:
    game = FakeServer()
    game.clients[2] = ("10.0.0.2", "Alice", 2)
    game.run()
    yield game
    game.running.cancel()


def advance(game: FakeServer, seconds: float) -> None:
    for _ in range(round(seconds)):
        game.reactor.advance(1)
        game.pump()


def test_it_logs_in_tells_who_is_there_and_is_up(game: FakeServer) -> None:
    assert game.link.calls == [("roster", [ALICE]), ("up", "Great Server, OpenTTD 13.0")]
    assert game.sent[0][1].startswith(b"pw\0gmkit\0")
    assert game.ask(game.adapter.who()) == [ALICE]


def test_it_can_what_the_game_can(game: FakeServer) -> None:
    assert game.adapter.can() == {"lookup", "kick", "ban", "unban"}
    assert not game.adapter.confirms
    with pytest.raises(Refused, match="cannot mute"):
        game.ask(game.adapter.mute(ALICE, 0.0, ""))


def test_what_players_type_is_passed_on_and_nothing_else(game: FakeServer) -> None:
    game.says(2, "!help 我的火车卡住了")
    game.says(2, "to my company", action=4)
    game.says(2, "to the server", action=5)
    game.says(2, "", action=10)  # founded a company
    game.says(1, "the server itself")
    game.says(99, "somebody unknown")
    assert game.link.texts() == ["!help 我的火车卡住了", "to my company", "to the server"]
    assert {line.player for line in game.link.lines} == {ALICE}


def test_joining_renaming_changing_company_leaving(game: FakeServer) -> None:
    game.link.calls.clear()
    game.joins(3, "Bob", company=254)
    game.changes(3, "Bob", company=0)
    game.changes(3, "Bobby", company=0)
    game.changes(3, "Bobby", company=255)
    game.leaves(3)
    assert game.link.calls == [
        ("joined", BOB),
        ("data", "Bob", {"company_number": 1}),
        ("renamed", Player("Bob", "Bobby")),
        ("data", "Bob", {"company_number": None}),
        ("left", "Bob"),
    ]


def test_a_private_line_and_a_line_to_all(game: FakeServer) -> None:
    game.ask(game.adapter.tell(ALICE, "你好", "1.2"))
    game.ask(game.adapter.announce("restart soon"))
    assert game.chats() == [(5, 2, 2, "你好"), (3, 0, 0, "restart soon")]


def test_a_line_follows_the_player_to_the_next_login(game: FakeServer) -> None:
    game.leaves(2)
    with pytest.raises(Gone):
        game.ask(game.adapter.tell(ALICE, "你好", "1.2"))
    game.joins(7, "Alice")
    game.ask(game.adapter.tell(ALICE, "你好", "1.2"))
    assert game.chats() == [(5, 2, 7, "你好")]


def test_a_line_counts_only_when_the_server_has_dealt_with_it(game: FakeServer) -> None:
    game.deaf = True
    told = Deferred.fromCoroutine(game.adapter.tell(ALICE, "你好", "1.2"))
    game.pump()
    assert not told.called
    game.drop()
    with pytest.raises(LinkLost):
        _raise(told)


def test_a_line_is_not_counted_when_the_player_left_before_it(game: FakeServer) -> None:
    told = Deferred.fromCoroutine(game.adapter.tell(ALICE, "你好", "1.2"))
    game.leaves(2)
    game.joins(3, "Alice")
    game.pump()
    with pytest.raises(Gone):
        _raise(told)


def test_many_questions_at_once_get_their_own_answers(game: FakeServer) -> None:
    game.console = lambda command: [command.upper(), "second"]
    asked = [Deferred.fromCoroutine(game.adapter._rcon(f"c{i}")) for i in range(5)]
    asked[2].cancel()
    asked[2].addErrback(lambda failure: failure.trap(CancelledError) and None)
    game.pump()
    results: list[Any] = []
    for answer in asked:
        answer.addCallback(results.append)
    assert results == [[f"C{i}", "second"] if i != 2 else None for i in range(5)]


def test_a_renamed_player_stays_the_same_until_leaving(game: FakeServer) -> None:
    game.changes(2, "Queen", company=2)
    game.joins(3, "Alice")
    impostor = Player("Alice#3", "Alice")
    assert game.ask(game.adapter.who()) == [Player("Alice", "Queen"), impostor]
    game.ask(game.adapter.tell(ALICE, "for the first", "1.2"))
    assert game.chats() == [(5, 2, 2, "for the first")]


def test_a_renamed_player_stays_the_same_when_the_link_breaks(game: FakeServer) -> None:
    game.changes(2, "Queen", company=2)
    game.drop()
    assert isinstance(game.fault, faults.Dropped)
    game.run()
    assert game.ask(game.adapter.who()) == [Player("Alice", "Queen")]


def test_a_client_number_used_again_is_not_the_same_player(game: FakeServer) -> None:
    game.drop()
    game.clients = {1: ("", "server", 255), 2: ("10.9.9.9", "Bob", 255)}
    game.run()
    assert game.ask(game.adapter.who()) == [BOB]


def test_another_map_keeps_the_link(game: FakeServer) -> None:
    game.send(frame(105))
    game.leaves(2)
    game.deaf = True
    advance(game, NEW_MAP_PATIENCE - BEAT)
    game.deaf = False
    game.send(game.welcome())
    game.joins(3, "Alice")
    assert game.fault is None and game.link.online == {"Alice": ALICE}
    assert game.link.state == "up"
    game.deaf = True
    advance(game, PATIENCE + BEAT)
    assert isinstance(game.fault, faults.Silent)


def test_the_books_of_the_players_company(game: FakeServer) -> None:
    facts = game.ask(game.adapter.lookup(ALICE))
    assert facts == {
        "address": "10.0.0.2",
        "company_number": 3,
        "company": "铁路公司",
        "manager": "Mei",
        "founded": 1950,
        "money": -500,
        "loan": 100000,
        "income": 70,
        "value": 123456,
        "performance": 321,
        "vehicles": {"trains": 0, "lorries": 1, "buses": 2, "planes": 3, "ships": 4},
        "stations": {"trains": 5, "lorries": 6, "buses": 7, "planes": 8, "ships": 9},
    }
    game.joins(3, "Bob")
    assert game.ask(game.adapter.lookup(BOB)) == {"address": "10.0.0.7", "company_number": None}


def test_kick(game: FakeServer) -> None:
    game.console = lambda command: game.leaves(2) or ["kicked"]  # type: ignore[func-returns-value]
    game.ask(game.adapter.kick(ALICE, 'mind "your" words\nquit'))
    assert game.commands == ['kick 2 "mind \\"your\\" words quit"']
    with pytest.raises(Gone):
        game.ask(game.adapter.kick(ALICE, "again"))


def test_a_kick_that_did_nothing_is_said(game: FakeServer) -> None:
    game.console = lambda command: ["Invalid client ID."]
    with pytest.raises(faults.NotDone, match=r"Invalid client ID\."):
        game.ask(game.adapter.kick(ALICE, "x"))


def test_ban_and_unban_by_address(game: FakeServer) -> None:
    game.console = lambda command: game.leaves(2) or ["Banned 1 client(s)."]  # type: ignore[func-returns-value]
    game.ask(game.adapter.ban(ALICE, 0.0, "spam"))
    game.console = lambda command: ["Unbanned 10.0.0.2."]
    game.ask(game.adapter.unban(ALICE))
    assert game.commands == ['ban 2 "spam"', 'unban "10.0.0.2"']
    game.console = lambda command: ["Banlist:", "  1) 10.0.0.2", "  2) 10.0.0.3"]
    with pytest.raises(faults.NoAddress, match=r"1\) 10\.0\.0\.2, 2\) 10\.0\.0\.3\."):
        game.ask(game.adapter.unban(ALICE))


def test_an_unban_that_did_nothing_is_said(game: FakeServer) -> None:
    game.console = lambda command: game.leaves(2) or []  # type: ignore[func-returns-value]
    game.ask(game.adapter.ban(ALICE, 0.0, "spam"))
    game.console = lambda command: ["Invalid list index or IP not in ban-list."]
    with pytest.raises(faults.NotDone, match="not in ban-list"):
        game.ask(game.adapter.unban(ALICE))


def test_gmkit_is_never_banned_itself(game: FakeServer) -> None:
    game.joins(3, "Bob", address="10.0.0.1")
    with pytest.raises(faults.SameAddress, match=r"10\.0\.0\.1"):
        game.ask(game.adapter.ban(BOB, 0.0, "spam"))
    with pytest.raises(faults.NoTimedBan):
        game.ask(game.adapter.ban(ALICE, 3600.0, "spam"))
    assert game.commands == []


def test_silence_is_named_at_the_heartbeat_and_ends_the_connection(game: FakeServer) -> None:
    game.deaf = True
    advance(game, 2 * BEAT + 1)
    assert game.link.state == "degraded" and "not answered" in game.link.reason
    advance(game, PATIENCE)
    assert isinstance(game.fault, faults.Silent)
    assert game.transport.protocol is None
    with pytest.raises(faults.Away):
        game.ask(game.adapter.tell(ALICE, "你好", "1.2"))


def test_a_server_that_speaks_again_is_up_again(game: FakeServer) -> None:
    game.deaf = True
    advance(game, 2 * BEAT + 1)
    game.deaf = False
    advance(game, 4 * PATIENCE)
    assert [call[0] for call in game.link.calls] == ["roster", "up", "degraded", "up"]
    assert game.fault is None


def test_a_server_that_never_answers_the_login() -> None:
    game = FakeServer()
    game.run(start=False)
    advance(game, PATIENCE + BEAT)
    assert isinstance(game.fault, faults.Silent)
    assert game.link.calls == []


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (frame(100), faults.NoRoom),
        (frame(101), faults.Locked),
        (frame(102, b"\x0a"), faults.Rejected),
        (b"", faults.Rejected),
        (frame(106), faults.WentDown),
        (b"HTTP/1.1 400 Bad Request\r\n", faults.Babble),
        (b"\1\0\0", faults.Babble),
        (frame(109, b"\1"), faults.Babble),
    ],
)
def test_a_refused_login_is_explained(answer: bytes, fault: type[LinkLost]) -> None:
    game = FakeServer()
    game.run(start=False)
    game.send(answer)
    game.drop()
    assert type(game.fault) is fault
    assert "{" not in str(game.fault)
    assert game.link.calls == []


def test_an_error_later_names_its_code(game: FakeServer) -> None:
    game.send(frame(102, struct.pack("<B", 7)))
    assert str(game.fault) == "The server ended the connection with error 7."


def test_nobody_listens() -> None:
    game = FakeServer(host="example.org", port=4000)
    running = Deferred.fromCoroutine(game.adapter.run())
    factory = game.reactor.tcpClients[0][2]
    refused = Failure(ConnectionRefusedError("refused"))
    factory.clientConnectionFailed(None, refused)  # type: ignore[arg-type]
    game.reactor.advance(1)
    with pytest.raises(faults.NoPort, match=r"example\.org:4000 \(.*refused.*\)"):
        _raise(running)


def test_stopping_ends_the_connection(game: FakeServer) -> None:
    game.running.cancel()
    assert isinstance(game.fault, CancelledError)
    assert game.transport.protocol is None
    assert game.reactor.getDelayedCalls() == []


def test_a_flood_of_answers_is_bounded(game: FakeServer) -> None:
    game.console = lambda command: ["x"] * 30_000
    assert len(game.ask(game.adapter._rcon("flood"))) == 10_000


def _raise(deferred: Deferred[Any]) -> None:
    """Raise what the deferred failed with."""
    failures: list[Any] = []
    deferred.addErrback(failures.append)
    failures[0].raiseException()


@pytest.mark.parametrize("wrong", [{"password": ""}, {"port": 0}, {"port": 99999}, {"host": ""}])
def test_options_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadOption) as refused:
        Options(**({"password": "secret"} | wrong))
    assert refused.value.facts["key"] in wrong
