"""The HTTP form of the bridge: long polls over a real HTTP channel, in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport

from gmkit.bridge.http import batches
from gmkit.channel_server.bridge.guard import BridgeLimits
from gmkit.wire.challenge import GAME, proof
from gmkit.wire.jsonform import BadJSON, dumps, loads, storable

from .world import ANN, TOKEN, Raw, World, said


class Transport(StringTransport):
    """Tells its protocol when it is closed."""

    def loseConnection(self) -> None:
        super().loseConnection()
        self.closed = True

    abortConnection = loseConnection
    closed = False


class Request:
    """One request on a connection of its own."""

    def __init__(self, world: World, site: Any, body: bytes, path: str, head: str) -> None:
        self.world = world
        self.protocol = site.buildProtocol(IPv4Address("TCP", "10.0.0.1", 1))
        self.transport = Transport(peerAddress=IPv4Address("TCP", "10.0.0.1", 1))
        self.protocol.makeConnection(self.transport)
        line = head or f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self.protocol.dataReceived(line.encode() + body)
        world.settle()

    @property
    def answered(self) -> bool:
        return bool(self.transport.value())

    @property
    def status(self) -> int:
        return int(self.transport.value().split()[1])

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.transport.value().partition(b"\r\n\r\n")[2])
        return body

    @property
    def messages(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.body["messages"]
        return messages

    def hang_up(self) -> None:
        from twisted.internet.error import ConnectionLost
        from twisted.python.failure import Failure

        self.protocol.connectionLost(Failure(ConnectionLost()))


class Web:
    """A game that polls."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.site = world.port.site()
        self.session: str | None = None

    def raw(self, body: bytes, path: str = "/bridge/1", head: str = "") -> Request:
        return Request(self.world, self.site, body, path, head)

    def post(self, *messages: Any, wait: float = 0, **more: Any) -> Request:
        body = {"session": self.session, "messages": list(messages), "wait": wait, **more}
        return self.raw(json.dumps(body).encode())

    def hello(self, **more: Any) -> Request:
        fields = {"protocol": 1, "server": "s1", "stream": "st", "nonce": "n" * 16}
        return self.post({"type": "hello", **fields, **more})

    def enter(self, token: str = TOKEN, **more: Any) -> Request:
        answer = self.hello(**more)
        self.session = answer.body["session"]
        nonce = answer.messages[0]["nonce"]
        given = proof(token, GAME, "s1", "n" * 16, nonce)
        return self.post({"type": "proof", "proof": given}, wait=10)


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    assert not world.errors
    world.stop()


@pytest.fixture
def web(world: World) -> Web:
    return Web(world)


def test_handshake_and_a_line(world: World, web: Web) -> None:
    answer = web.enter(can=["lookup"])
    assert [m["type"] for m in answer.messages] == ["welcome"]
    assert answer.body["session"] == web.session
    poll = web.post(wait=15)
    assert not poll.answered
    sent = web.post(said(1, "!help 我的剑"))
    assert sent.messages == [] and not poll.answered
    assert world.links["s1"].lines == [("st", 1, "!help 我的剑")]
    world.links["s1"].commit()
    world.settle()
    assert poll.messages == [{"type": "ack", "upto": 1}]


def test_a_poll_is_answered_when_its_time_is_over(world: World, web: Web) -> None:
    web.enter()
    poll = web.post(wait=3)
    world.settle(2)
    assert not poll.answered
    world.settle(2)
    assert poll.messages == [] and poll.status == 200
    long = web.post(wait=1e9)
    world.settle(16)
    assert long.answered, "no wait is longer than a heartbeat"


def test_tell_and_told(world: World, web: Web) -> None:
    web.enter()
    poll = web.post(wait=15)
    told = Deferred.fromCoroutine(world.links["s1"].adapter.tell(ANN, "你好", "12.1"))
    world.settle()
    assert poll.messages == [{"type": "tell", "id": "12.1", "player": "u1", "text": "你好"}]
    assert "你好".encode() in poll.transport.value()
    web.post({"type": "told", "id": "12.1", "result": "shown"})
    assert told.called


def test_what_waits_is_given_to_the_next_poll(world: World, web: Web) -> None:
    web.enter()
    adapter = world.links["s1"].adapter
    adapter.notify(ANN, "a", "n1")
    world.settle()
    adapter.notify(ANN, "b", "n2")
    world.settle()
    assert [m["text"] for m in web.post(wait=5).messages] == ["a", "b"]


def test_a_newer_poll_takes_the_place_of_the_older(world: World, web: Web) -> None:
    web.enter()
    first, second = web.post(wait=15), web.post(wait=15)
    assert first.messages == [] and not second.answered
    world.links["s1"].adapter.notify(ANN, "a", "n1")
    world.settle()
    assert len(second.messages) == 1


def test_a_poll_that_the_peer_gave_up_loses_nothing(world: World, web: Web) -> None:
    web.enter()
    web.post(wait=15).hang_up()
    world.links["s1"].adapter.notify(ANN, "a", "n1")
    world.settle(20)
    assert [m["type"] for m in web.post().messages if m["type"] == "tell"] == ["tell"]


def test_wrong_token(world: World, web: Web) -> None:
    poll = web.enter(token="wrong")
    assert not poll.answered
    world.settle(1.1)
    assert poll.messages[0]["reason"] == "credentials" and poll.body["session"] is None
    assert web.post().messages[0]["reason"] == "session"


def test_a_bye_waits_for_a_game_that_does_not_hold_a_poll(world: World, web: Web) -> None:
    web.session = web.hello().body["session"]
    web.post({"type": "proof", "proof": "0" * 64})
    world.settle(2)
    assert web.post().messages[0]["reason"] == "credentials"
    world.settle(31)
    assert web.post().messages[0]["reason"] == "session"


def test_sessions_that_heard_their_last_words_are_forgotten(world: World, web: Web) -> None:
    """However many strangers come and are sent away, nothing of them is kept."""
    book = web.site.resource.children[b"bridge"].children[b"1"]._book
    for _ in range(100):
        assert web.hello(protocol=9).body["session"] is None
    assert book._sessions == {}
    web.enter(token="wrong" * 3)
    world.settle(3)
    assert book._sessions == {}


def test_wrong_version(web: Web) -> None:
    answer = web.hello(protocol=7)
    assert answer.messages[0]["reason"] == "version" and answer.body["session"] is None


def test_resuming_in_a_session_of_its_own(world: World, web: Web) -> None:
    web.enter()
    web.post(said(1), said(2))
    world.links["s1"].commit()
    web.post(said(3))
    again = Web(world)
    welcome = again.enter().messages[0]
    assert welcome["acked"] == 2
    assert web.post().messages[0]["reason"] in ("replaced", "session")
    again.post(said(3), said(4))
    assert [n for _, n, _ in world.links["s1"].lines] == [1, 2, 3, 4]


def test_both_forms_replace_each_other(world: World, web: Web) -> None:
    web.enter()
    poll = web.post(wait=15)
    raw = Raw(world)
    raw.enter()
    assert poll.messages[0]["reason"] == "replaced"
    web.session = None
    web.enter()
    world.settle()
    assert raw.last("bye")["reason"] == "replaced"


def test_a_session_that_polls_no_more_is_silent(world: World, web: Web) -> None:
    web.enter()
    world.settle(40)
    assert world.links["s1"].state == "down"
    assert web.post().messages[-1]["reason"] == "silent"
    world.settle(40)
    assert not world.port._channels and not world.port._guard._open


def test_a_stranger_that_says_no_more(world: World, web: Web) -> None:
    web.session = web.hello().body["session"]
    world.settle(12)
    assert web.post().messages[0]["reason"] == "timeout"


def test_limits_of_sessions() -> None:
    world = World(limits=BridgeLimits(connections_per_address=2, unsent=5000))
    web = Web(world)
    web.hello(), web.hello()
    assert web.hello().messages[0]["reason"] == "busy"
    world.settle(50)
    web = Web(world)
    web.enter()
    for n in range(200):
        world.links["s1"].adapter.notify(ANN, "x" * 50, f"n{n}")
        if world.links["s1"].state == "down":
            break
    assert "does not read" in world.links["s1"].seen("down")[0]
    world.stop()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b'{"messages": 5}',
        b'{"messages": [5]}',
        b'{"messages": [], "wait": -1}',
        b'{"messages": [], "wait": true}',
        b'{"messages": [], "wait": "x"}',
        b'{"messages": [], "wait": NaN}',
        b'{"messages": [], "wait": 1e999}',
        b'{"x": ' + b"[" * 100_000,
        b'{"x": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b'{"messages": [' + b"{}," * 1100 + b"{}]}",
    ],
)
def test_bodies_that_are_nothing(world: World, web: Web, body: bytes) -> None:
    answer = web.raw(body)
    assert answer.status == 200 and answer.messages[0]["reason"] == "malformed"
    assert answer.body["session"] is None


@pytest.mark.parametrize("session", ["nope", 5, [], {}, True])
def test_sessions_that_are_none(web: Web, session: object) -> None:
    assert web.post(session=session).messages[0]["reason"] == "session"


def test_a_body_that_is_too_long(web: Web) -> None:
    announced = web.raw(b"", head="POST /bridge/1 HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n")
    assert announced.status == 413 and announced.transport.closed
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = "POST /bridge/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked = web.raw(chunk * 17, head=head)
    assert chunked.status == 413 and chunked.transport.closed


def test_bodies_that_never_end_have_a_share_of_the_memory_together(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmkit.channel_server.bridge.website.BODIES", 10_000)
    head = "POST /bridge/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
    slow = [web.raw(b"x" * 4000, head=head) for _ in range(3)]
    assert [peer.answered for peer in slow] == [False, False, True]
    assert slow[2].status == 503 and slow[2].transport.closed
    slow[0].hang_up()
    slow[1].protocol.dataReceived(b"x" * 1000)
    assert slow[1].status == 200  # it is no JSON, but it was whole
    assert web.hello().messages[0]["type"] == "challenge"
    assert web.site._held == 0


def test_other_paths_and_methods(web: Web) -> None:
    assert web.raw(b"{}", "/").status == 404
    assert web.raw(b"{}", "/bridge/2").status == 404
    assert web.raw(b"", head="GET /bridge/1 HTTP/1.1\r\nHost: x\r\n\r\n").status == 405


def test_hostile_values(world: World, web: Web) -> None:
    web.enter()
    body = (
        f'{{"session": "{web.session}", "messages": ['
        '{"type":"said","id":1,"player":"u1","text":"\\ud800 x"},'
        f'{{"type":"data","id":2,"player":"u1","facts":{{"x":{"9" * 400}}}}},'
        f'{{"type":"said","id":3,"player":"u1","text":"{"x" * 100_000}"}}]}}'
    )
    answer = web.raw(body.encode())
    assert [m["id"] for m in answer.messages if m["type"] == "refused"] == [2, 3]
    (_, _, text) = world.links["s1"].lines[0]
    assert text == "\\ud800 x"


def test_a_gap(world: World, web: Web) -> None:
    web.enter()
    answer = web.post(said(1), said(5))
    assert answer.messages[-1]["reason"] == "malformed" and answer.body["session"] is None


def test_a_game_says_good_bye(world: World, web: Web) -> None:
    web.enter()
    answer = web.post({"type": "bye", "sentence": "we close for the night"})
    assert answer.body["session"] is None
    assert "for the night" in world.links["s1"].seen("down")[0]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_body(body: bytes) -> None:
    world = World()
    web = Web(world)
    web.enter()
    assert web.raw(body).status == 200
    assert not world.errors
    world.stop()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_survives(value: Any) -> None:
    packed = dumps(value)
    packed.decode("utf-8")
    assert loads(packed) == storable(value)


def test_json_that_is_refused() -> None:
    for body in (b"NaN", b"[Infinity]", b"-Infinity", b"", b'{"a":}'):
        with pytest.raises(BadJSON):
            loads(body)
    with pytest.raises(ValueError):
        dumps(float("nan"))
    assert loads(b'"\xff"') == "\\xff"


def test_limits_of_http_connections() -> None:
    world = World(limits=BridgeLimits(connections_per_address=1))
    web = Web(world)
    web.enter()
    polls = [web.post(wait=15)]
    assert web.site.buildProtocol(IPv4Address("TCP", "10.0.0.1", 1)) is None
    assert web.site.buildProtocol(IPv4Address("TCP", "10.0.0.2", 1)) is not None
    polls[0].hang_up()
    assert web.post(wait=0).status == 200
    world.stop()


def test_what_a_driver_sends_fits_into_requests() -> None:
    messages = [{"type": "said", "text": "x" * 16_000} for _ in range(256)]
    bodies = batches(messages)
    assert len(bodies) == 4 and max(map(len, bodies)) < 1 << 20
    assert [m for body in bodies for m in json.loads(b"[" + body + b"]")] == messages
    assert batches([]) == []
