"""Games that are broken or wicked: nothing they send ends in a traceback or eats memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gmkit.adapter import CAPABILITIES
from gmkit.adapters.bridge import Bridge
from gmkit.channel_server.bridge.guard import BridgeLimits
from gmkit.wire import messages
from gmkit.wire.messages import VERBS

from .world import ANN, Raw, World, said

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    assert not world.errors, "the adapter failed"
    world.stop()


def entered(world: World, **more: Any) -> Raw:
    raw = Raw(world)
    raw.enter(**more)
    assert raw.count("welcome") == 1
    return raw


def test_the_verbs_are_gmkits_capabilities() -> None:
    assert VERBS == CAPABILITIES


def test_a_megabyte_line_is_refused_and_acked(world: World) -> None:
    raw = entered(world)
    raw.send(said(1, "x" * 1_000_000), said(2, "!help"))
    refused = raw.last("refused")
    assert (refused["id"], refused["reason"]) == (1, "too-long")
    world.links["s1"].commit()
    world.settle()
    assert raw.last("ack")["upto"] == 2 and not raw.lost
    assert [n for _, n, _ in world.links["s1"].lines] == [2]


def test_only_a_refused_line_is_acked_too(world: World) -> None:
    raw = entered(world)
    raw.send(said(1, "é" * 9000))
    assert raw.last("ack")["upto"] == 1


def test_a_frame_that_is_too_long(world: World) -> None:
    raw = entered(world)
    raw.raw(struct.pack(">I", (1 << 20) + 1))
    assert raw.last("bye")["reason"] == "malformed"
    assert "1048577" in raw.last("bye")["sentence"] and raw.lost


def test_broken_utf8_is_kept_visibly(world: World) -> None:
    raw = entered(world)
    good = msgpack.packb([said(1, "@@")])
    raw.raw(struct.pack(">I", len(good)) + good.replace(b"@@", b"\xff\xfe"))
    assert world.links["s1"].lines == [("st", 1, "\\xff\\xfe")]


def test_lone_surrogates_in_utf8(world: World) -> None:
    raw = entered(world)
    good = msgpack.packb([said(1, "@@@")])
    raw.raw(struct.pack(">I", len(good)) + good.replace(b"@@@", b"\xed\xa0\x80"))
    (_, _, text) = world.links["s1"].lines[0]
    assert text.encode("utf-8") == b"\\xed\\xa0\\x80"


@pytest.mark.parametrize(
    "field",
    [
        {"player": None},
        {"player": ""},
        {"player": 7},
        {"player": "p" * 129},
        {"name": 7},
        {"name": "n" * 257},
        {"account": 7},
        {"account": "a" * 129},
        {"vip": -1},
        {"vip": 1 << 40},
        {"vip": True},
        {"vip": 1.5},
        {"locale": "l" * 33},
        {"text": None},
        {"text": 7},
        {"text": b"bytes"},
        {"text": ["x"]},
        {"text": msgpack.ExtType(5, b"x")},
    ],
)
def test_a_field_that_does_not_fit_is_refused(world: World, field: dict[str, Any]) -> None:
    raw = entered(world)
    raw.send(said(1, "before"), said(2, **field), said(3, "after"))
    assert raw.last("refused")["id"] == 2 and not raw.lost
    assert raw.last("refused")["sentence"].split()[0] == next(iter(field))
    assert [n for _, n, _ in world.links["s1"].lines] == [1, 3]


def test_the_name_may_be_missing(world: World) -> None:
    raw = entered(world)
    message = said(1)
    del message["name"]
    raw.send(message)
    assert world.links["s1"].seen("said")[0][0].name == "u1"


@pytest.mark.parametrize("n", [0, -1, None, "1", 1.0, True, 1 << 63, [1]])
def test_a_number_that_is_none_ends_the_connection(world: World, n: object) -> None:
    raw = entered(world)
    raw.send({**said(1), "id": n})
    assert raw.last("bye")["reason"] == "malformed" and raw.lost


def test_a_gap_ends_the_connection(world: World) -> None:
    raw = entered(world)
    raw.send(said(1), said(3))
    assert raw.last("bye")["reason"] == "malformed"
    assert "id is 3 after 1" in raw.last("bye")["sentence"]


def test_a_game_that_ignores_the_window(world: World) -> None:
    raw = entered(world)
    raw.send(*[said(n, "x") for n in range(1, 1030)])
    assert "under way" in raw.last("bye")["sentence"]
    assert len(world.links["s1"].lines) == 1024


def bomb(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "facts",
    [
        None,
        [],
        {"x": bomb(9)},
        {"x": bomb(400)},
        {"x": [0] * 10_001},
        {"x": float("nan")},
        {"x": float("inf")},
        {"x": b"bytes"},
        {"x": msgpack.ExtType(1, b"x")},
        {"x": msgpack.Timestamp(1)},
        {"x": 1 << 63},
        {"x": "y" * 20_000},
        {"k" * 300: 1},
        {b"k": 1},
    ],
)
def test_facts_that_do_not_fit(world: World, facts: object) -> None:
    raw = entered(world)
    raw.send({"type": "data", "id": 1, "player": "u1", "facts": facts})
    assert raw.last("refused")["id"] == 1 and not raw.lost
    assert raw.last("ack")["upto"] == 1


def test_a_deep_bomb_and_integer_keys(world: World) -> None:
    for body in (b"\x91" * 100_000, msgpack.packb([{1: 2}]), msgpack.packb([5]), b"\xc1", b"\x95"):
        raw = entered(world)
        raw.raw(struct.pack(">I", len(body)) + body)
        assert raw.last("bye")["reason"] == "malformed" and raw.lost


@pytest.mark.parametrize("players", [None, {}, [1], [{}], [{"player": ""}]])
def test_a_roster_that_does_not_fit(world: World, players: object) -> None:
    raw = entered(world)
    raw.send({"type": "roster", "id": 1, "players": players})
    assert raw.last("refused")["id"] == 1


def test_a_roster_of_too_many(world: World) -> None:
    raw = entered(world)
    row = {"player": "u"}
    raw.send({"type": "roster", "id": 1, "players": [row] * 20_000})
    assert not raw.count("refused")
    raw.send({"type": "roster", "id": 2, "players": [row] * 20_001})
    assert raw.last("refused")["reason"] == "too-long"


def test_answers_to_nothing_and_unknown_types_are_ignored(world: World) -> None:
    raw = entered(world)
    raw.send(
        {"type": "told", "id": "x", "result": "shown"},
        {"type": "told", "id": ["x"]},
        {"type": "told"},
        {"type": "result", "id": {}, "ok": True},
        {"type": "result", "id": "c9", "value": float("nan")},
        {"type": "dance"},
        {"type": None},
        {"type": []},
        {},
        {"type": "hello"},
        {"type": "pong"},
        {"type": "ack", "upto": 5},
    )
    assert not raw.lost
    raw.send(said(1))
    assert len(world.links["s1"].lines) == 1


def test_a_hostile_result(world: World) -> None:
    from twisted.internet.defer import Deferred

    raw = entered(world, can=["lookup", "inventory", "kick"])
    adapter = world.links["s1"].adapter
    faults: list[str] = []
    results: list[object] = []
    answers: list[dict[str, Any]] = [
        {"ok": True, "value": {"x": float("inf")}},
        {"ok": "yes"},
        {"ok": False, "error": {"x": 1}},
        {"ok": False, "error": "e" * 5000},
    ]
    for n, answer in enumerate(answers, 1):
        Deferred.fromCoroutine(adapter.lookup(ANN)).addCallbacks(
            results.append, lambda f: faults.append(str(f.value))
        )
        raw.send({"type": "result", "id": f"c{n}"} | answer)
    Deferred.fromCoroutine(adapter.inventory(ANN)).addCallback(results.append)
    raw.send({"type": "result", "id": "c5", "ok": True, "value": [1, {"item": "x"}, None]})
    assert len(faults) == 4 and all(len(f) < 1100 for f in faults)
    assert results == [[{"item": "x"}]]


def test_a_game_that_does_not_read_is_cut_off() -> None:
    world = World(limits=BridgeLimits(unsent=100_000))
    raw = Raw(world)
    raw.enter()
    raw.wire.gmkit.capacity = 1000
    world.wires.remove(raw.wire)  # nothing is carried from here on
    adapter = world.links["s1"].adapter
    for n in range(10_000):
        adapter.notify(ANN, "x" * 100, f"n{n}")
        world.clock.advance(0)
        if world.links["s1"].state == "down":
            break
    assert world.links["s1"].state == "down"
    assert "does not read" in world.links["s1"].seen("down")[0]
    assert n < 1200 and raw.wire.gmkit.closing
    world.stop()


def test_a_game_that_reads_nothing_for_long(world: World) -> None:
    raw = entered(world)
    raw.wire.gmkit.capacity = 10
    world.links["s1"].adapter.notify(ANN, "x" * 100, "n")
    world.clock.advance(0)
    for _ in range(45):
        raw.wire._carry(raw.wire.game, raw.wire.gmkit, None)
        raw.transport.write(b"\0\0\0\1\x90")
        world.clock.advance(1)
    assert "read nothing" in world.links["s1"].seen("down")[0]


def test_an_adapter_that_does_not_listen_pauses_the_game(world: World) -> None:
    world.running[0].cancel()
    world.errors.clear()
    accepted = world.port.accept("s1", "correct horse battery")
    raw = Raw(world)
    raw.enter()
    channel: Any = accepted.result
    for start in range(0, 3000, 100):
        raw.send(*[said(n) for n in range(start + 1, start + 101)])
    assert raw.wire.gmkit.listening_off and len(channel._inbox) <= 1200
    for _ in range(60):
        world.clock.advance(1)
    assert channel._ended is None, "it is gmkit that does not listen"
    got = channel.receive()
    assert len(got.result) >= 1024 and not raw.wire.gmkit.listening_off


def test_an_adapter_with_a_fault_ends_its_connection_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = entered(world)

    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(world.links["s1"], "said", broken)
    raw.send(said(1))
    assert raw.last("bye")["reason"] == "closed" and raw.lost
    assert world.errors[0].check(ZeroDivisionError)
    world.errors.clear()


@quick
@given(st.lists(st.binary(max_size=200), max_size=8), st.booleans())
def test_any_bytes(chunks: list[bytes], inside: bool) -> None:
    world = World()
    raw = Raw(world)
    if inside:
        raw.enter()
    for chunk in chunks:
        raw.raw(chunk)
    world.settle(12)
    other = Raw(world)
    other.enter()
    assert other.count("welcome") == 1 and not world.errors
    world.stop()


hostile = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.sampled_from(["said", "joined", "shown", "u1", "st", "lookup", 1, 2, 3]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
KINDS = ["said", "joined", "left", "renamed", "data", "roster", "told", "result", "ping", "bye"]
FIELDS = ["id", "player", "name", "account", "vip", "locale", "text", "facts", "players", "result"]


@quick
@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS) | hostile,
            st.dictionaries(st.sampled_from([*FIELDS, "ok", "value", "error"]), hostile),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_any_messages(given_messages: list[tuple[Any, dict[str, Any], bool]]) -> None:
    world = World()
    raw = Raw(world)
    raw.enter(can=["lookup"])
    n = 0
    for kind, fields, numbered in given_messages:
        if raw.lost:
            break
        message = {"type": kind, "player": "u1", "name": "Ann", "text": "x", **fields}
        if numbered:
            n += 1
            message["id"] = n
        raw.send(message)
    assert not world.errors
    for text in [text for _, _, text in world.links["s1"].lines]:
        assert len(text.encode("utf-8")) <= 4 * messages.TEXT
    world.stop()


def test_the_adapter_bears_settled_of_another_stream(world: World) -> None:
    raw = entered(world)
    raw.send(said(1))
    adapter: Bridge = world.links["s1"].adapter
    adapter.settled(messages_source("other", 9))
    world.settle()
    assert not raw.count("ack")
    adapter.settled(messages_source("st", 1))
    world.settle()
    assert raw.last("ack")["upto"] == 1


def messages_source(stream: str, n: int) -> Any:
    from gmkit.model import Source

    return Source(stream, n)
