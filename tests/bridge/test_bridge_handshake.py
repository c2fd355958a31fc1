"""Who gets in, who does not, and what they are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmkit.bridge import ChatLimits
from gmkit.bridge.session import Ended, Session
from gmkit.channel_server.bridge.guard import BridgeLimits
from gmkit.model import Player
from gmkit.wire import challenge
from gmkit.wire.frames import encode

from .world import TOKEN, Raw, ToyGame, World, bridge, said


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.stop()


def test_the_documented_test_vector() -> None:
    page = (Path(__file__).parents[2] / "docs" / "bridge-protocol.md").read_text("utf-8")
    given = (TOKEN, "晨曦-1", "0123456789abcdef", "fedcba9876543210")
    for label in (challenge.GAME, challenge.GMKIT):
        assert challenge.proof(given[0], label, *given[1:]) in page


def test_both_ends_prove_themselves(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    welcome = raw.last("welcome")
    nonce = raw.last("challenge")["nonce"]
    assert welcome["proof"] == challenge.proof(TOKEN, challenge.GMKIT, "s1", "n" * 16, nonce)
    assert (welcome["acked"], welcome["window"], welcome["heartbeat"]) == (0, 256, 15)
    assert welcome["limits"] == {"text": 16384, "frame": 1 << 20}
    assert TOKEN.encode() not in bytes(encode(*raw.messages))


def test_a_game_hangs_up_on_a_gmkit_that_does_not_know_the_token() -> None:
    session = Session(ToyGame(), server="s1", token=TOKEN)
    session.connect(0.0)
    session.receive([{"type": "challenge", "nonce": "x" * 16}], 0.0)
    with pytest.raises(Ended) as ended:
        session.receive([{"type": "welcome", "proof": "0" * 64, "acked": 0}], 0.0)
    assert ended.value.reason == "impostor"


@pytest.mark.parametrize("more", [{"token": "wrong"}, {"server": "s2"}])
def test_wrong_token_and_unknown_server_get_the_same_answer_late(
    world: World, more: dict[str, str]
) -> None:
    raw = Raw(world)
    raw.enter(**more)
    assert raw.count("welcome") == raw.count("bye") == 0
    world.settle(1.1)
    bye = raw.last("bye")
    assert bye["reason"] == "credentials" and raw.lost
    assert bye["sentence"] == (
        "The server's name or its token is wrong: compare both with gmkit's configuration."
    )


def test_repeated_failures_are_locked_out_for_that_server_only() -> None:
    world = World(("s1", "s2"))
    for _ in range(10):
        raw = Raw(world)
        raw.enter(token="wrong")
        world.settle(1.1)
    raw = Raw(world)
    raw.hello()
    assert raw.last("bye")["reason"] == "failures"
    good = Raw(world)
    good.enter(server="s2")
    assert good.count("welcome") == 1
    elsewhere = Raw(world, "10.0.0.2")
    elsewhere.enter()
    assert elsewhere.count("welcome") == 1
    world.settle(61)
    late = Raw(world)
    late.enter()
    assert late.count("welcome") == 1
    world.stop()


@pytest.mark.parametrize("version", [0, 2, "1", None, True, 1.0, [1]])
def test_wrong_version(world: World, version: object) -> None:
    raw = Raw(world)
    raw.hello(protocol=version)
    assert raw.last("bye")["reason"] == "version" and raw.lost


@pytest.mark.parametrize(
    "hello",
    [
        {"server": ""},
        {"server": 5},
        {"server": "a\nb"},
        {"server": "x" * 129},
        {"stream": None},
        {"stream": "x" * 129},
        {"nonce": "short"},
        {"nonce": "n" * 129},
        {"nonce": "with space and more"},
        {"nonce": b"n" * 16},
        {"can": "kick"},
        {"can": [1]},
        {"can": ["x"] * 65},
        {"limits": []},
        {"limits": {"characters": -1}},
        {"limits": {"characters": 3}},
        {"limits": {"bytes": float("nan")}},
        {"limits": {"lines_per_second": "many"}},
        {"triggers": [""]},
    ],
)
def test_a_malformed_hello(world: World, hello: dict[str, object]) -> None:
    raw = Raw(world)
    raw.hello(**hello)
    assert raw.last("bye")["reason"] == "malformed" and raw.lost


def test_a_long_client_name_is_cut(world: World) -> None:
    raw = Raw(world)
    raw.enter(client="c" * 1000)
    assert world.links["s1"].seen("up") == ["c" * 128]


@pytest.mark.parametrize("first", [{"type": "proof"}, {"type": "said", "id": 1}, {}, {"type": []}])
def test_something_else_first(world: World, first: dict[str, object]) -> None:
    raw = Raw(world)
    raw.send(first)
    assert raw.last("bye")["reason"] == "malformed" and raw.lost


@pytest.mark.parametrize("wrong", [None, 5, "", "0" * 64, b"0" * 64, "é", ["x"]])
def test_a_malformed_proof(world: World, wrong: object) -> None:
    raw = Raw(world)
    raw.hello()
    raw.send({"type": "proof", "proof": wrong})
    world.settle(1.1)
    assert raw.last("bye")["reason"] == "credentials" and raw.lost


def test_a_peer_that_says_nothing_is_dropped(world: World) -> None:
    raw = Raw(world)
    world.settle(9)
    assert not raw.lost
    world.settle(3)
    assert raw.last("bye")["reason"] == "timeout" and raw.lost


def test_a_game_waits_for_its_server_for_a_moment(world: World) -> None:
    world.port.forget("s1")
    raw = Raw(world)
    raw.enter()
    world.settle(1.1)
    assert raw.last("bye")["reason"] == "credentials"
    waiting = world.port.accept("s1", TOKEN)
    waiting.addErrback(lambda f: None)
    waiting.cancel()
    parked = Raw(world)
    parked.enter()
    assert not parked.count("welcome") and not parked.lost
    served = world.port.accept("s1", TOKEN)
    assert served.called
    world.settle()
    assert parked.count("welcome") == 1
    newer = Raw(world)
    newer.enter()
    assert parked.lost
    world.settle(12)
    assert newer.last("bye")["reason"] == "busy" and newer.lost


def test_a_changed_token_sends_the_parked_game_away(world: World) -> None:
    world.port.forget("s1")
    world.port.accept("s1", TOKEN).addErrback(lambda f: None).cancel()
    parked = Raw(world)
    parked.enter()
    world.port.accept("s1", "another token").addErrback(lambda f: None)
    world.settle()
    assert parked.last("bye")["reason"] == "closed" and parked.lost


def test_limits_of_connections() -> None:
    world = World(limits=BridgeLimits(connections_per_address=3, strangers=5))
    raws = [Raw(world) for _ in range(4)]
    assert [raw.lost for raw in raws] == [False, False, False, True]
    assert raws[3].last("bye")["reason"] == "busy"
    others = [Raw(world, f"10.0.1.{n}") for n in range(3)]
    assert raws[0].lost and raws[0].last("bye")["reason"] == "busy"
    assert not any(raw.lost for raw in others)
    again = Raw(world)
    assert not again.lost
    world.stop()
    assert not world.port._guard._open, "everything that was counted is forgotten"


def test_a_frame_of_a_stranger_is_short(world: World) -> None:
    raw = Raw(world)
    raw.raw((1 << 19).to_bytes(4, "big"))
    assert raw.last("bye")["reason"] == "malformed" and raw.lost


@pytest.mark.parametrize("where", range(0, 260, 7))
def test_a_handshake_cut_anywhere_harms_nobody(where: int) -> None:
    world = World()
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    wire, moved = world.wires[0], 0
    while moved < where and not wire.over:
        world.clock.advance(0)
        wire.move(1)
        moved += 1
    wire.cut()
    world.settle(3)
    assert game.ups >= 1 and world.links["s1"].state == "up"
    b.stop()
    world.stop()


def test_a_thousand_games_at_once() -> None:
    names = [f"s{n}" for n in range(1000)]
    world = World(names)
    raws = [Raw(world, f"10.1.{n % 4}.1") for n in range(20)]
    for name, raw in zip(names, raws, strict=False):
        raw.enter(server=name)
    assert all(raw.count("welcome") == 1 for raw in raws)
    world.stop()


def test_stop_says_good_bye(world: World) -> None:
    inside, outside = Raw(world), Raw(world)
    inside.enter()
    world.port.stop()
    world.settle()
    assert inside.last("bye")["reason"] == outside.last("bye")["reason"] == "stopping"
    assert inside.lost and outside.lost


def test_forget_ends_the_channel(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    world.port.forget("s1")
    world.settle()
    assert raw.last("bye")["reason"] == "closed"


def test_a_silent_game_and_one_that_answers(world: World) -> None:
    raw = Raw(world)
    raw.enter()
    world.settle(16)
    assert raw.count("ping") == 1
    raw.send({"type": "pong"})
    world.settle(30)
    raw.send({"type": "ping"})
    assert raw.count("pong") == 1
    world.settle(36)
    assert not raw.lost
    world.settle(4)
    assert raw.last("bye")["reason"] == "silent" and raw.lost
    assert world.links["s1"].state == "down"


def test_a_game_notices_a_silent_gmkit(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b.start()
    world.settle()
    world.wires.clear()  # nothing moves any more
    for _ in range(40):
        world.clock.advance(1)
    line: Any = b._line
    assert line is not None and line.transport.closing
    b.stop()


def test_a_gmkit_that_is_away(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game)
    b._endpoint.refuses = True  # type: ignore[attr-defined]
    b.start()
    for n in range(30):
        b.said(Player("u1", "Ann"), f"{n}")
        world.settle(10)
    assert 5 <= len(game.downs) <= 40
    b._endpoint.refuses = False  # type: ignore[attr-defined]
    world.settle(31)
    assert len(world.links["s1"].lines) == 30
    b.stop()


def test_a_wrong_token_is_tried_rarely(world: World) -> None:
    game = ToyGame()
    b = bridge(world, game, token="wrong token")
    b.start()
    world.settle(60)
    assert 2 <= len(game.downs) <= 6
    assert "compare both" in game.downs[0]
    b.stop()


def test_a_proven_game_forgets_its_failures(world: World) -> None:
    raw = Raw(world)
    raw.enter(token="wrong")
    assert world.port._guard._failed
    raw = Raw(world)
    raw.enter()
    assert not world.port._guard._failed


@given(st.text(), st.text(), st.text())
def test_proofs_of_any_text(token: str, server: str, wrong: str) -> None:
    right = challenge.proof(token, challenge.GAME, server, "a" * 16, "b" * 16)
    assert challenge.same(right, right)
    assert challenge.same(right, wrong) == (right == wrong)


def test_chat_limits_are_the_documented_ones() -> None:
    assert ChatLimits._fields == ("characters", "bytes", "lines_per_second")
    assert said(1)["id"] == 1
