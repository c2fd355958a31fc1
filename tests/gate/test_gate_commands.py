"""Commands over the gate: answers, refusals, limits, and retries that do nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail, succeed

from gmkit.channel_server.dispatch.caller import Caller
from gmkit.channel_server.gate.session import COMMANDS_BURST, MOST_RUNNING
from gmkit.command import Answer
from gmkit.errors import NotAllowed
from gmkit.model import Player, Source
from gmkit.permissions import Permissions, Role
from gmkit.wire.frames import encode
from tests.gate.world import OWN_UID, End, World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def end(world: World) -> End:
    return world.terminal(uid=OWN_UID, follow=False).connect()


def ask(end: End, **message: Any) -> list[dict[str, Any]]:
    """Send a message as it is; everything that comes back."""
    assert end.session is not None
    before = len(end.heard)
    id = message.get("id")
    if isinstance(id, int):
        end.core._pending[id] = {}
    end.session.dataReceived(encode(message))
    end.talk()
    return end.heard[before:]


def test_an_answer(world: World, end: End) -> None:
    end.core.do("ticket list")
    end.talk()
    (answer,) = end.of("answer")
    assert answer == {
        "type": "answer",
        "id": 1,
        "data": {"line": "ticket list"},
        "view": "table",
        "sentence": "ama said it.",
        "facts": {"gm": "ama"},
    }
    assert world.lines == [(Caller("ama", "en"), "ticket list", Source("run", 1))]


def test_a_refusal_in_the_language_of_the_request(world: World, end: End) -> None:
    seen: list[str] = []

    def refuse(caller: Caller, line: str, source: Source | None) -> Deferred[Answer]:
        seen.append(caller.lang)
        return fail(NotAllowed(permission="ticket.reply", server="s1"))

    world.run = refuse
    (refused,) = ask(end, type="do", id=7, line="x", lang="zh-Hans")
    assert (refused["id"], refused["code"]) == (7, "not-allowed")
    assert refused["facts"] == {"permission": "ticket.reply", "server": "s1"}
    assert seen == ["zh_CN"]


def test_a_fault_is_logged_and_told_in_a_sentence(
    world: World, end: End, logged_failures: list[object]
) -> None:
    world.run = lambda *_: fail(RuntimeError("secret"))
    (refused,) = ask(end, type="do", id=1, line="x")
    assert refused["code"] == "failed" and "secret" not in str(refused)
    world.run = lambda *_: succeed(Answer(1, "table", "{missing}", {}))
    (refused,) = ask(end, type="do", id=2, line="x")
    assert refused["code"] == "failed"
    assert len(logged_failures) == 2
    logged_failures.clear()


@pytest.mark.parametrize(
    "data", [{1: 2}, 1 << 200, b"x", {"a": {3, 1}}, [object], "\ud800", {(): 1}]
)
def test_whatever_a_command_gives_can_be_sent(world: World, end: End, data: object) -> None:
    world.run = lambda *_: succeed(Answer(data))
    (answer,) = ask(end, type="do", id=1, line="x")
    assert answer["type"] == "answer"


def test_a_long_command_does_not_hold_up_others(world: World, end: End) -> None:
    slow: Deferred[Answer] = Deferred()
    world.run = lambda caller, line, source: slow if line == "slow" else succeed(Answer(line))
    end.core.do("slow")
    end.core.do("quick")
    end.talk()
    assert [a["data"] for a in end.of("answer")] == ["quick"]
    slow.callback(Answer("slow"))
    end.talk()
    assert [a["data"] for a in end.of("answer")] == ["quick", "slow"]


def test_so_many_commands_run_at_once_the_others_wait(world: World, end: End) -> None:
    running: list[Deferred[Answer]] = []

    def run(*_: object) -> Deferred[Answer]:
        running.append(Deferred())
        return running[-1]

    world.run = run
    for _ in range(MOST_RUNNING + 5):
        end.core.do("x")
    end.talk()
    assert len(running) == MOST_RUNNING and not end.wire.reading
    for answer in running[:MOST_RUNNING]:
        answer.callback(Answer())
    for answer in running[MOST_RUNNING:]:
        answer.callback(Answer())
    end.talk()
    assert len(end.of("answer")) == MOST_RUNNING + 5 and end.wire.reading


def test_too_fast_is_slowed_down_and_told_once(world: World, end: End) -> None:
    for _ in range(400):
        end.core.do("x")
    end.talk()
    assert len(world.lines) < COMMANDS_BURST + 10
    assert len(end.of("notice")) == 1
    for _ in range(1000):
        world.clock.advance(0.05)
        end.talk()
    assert len(end.of("answer")) == 400, "none is lost"
    assert len(end.of("notice")) == 1


def test_a_command_cut_off_is_repeated_with_the_same_source(world: World, end: End) -> None:
    never: Deferred[Answer] = Deferred()
    world.run = lambda caller, line, source: (world.echo(caller, line, source), never)[1]
    end.core.do("ticket reply 1 hi")
    end.talk()
    end.disconnect()
    world.run = world.echo
    end.connect()
    assert [source for _, _, source in world.lines] == [Source("run", 1)] * 2
    assert len(end.of("answer")) == 1
    never.callback(Answer())
    end.disconnect()
    end.connect()
    assert len(world.lines) == 2, "what was answered is not repeated"


@pytest.mark.parametrize(
    "source", [None, [], ["a"], "a:1", ["a", 0], ["a", -1], ["", 1], ["x" * 65, 1], ["a", 1 << 60]]
)
def test_a_source_that_is_none_is_passed_by(world: World, end: End, source: object) -> None:
    ask(end, type="do", id=1, line="x", source=source)
    assert world.lines[-1][2] is None


@pytest.mark.parametrize(
    "message",
    [
        {"id": 1},
        {"id": 1, "line": 5},
        {"id": 1, "line": "x" * 70_000},
        {"id": 1, "line": None},
    ],
)
def test_a_request_that_is_none_is_refused(
    world: World, end: End, message: dict[str, object]
) -> None:
    (refused,) = ask(end, type="do", **message)
    assert refused["code"] == "bad-request" and not world.lines


def test_commands_for_completion(end: End) -> None:
    end.core.ask("commands")
    end.talk()
    (message,) = end.of("commands")
    assert message["commands"] == [{"name": "ticket list", "for": "ama"}]


def test_players_for_completion_are_those_the_account_covers(world: World) -> None:
    world.online = [
        ("s1", Player("1", "阿宝")),
        ("s2", Player("2", "阿宝宝")),
        ("s1", Player("3", "Bob")),
    ]
    bo = world.terminal(user="bo", password="bo").connect()
    assert ask(bo, type="players", id=1, part="宝")[0]["players"] == [
        {"name": "阿宝", "id": "1", "server": "s1"}
    ]
    assert [p["name"] for p in ask(bo, type="players", id=2, part="B")[0]["players"]] == ["Bob"]
    assert ask(bo, type="players", id=3, part=5, limit="x", server="s2")[0]["players"] == []
    assert len(ask(bo, type="players", id=4, limit=1)[0]["players"]) == 1


def test_players_are_no_secret_to_those_only_who_may_ask_for_them(world: World) -> None:
    world.permissions = Permissions([Role("admin", ("*",)), Role("gm", ("ticket.*",))])
    world.online = [("s1", Player("1", "阿宝"))]
    bo = world.terminal(user="bo", password="bo").connect()
    ama = world.terminal(user="ama", password="ama").connect()
    assert ask(bo, type="players", id=1, part="宝")[0]["players"] == []
    assert len(ask(ama, type="players", id=1, part="宝")[0]["players"]) == 1


def test_unknown_messages_are_passed_by(end: End) -> None:
    assert ask(end, type="dance") == []
    assert ask(end, type=["do"]) == []
    assert ask(end, nonsense=1) == []
    end.core.do("x")
    assert end.talk().of("answer")


HOSTILE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats()
    | st.text()
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
TYPES = st.sampled_from(
    ["hello", "subscribe", "do", "commands", "players", "presence", "ping", "answer", ""]
)
KEYS = st.sampled_from(
    [
        "id",
        "line",
        "source",
        "lang",
        "since",
        "tickets",
        "snapshot",
        "part",
        "limit",
        "n",
        "duty",
        "server",
        "version",
        "name",
        "password",
        "token",
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    messages=st.lists(
        st.tuples(TYPES, st.dictionaries(KEYS, HOSTILE, max_size=5)), min_size=1, max_size=6
    ),
    cuts=st.lists(st.integers(1, 200), max_size=10),
    logged_in=st.booleans(),
)
def test_no_message_harms_the_daemon(
    messages: list[tuple[str, dict[str, object]]], cuts: list[int], logged_in: bool
) -> None:
    world = World()
    other = world.terminal(uid=OWN_UID).connect()
    end = world.terminal(uid=OWN_UID)
    if not logged_in:
        end.core.connected = lambda: None  # type: ignore[method-assign]
    end.connect()
    data = encode(*({**fields, "type": kind} for kind, fields in messages))
    for cut in cuts:
        if end.session is not None:
            end.session.dataReceived(data[:cut])
            data = data[cut:]
    if end.session is not None:
        end.session.dataReceived(data)
    end.talk()
    world.clock.pump([1.0] * 20)
    other.core.do("x")
    assert other.talk().of("answer")


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400), logged_in=st.booleans())
def test_no_bytes_harm_the_daemon(data: bytes, logged_in: bool) -> None:
    world = World()
    end = world.terminal(uid=OWN_UID)
    if not logged_in:
        end.core.connected = lambda: None  # type: ignore[method-assign]
    end.connect()
    assert end.session is not None
    end.session.dataReceived(data)
    end.session.dataReceived(data) if end.session else None
    end.talk()
    other = world.terminal(uid=OWN_UID).connect()
    other.core.do("x")
    assert other.talk().of("answer")


def test_a_frame_too_long_ends_the_connection_with_a_sentence(world: World, end: End) -> None:
    assert end.session is not None
    end.session.dataReceived(b"\xff\xff\xff\xff")
    end.talk()
    assert end.away and end.away.facts["reason"] == "bad-frame"
    assert "4294967295 bytes" in end.away.sentence()


def test_half_a_character_in_a_line_is_no_fault(world: World, end: End) -> None:
    """What a shell hands over as bytes that are no UTF-8 arrives, visibly broken."""
    end.core.do("note 1 \udcff")
    end.talk()
    assert [line for _, line, _ in world.lines] == ["note 1 \\udcff"]
