"""Events reach every terminal that may see them: each once, in order, whatever happens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmkit.channel_server.gate.stream import MOST_WAITING, PAGE
from gmkit.desk.requests import AddGM, Announce, ChangeGM, Claim, Note
from gmkit.log import LogFailed
from gmkit.model import Event
from gmkit.permissions import Permissions
from gmkit.wire.frames import encode
from tests.gate.world import BUFFER, OWN_UID, End, World


@pytest.fixture
def world() -> World:
    return World()


def admin(world: World, **core: Any) -> End:
    return world.terminal(uid=OWN_UID, **core)


def test_the_present_comes_first_then_what_happens(world: World) -> None:
    world.ask("s1", "p1", "我的剑不见了")
    world.ask("s2", "p2", "stuck")
    end = admin(world).connect()
    (shown,) = end.of("snapshot")
    assert [(t["ticket"], t["server"], t["text"], t["place"]) for t in shown["tickets"]] == [
        (1, "s1", "我的剑不见了", 1),
        (2, "s2", "stuck", 2),
    ]
    assert (shown["open"], shown["waiting"]) == (2, 2)
    assert [row["name"] for row in shown["servers"]] == ["s1", "s2"]
    assert [(row["name"], row["role"], row["terminals"]) for row in shown["staff"]] == [
        ("ama", "admin", 1),
        ("bo", "gm", 0),
    ]
    assert not end.of("event")
    (asked,) = world.ask("s1", "p3", "hello")
    end.talk()
    (event,) = end.of("event")
    assert event["event"]["seq"] == asked.seq == shown["seq"] + 1
    assert event["event"]["kind"] == "asked" and event["event"]["at"].endswith("Z")


def test_nothing_is_shown_before_it_is_durable(world: World) -> None:
    world.log.at_once = False
    world.ask("s1", "p1", "help")
    end = admin(world).connect()
    assert end.core.welcome and not end.of("snapshot")
    world.log.sync()
    end.talk()
    (shown,) = end.of("snapshot")
    assert [t["ticket"] for t in shown["tickets"]] == [1]
    assert not end.of("event"), "what the snapshot shows does not come again"


def test_a_snapshot_in_the_middle_of_a_turn_holds_what_was_decided(world: World) -> None:
    end = admin(world)
    end.core.connected()
    end.connect()
    (shown,) = end.of("snapshot")
    from gmkit.desk.requests import Ask
    from gmkit.model import Player

    second = admin(world, user="ama")
    world.turn.decide(Ask("s1", Player("p1", "p1"), "decided, not yet appended"))
    second.connect()
    (fresh,) = second.of("snapshot")
    assert fresh["seq"] == shown["seq"] + 1 and len(fresh["tickets"]) == 1
    world.ask("s1", "p2")
    second.talk()
    end.talk()
    assert second.seqs == [fresh["seq"] + 1]
    assert end.seqs == [fresh["seq"], fresh["seq"] + 1]


def test_only_servers_that_the_account_covers(world: World) -> None:
    world.ask("s2", "p0", "old secret")
    bo = world.terminal(user="bo", password="bo", since=0).connect()
    ama = admin(world, since=0).connect()
    world.ask("s1", "p1", "for bo")
    world.ask("s2", "p2", "secret")
    world.ask("s11", "p3", "for bo too")
    world.do(Announce("ama", ("s2", "s1"), "to all"))
    world.do(Announce("ama", ("s2",), "secret too"))
    bo.talk()
    ama.talk()
    assert {m["event"]["server"] for m in bo.of("event")} == {None, "s1", "s11"}
    announced = [m["event"]["text"] for m in bo.of("event") if m["event"]["kind"] == "announced"]
    assert announced == ["to all"]
    assert len(ama.seqs) == world.log.last
    assert "secret" not in str(bo.heard)
    (shown,) = bo.of("snapshot")
    assert (shown["open"], shown["tickets"]) == (0, [])
    assert [row["name"] for row in shown["servers"]] == ["s1"]


def test_password_hashes_never_leave(world: World) -> None:
    end = admin(world, since=0).connect()
    world.do(ChangeGM("ama", "bo", password="hash of new"))
    end.talk()
    assert {m["event"]["kind"] for m in end.of("event")} == {"gm_added", "gm_changed"}
    assert "hash" not in str(end.heard)


def test_an_account_that_covers_more_sees_more_from_then_on(world: World) -> None:
    bo = world.terminal(user="bo", password="bo", since=0).connect()
    world.ask("s2", "p1", "before")
    world.do(ChangeGM("ama", "bo", servers=("s1*", "s2"), role="lead"))
    world.ask("s2", "p2", "after")
    bo.talk()
    assert [m["event"]["text"] for m in bo.of("event") if m["event"]["server"]] == ["after"]
    world.do(ChangeGM("ama", "bo", servers=("s9",)))
    world.ask("s2", "p3", "too late")
    world.ask("s9", "p3", "now this")
    bo.talk()
    assert [m["event"]["text"] for m in bo.of("event") if m["event"]["server"]] == [
        "after",
        "now this",
    ]


def test_one_batch_is_one_write(world: World) -> None:
    ends = [admin(world).connect() for _ in range(5)]
    before = [end.wire.writes for end in ends]
    world.gate.publish(
        [Event("noticed", 0.0, text=str(n), seq=world.log.last + n) for n in range(1, 300)]
    )
    assert [end.wire.writes - b for end, b in zip(ends, before, strict=True)] == [1] * 5
    ends[0].talk()
    assert len(ends[0].seqs) == 299


def test_a_large_batch_is_cut_into_frames(world: World) -> None:
    end = admin(world).connect()
    world.gate.publish(
        [Event("noticed", 0.0, text="x" * 100_000, seq=world.log.last + n) for n in range(1, 30)]
    )
    sizes = []
    sent = bytes(end.wire.sent)
    while sent:
        size = int.from_bytes(sent[:4], "big")
        sizes.append(size)
        sent = sent[4 + size :]
    assert len(sizes) > 10 and max(sizes) < 300_000
    end.talk()
    assert len(end.seqs) == 29


def test_a_large_present_comes_in_parts_and_is_handed_on_whole(world: World) -> None:
    for n in range(730):
        world.ask("s1", f"p{n}", "help")
    mine = 700
    world.do(Claim("ama", mine))
    end = admin(world).connect()
    (shown,) = end.of("snapshot")
    assert len(shown["tickets"]) == 500 and (shown["open"], shown["waiting"]) == (730, 729)
    numbers = [t["ticket"] for t in shown["tickets"]]
    assert numbers == [mine, *range(1, 500)], "the GM's own first, then the queue"
    world.ask("s1", "new")
    end.talk()
    assert end.seqs == [shown["seq"] + 1]


def test_a_terminal_from_another_log_starts_again(world: World) -> None:
    world.ask()
    end = admin(world, since=10_000, snapshot=False).connect()
    (shown,) = end.of("snapshot")
    assert shown["reset"] is True and shown["seq"] == world.log.last
    world.ask("s1", "p2")
    end.talk()
    assert end.seqs == [world.log.last]


def test_a_slow_terminal_costs_no_memory_and_misses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmkit.channel_server.gate.stream.ALL_WAITING", 0)
    slow = admin(world).connect(room=1000)
    quick = admin(world).connect()
    text = "x" * 1000
    for n in range(20_000 // 50):
        events = [
            Event("noticed", 0.0, text=f"{n} {text}", server="s1", seq=world.log.last + 1 + i)
            for i in range(50)
        ]
        world.log.append(events)
        world.gate.publish(events)
        quick.talk()
        quick.heard[:] = quick.heard[-1:]
    first = slow.world.log.last - 20_000 + 1
    assert slow.wire.most_buffered < MOST_WAITING + BUFFER + 100_000
    assert not slow.session.stream.live  # type: ignore[union-attr]
    assert quick.session.stream.live  # type: ignore[union-attr]
    seen: list[int] = []
    for _ in range(2000):
        slow.wire.drain(50_000)
        slow.talk()
        seen += slow.seqs
        slow.heard.clear()
        if slow.session.stream.live:  # type: ignore[union-attr]
            break
    assert seen == list(range(first, first + 20_000))
    assert slow.wire.most_buffered < MOST_WAITING + BUFFER + PAGE * 1200
    world.ask()
    slow.wire.drain(1 << 40)
    slow.talk()
    assert slow.seqs == [world.log.last]


def test_a_terminal_that_asks_but_does_not_read_is_not_served_for_ever(world: World) -> None:
    end = admin(world, follow=False).connect(room=1000)
    session = end.session
    assert session is not None
    for n in range(3000):
        world.clock.advance(1)
        if end.wire.reading:
            session.dataReceived(encode({"type": "do", "id": n, "line": "x" * 2000}))
    assert len(world.lines) < 100
    assert end.wire.most_buffered < 2 * BUFFER and not end.wire.reading
    end.wire.drain(1 << 40)
    assert end.wire.reading, "it goes on once it has read"


def test_a_log_that_cannot_be_read_ends_the_connection(
    world: World, logged_failures: list[object]
) -> None:
    from twisted.internet.defer import fail

    world.log.read = lambda after, limit=0: fail(LogFailed(reason="disk."))  # type: ignore
    end = admin(world, since=0, snapshot=False).connect()
    assert end.away and end.away.facts["reason"] == "log-failed" and end.away.facts["retry"]
    logged_failures.clear()


def test_one_odd_event_does_not_stop_the_others(world: World) -> None:
    end = admin(world).connect()
    odd = {"big": 1 << 100, "set": {2, 1}, "lone": "\ud800", "odd": object, "deep": {}}
    deep = odd
    for _ in range(600):
        deep["deep"] = deep = {}
    events = [
        Event("noticed", 0.0, text="before", seq=world.log.last + 1),
        Event("noticed", 0.0, text="\udcff", data=odd, seq=world.log.last + 2),
        Event("noticed", 0.0, text="after", seq=world.log.last + 3),
    ]
    world.gate.publish(events)
    end.talk()
    assert [m["event"]["text"] for m in end.of("event")] == ["before", "\\udcff", "after"]
    assert end.of("event")[1]["event"]["data"]["big"] == str(1 << 100)


def test_pong_moves_a_terminal_on_that_sees_little(world: World) -> None:
    bo = world.terminal(user="bo", password="bo").connect()
    for _ in range(5):
        world.ask("s2", "p1", "not for bo")
    world.clock.advance(21)
    bo.core.tick()
    bo.talk()
    assert bo.core.seq == world.log.last


STEP = st.one_of(
    st.tuples(st.just("happen"), st.integers(1, 60)),
    st.tuples(st.just("drain"), st.integers(0, 40_000)),
    st.tuples(st.just("cut"), st.integers(0, 5_000)),
    st.tuples(st.just("connect"), st.integers(100, 200_000)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("late"), st.just(0)),
    st.tuples(st.just("sync"), st.just(0)),
)


@settings(max_examples=120, deadline=None)
@given(steps=st.lists(STEP, max_size=60), patterns=st.sampled_from([("*",), ("s1",), ("s2", "s3")]))
def test_no_gap_and_no_repeat_whatever_is_cut(
    steps: list[tuple[str, int]], patterns: tuple[str, ...]
) -> None:
    """Connections are cut between any two bytes, the daemon restarts, the reader is slow."""
    world = World()
    world.do(AddGM(None, "cy", "gm", patterns))
    world.ask("s1", "p0")
    end = world.terminal(uid=0, user="cy", since=0, snapshot=False)
    for step, n in steps:
        match step:
            case "happen":
                for i in range(n):
                    world.turn.decide(Note("ama", 1, "x" * 500)) if i % 2 else world.turn.decide(
                        Announce("ama", ("s1",), "x" * 500)
                    )
                world.clock.advance(0)
            case "drain" if end.session is not None:
                end.wire.drain(n)
                end.talk()
            case "cut" if end.session is not None:
                end.heard += end.core.received(end.wire.take()[:n])
                end.disconnect()
            case "connect" if end.session is None:
                end.connect(room=n)
            case "restart":
                world.log.sync()
                world.restart()
                end.session = None
                end.core.lost()
            case "late":
                world.log.at_once = False
            case "sync":
                world.log.at_once = True
                world.log.sync()
    world.log.at_once = True
    world.log.sync()
    if end.session is None:
        end.connect()
    for _ in range(50):
        end.wire.drain(1 << 40)
        end.talk()
    audience = world.gate.audience(world.desk.account("cy"))  # type: ignore[arg-type]
    assert end.seqs == [e.seq for e in world.log.events if audience.shows(e)]


def test_changed_tags_and_roles_count_at_once(world: World) -> None:
    tags: dict[str, tuple[str, ...]] = {}
    world.permissions = Permissions(tags_of=lambda server: tags.get(server, ()))
    world.do(ChangeGM("ama", "bo", servers=("tag:eu",)))
    bo = world.terminal(user="bo", password="bo", since=0).connect()
    world.ask("s1", "p1", "before")
    tags["s1"] = ("eu",)
    world.gate.refresh()
    world.ask("s1", "p2", "after")
    bo.talk()
    assert [m["event"]["text"] for m in bo.of("event") if m["event"]["server"]] == ["after"]
