"""Games and gmkit talk over the bridge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gmkit.adapter import Gone, LinkLost
from gmkit.model import Player

from .world import ANN, Raw, ToyGame, World, bridge, said


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.stop()


def test_a_line_reaches_gmkit_and_is_acked_only_when_on_disk(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    world.settle()
    assert game.ups == 1
    assert world.links["s1"].seen("up") == ["toy 1"]
    b.said(ANN, "!help 我的剑不见了")
    world.settle()
    link = world.links["s1"]
    assert link.seen("said") == [(ANN, "!help 我的剑不见了")]
    assert [m["type"] for m in b._session._under_way] == ["said"]
    link.commit()
    world.settle()
    assert not b._session._under_way
    b.stop()


def test_presence_facts_and_roster(world: World) -> None:
    b = bridge(world, ToyGame())
    b.joined(ANN)
    b.start()
    world.settle()
    link = world.links["s1"]
    assert link.seen("roster") == [[ANN]]
    b.joined(Player("u2", "Bob"))
    b.renamed(Player("u2", "Bobby"))
    b.data("u2", {"level": 3, "where": [1.5, None]})
    b.left("u1")
    world.settle()
    assert link.seen("joined") == [Player("u2", "Bob")]
    assert link.seen("renamed") == [Player("u2", "Bobby")]
    assert link.seen("data") == [("u2", {"level": 3, "where": [1.5, None]})]
    assert link.seen("left") == ["u1"]
    assert not b._session._under_way, "there is nothing to keep, so all is acked"
    who = Deferred.fromCoroutine(link.adapter.who())
    assert who.result == [Player("u2", "Bobby")]
    b.stop()


def test_who_is_online_is_bounded(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    adapter = world.links["s1"].adapter
    for n in range(1, 20_100):
        adapter._receive([{"type": "joined", "id": n, "player": str(n), "name": "x"}])
        adapter._acked = n
    assert len(adapter._online) == 20_000


def tell(world: World, delivery: str, player: Player = ANN, text: str = "hi") -> Deferred[None]:
    return Deferred.fromCoroutine(world.links["s1"].adapter.tell(player, text, delivery))


def test_tell_ends_when_the_game_has_shown_it_and_only_once(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    world.settle()
    first = tell(world, "12.1")
    assert not first.called
    world.settle()
    assert first.called and first.result is None
    again = tell(world, "12.1")
    world.settle()
    assert again.called and again.result is None
    assert game.shown == [("12.1", "u1", "hi")]
    b.stop()


def test_tell_to_a_player_who_is_gone_and_came_back(world: World) -> None:
    game = ToyGame(here=())
    b = bridge(world, game)
    b.start()
    world.settle()
    told = tell(world, "12.1")
    world.settle()
    failed: list[object] = []
    told.addErrback(lambda f: failed.append(f.value))
    assert failed == [Gone()]
    game.here.add("u1")
    told = tell(world, "12.1")
    world.settle()
    assert told.called and game.shown == [("12.1", "u1", "hi")]
    b.stop()


def test_tell_fails_with_the_connection_and_is_repeated(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    world.settle()
    told = tell(world, "12.1")
    world.clock.advance(0)
    world.wires[0].cut()
    failed: list[Any] = []
    told.addErrback(failed.append)
    assert isinstance(failed[0].value, LinkLost)
    world.settle(2)
    assert game.ups == 2
    b.stop()


def test_a_game_that_never_confirms(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    told = tell(world, "1.1")
    world.settle()
    assert raw.last("tell") == {"type": "tell", "id": "1.1", "player": "u1", "text": "hi"}
    for _ in range(4):
        world.settle(10)
        raw.send({"type": "ping"})
    failed: list[Any] = []
    told.addErrback(failed.append)
    assert isinstance(failed[0].value, LinkLost)


def test_notices_ask_for_no_answer(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    world.settle()
    adapter = world.links["s1"].adapter
    adapter.notify(ANN, "#1, second in the queue", "n1")
    adapter.notify(ANN, "#1, second in the queue", "n1")
    world.settle()
    assert game.shown == [("n1", "u1", "#1, second in the queue")]
    b.stop()
    world.settle()
    adapter.notify(ANN, "nobody hears", "n2")


def test_what_was_said_before_a_good_bye_counts(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    raw.send(said(1, "!help in a hurry"), {"type": "bye", "sentence": "restart"})
    assert [text for _, _, text in world.links["s1"].lines] == ["!help in a hurry"]
    assert raw.lost and "restart" in world.links["s1"].seen("down")[0]


def test_announcements_and_calls(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    world.settle()
    adapter = world.links["s1"].adapter
    assert adapter.can() == {"lookup", "inventory", "kick"}
    announced = Deferred.fromCoroutine(adapter.announce("维护"))
    asked: list[Deferred[Any]] = [
        Deferred.fromCoroutine(adapter.lookup(ANN)),
        Deferred.fromCoroutine(adapter.inventory(ANN)),
        Deferred.fromCoroutine(adapter.kick(ANN, "spam")),
        Deferred.fromCoroutine(adapter.kick(Player("u9", "Zed"), "spam")),
        Deferred.fromCoroutine(adapter.mail(ANN, "a", "b")),
    ]
    world.settle()
    assert announced.called and game.heard == ["维护"]
    assert asked[0].result == {"level": 7, "who": "u1"}
    assert asked[1].result == [{"item": "sword", "count": 1}]
    assert asked[2].result is None and game.kicked == [("u1", "spam")]
    faults: list[str] = []
    for d in asked[3:]:
        d.addErrback(lambda f: faults.append(str(f.value)))
    assert faults == [
        "s1 says: That player is not here.",
        "s1 cannot mail: its game has no way to do it.",
    ]
    b.stop()


def test_a_call_without_an_answer(world: World) -> None:
    raw = Raw(world)
    raw.enter(can=["lookup", "fly"])
    adapter = world.links["s1"].adapter
    assert adapter.can() == {"lookup"}
    asked = Deferred.fromCoroutine(adapter.lookup(ANN))
    world.settle(11)
    faults: list[str] = []
    asked.addErrback(lambda f: faults.append(str(f.value)))
    assert faults == ["s1 did not answer within 10 seconds. It may have done it all the same."]
    raw.send({"type": "result", "id": "c1", "ok": True, "value": {}})
    assert not raw.lost


def test_limits_and_triggers_come_from_the_hello(world: World) -> None:
    raw = Raw(world)
    raw.enter(limits={"characters": 80, "lines_per_second": 2.5}, triggers=["!gm"])
    limits = world.links["s1"].adapter.limits
    assert (limits.characters, limits.bytes, limits.lines_per_second) == (80, 16384, 2.5)
    assert world.links["s1"].adapter.help_triggers == ("!gm",)


def test_everything_of_a_turn_leaves_in_one_write(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    before = raw.wire.gmkit.writes
    adapter = world.links["s1"].adapter
    for n in range(100):
        adapter.notify(ANN, "x", f"n{n}")
    raw.send(said(1), said(2))
    world.links["s1"].commit()
    world.settle()
    assert raw.count("tell") == 100 and raw.last("ack")["upto"] == 2
    assert raw.wire.gmkit.writes <= before + 2


def test_a_game_that_comes_back_sends_again_what_was_not_acked(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    world.settle()
    for n in range(5):
        b.said(ANN, f"!help {n}")
    world.settle()
    link = world.links["s1"]
    world.wires[0].cut()
    world.settle(1)
    assert game.ups == 2
    assert [text for _, _, text in link.lines] == [f"!help {n}" for n in range(5)]
    link.commit()
    world.settle()
    assert not b._session._under_way and not b._session._waiting
    b.stop()


def test_a_daemon_that_died_gets_everything_that_it_had_not_on_disk(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    world.settle()
    for n in range(5):
        b.said(ANN, f"{n}")
    world.settle()
    world.links["s1"].commit()
    world.settle()
    for n in range(5, 10):
        b.said(ANN, f"{n}")
    world.settle()
    world.kill()
    world.start(["s1"])
    world.settle(2)
    assert [text for _, _, text in world.links["s1"].lines] == [f"{n}" for n in range(10)]
    b.stop()


def test_the_window_holds_lines_back(world: World) -> None:
    b = bridge(world, ToyGame())
    b.start()
    world.settle()
    for n in range(600):
        b.said(ANN, f"{n}")
    world.settle()
    link = world.links["s1"]
    assert len(link.lines) == 256
    for _ in range(3):
        link.commit()
        world.settle()
    assert [text for _, _, text in link.lines] == [f"{n}" for n in range(600)]
    b.stop()


def test_a_newer_connection_replaces_the_older(world: World) -> None:
    first, second = Raw(world), Raw(world)
    first.enter()
    second.enter()
    assert first.last("bye")["reason"] == "replaced" and first.lost
    assert second.count("welcome") == 1
    second.send(said(1))
    assert len(world.links["s1"].lines) == 1
    assert world.links["s1"].state == "up"


def test_repeats_of_what_is_on_disk_are_dropped_after_a_restart(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    raw.send(said(1), said(2))
    world.links["s1"].commit()
    world.kill()
    world.start(["s1"])
    again = Raw(world)
    again.enter()
    assert again.last("welcome")["acked"] == 2
    again.send(said(1), said(2), said(3))
    assert [n for _, n, _ in world.links["s1"].lines] == [1, 2, 3]
    assert again.last("ack")["upto"] == 2


def test_a_second_try_takes_the_place_of_the_first(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    first, second = tell(world, "1.1"), tell(world, "1.1")
    failed: list[BaseException | None] = []

    def keep(failure: Failure) -> None:
        failed.append(failure.value)

    first.addErrback(keep)
    assert isinstance(failed[0], LinkLost) and not second.called
    raw.send({"type": "told", "id": "1.1", "result": "shown"})
    assert second.called and second.result is None
