"""``gmkit do`` and ``gmkit watch`` over a daemon that comes and goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Self

import pytest
from twisted.internet.defer import Deferred, fail, succeed

from gmkit.command import Answer
from gmkit.console import batch, blocking
from gmkit.console.batch import Who, do, watch
from gmkit.console.core import TurnedAway
from gmkit.console.endpoint import Endpoint, NotRunning, endpoint
from gmkit.errors import BadUsage, Unknown
from gmkit.wire.gate import SILENCE
from tests.gate.world import OWN_UID, End, World

WHO = Who(Endpoint(path="/gate.sock"))


class Plug:
    """A socket to the world's gate. ``then`` are called, one each time nothing has come."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.end = End(net.world, OWN_UID, "")
        self.end.core.connected = lambda: None  # type: ignore[method-assign]
        self.end.connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.end.disconnect()

    def settimeout(self, seconds: float) -> None: ...

    def sendall(self, data: bytes) -> None:
        if self.end.session is None:
            raise BrokenPipeError(32, "Broken pipe")
        self.end.session.dataReceived(data)

    def recv(self, most: int) -> bytes:
        self.net.world.clock.advance(0)
        data = self.end.wire.take()
        if data:
            return data
        if self.end.session is None:
            return b""
        if self.net.then:
            self.net.then.pop(0)(self)
        else:
            self.net.world.clock.advance(1)
        raise TimeoutError

    def cut(self) -> None:
        self.end.disconnect()


class Net:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World()
        self.then: list[Callable[[Plug], Any]] = []
        self.down = 0
        self.connections = 0
        monkeypatch.setattr(blocking, "connect", self.connect)
        monkeypatch.setattr("gmkit.console.batch.time.monotonic", self.world.clock.seconds)
        monkeypatch.setattr("gmkit.console.blocking.time.sleep", self.world.clock.advance)
        monkeypatch.setattr(
            blocking.messages, "__kwdefaults__", {"sleep": self.world.clock.advance, "jitter": None}
        )

    def connect(self, where: Endpoint, timeout: float) -> Plug:
        if self.down:
            self.down -= 1
            raise NotRunning(endpoint=where, reason="")
        self.connections += 1
        return Plug(self)


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


def test_do_prints_the_answer(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    assert do(WHO, "ticket list") == 0
    assert "ama said it." in capsys.readouterr().out
    assert do(WHO, "ticket list", as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"line": "ticket list"}


def test_do_says_why_it_was_refused(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    net.world.run = lambda *_: fail(Unknown(what="ticket", name="#9\x1b[2J"))
    assert do(WHO, "ticket view 9") == 1
    assert capsys.readouterr() == ("", "There is no ticket #9␛[2J.\n")
    assert do(WHO, "ticket view 9", as_json=True) == 1
    printed = json.loads(capsys.readouterr().out)
    assert printed["error"]["code"] == "unknown"
    assert printed["error"]["facts"] == {"what": "ticket", "name": "#9\x1b[2J"}


@pytest.mark.parametrize(
    ("answer", "printed"),
    [
        (Answer(None, "done", "Kept."), "Kept.\n"),
        (Answer({"x": 1}, "done", "Kept."), "Kept.\n"),
        (Answer(None, "done", ""), "Done.\n"),
        (Answer([], "tickets", ""), "No ticket waits. When a player asks for help you see it"),
        (Answer([], "tickets", "No ticket fits."), "No ticket fits.\n"),
        (Answer({}, "done", "{who} left", {"who": "a\nb"}), "a␊b left\n"),
    ],
)
def test_do_without_rows(
    net: Net, capsys: pytest.CaptureFixture[str], answer: Answer, printed: str
) -> None:
    net.world.run = lambda *_: succeed(answer)
    assert do(WHO, "x") == 0
    assert capsys.readouterr().out.startswith(printed)


def test_do_fails_at_once_when_no_daemon_listens(net: Net) -> None:
    net.down = 1
    with pytest.raises(NotRunning, match=r"No daemon listens at unix:/gate\.sock"):
        do(WHO, "x")


def test_do_repeats_a_command_that_was_cut_off(net: Net) -> None:
    def cut(plug: Plug) -> None:
        net.down = 3
        net.world.run = net.world.echo
        plug.cut()

    net.world.run = lambda caller, line, source: (net.world.echo(caller, line, source), Deferred())[
        1
    ]
    net.then = [cut]
    assert do(WHO, "ticket reply 1 hi") == 0
    assert net.connections == 2
    (_, _, first), (_, _, second) = net.world.lines
    assert first == second is not None


def test_do_gives_up_in_the_end(net: Net) -> None:
    net.world.run = lambda *_: Deferred()
    with pytest.raises(batch.TimedOut, match="within 30 seconds"):
        do(WHO, "x")


def test_do_is_told_when_the_account_is_wrong(net: Net) -> None:
    with pytest.raises(TurnedAway, match="There is no GM account zed"):
        do(WHO._replace(user="zed"), "x")


def interrupt(plug: Plug) -> None:
    raise KeyboardInterrupt


def test_watch_goes_on_where_it_was(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    def lose(plug: Plug) -> None:
        plug.cut()
        net.world.ask("s1", "p2", "while away")
        net.down = 4

    net.then = [
        lambda plug: net.world.ask("s1", "p1", "first\x1b[2J"),
        lose,
        lambda plug: net.world.ask("s1", "p3", "afterwards"),
        lambda plug: None,
        interrupt,
    ]
    assert watch(WHO) == 0
    out, err = capsys.readouterr()
    assert [line.split(" ", 1)[1] for line in out.splitlines()] == [
        "s1 #1 name of p1: first␛[2J",
        "s1 #2 name of p2: while away",
        "s1 #3 name of p3: afterwards",
    ]
    lost, back = err.splitlines()
    assert "is lost: The daemon closed the connection. It is tried again." in lost
    assert back.endswith("The link to unix:/gate.sock is back; nothing was missed.")


def test_watch_json_from_the_beginning(net: Net, capsys: pytest.CaptureFixture[str]) -> None:
    net.world.ask("s1", "p1", "help")
    net.then = [lambda plug: None, interrupt]
    assert watch(WHO, as_json=True, since=0) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["kind"] for event in events] == ["gm_added", "gm_added", "asked"]
    assert {"seq", "at", "kind", "server", "ticket", "actor"} <= events[0].keys()
    assert "type" not in events[0]


def test_watch_notices_a_daemon_that_fell_silent(
    net: Net, capsys: pytest.CaptureFixture[str]
) -> None:
    def deaf(plug: Plug) -> None:
        plug.end.session.dataReceived = lambda data: None  # type: ignore
        plug.end.wire.take = lambda: b""  # type: ignore[method-assign]
        net.then = [lambda plug: net.world.clock.advance(1)] * int(SILENCE + 2) + [interrupt]

    net.then = [lambda plug: None, deaf]
    assert watch(WHO) == 0
    assert "The daemon does not answer." in capsys.readouterr().err
    assert net.connections == 2


@pytest.mark.parametrize("text", ["", "unix:", "tcp:1", "tls:host", "tls:host:0", "tls:a:b:1", "x"])
def test_an_address_that_is_none(text: str) -> None:
    with pytest.raises(BadUsage, match="--connect"):
        endpoint(text)


def test_addresses() -> None:
    assert endpoint("unix:/a/b") == Endpoint(path="/a/b")
    assert endpoint("tls:[::1]:7600", "c.pem") == Endpoint(host="::1", port=7600, cert="c.pem")
    assert str(endpoint("tls:[::1]:7600")) == "tls:[::1]:7600"
    assert str(endpoint("tls:gm.example:7600")) == "tls:gm.example:7600"
