"""The OpenTTD adapter against a real server with a real client in it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.threads import blockingCallFromThread

from gmkit.adapter import Gone, LinkLost, Player
from gmkit.adapters.openttd import OpenTTD, Options, faults
from gmkit.adapters.openttd.wire import quoted
from gmkit.testing import FakeLink

from .openttd import OpenTTDClient, OpenTTDServer, free_port, wait_until

pytestmark = pytest.mark.real

LI_LEI = Player("Li Lei", "Li Lei")
HOSTILE = [
    'a "quoted" word',
    'x" ; quit ; "',
    "x\nquit\n",
    "; quit",
    "# nothing",
    "%s %n %A %! {RED} {0}",
    "back\\slash\\",
    '\\"; quit; \\"',
    '"',
    "\\",
    "请文明发言😀",
    "\x00\x01\x1b[31m\u202e\ue00b",
    "long " * 400,
]


class Runner:
    """A reactor in a thread of its own, so that the test may wait for programs."""

    def __init__(self) -> None:
        self.reactor = EPollReactor()
        self.thread = Thread(target=self.reactor.run, args=(False,), daemon=True)
        self.thread.start()

    def __call__(self, start: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
        """Await ``start(*arguments)`` in the reactor; what it returns or raises."""
        return blockingCallFromThread(
            self.reactor, lambda: Deferred.fromCoroutine(start(*arguments))
        )

    def stop(self) -> None:
        self.reactor.callFromThread(self.reactor.stop)
        self.thread.join(10)


class Running:
    """The adapter, run in the reactor; ``fault`` is what ended it."""

    def __init__(self, run: Runner, server: OpenTTDServer, **options: Any) -> None:
        self.run = run
        given = {k: v for k, v in {**server.options, **options}.items() if k != "adapter"}
        self.link = FakeLink("ottd")
        self.adapter = OpenTTD(Options(**given), self.link, run.reactor)
        self.start()

    def start(self) -> None:
        self.fault: BaseException | None = None
        self.running: Deferred[None] | None = None

        async def begin() -> None:
            self.running = Deferred.fromCoroutine(self.adapter.run())
            self.running.addErrback(self._ended)

        self.run(begin)

    def _ended(self, failure: Any) -> None:
        self.fault = failure.value

    def until(self, what: Callable[[], Any], seconds: float = 15.0) -> Any:
        return wait_until(what, seconds, lambda: f"{self.fault!r} {self.link.calls}")

    def stop(self) -> None:
        async def end() -> None:
            if self.running:
                self.running.cancel()

        self.run(end)
        assert isinstance(self.fault, LinkLost | CancelledError)


@pytest.fixture
def run() -> Iterator[Runner]:
    runner = Runner()
    yield runner
    runner.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OpenTTDServer]:
    with OpenTTDServer(tmp_path / "server") as server:
        yield server


@pytest.fixture
def client(server: OpenTTDServer, tmp_path: Path) -> Iterator[OpenTTDClient]:
    with OpenTTDClient(server, tmp_path / "client") as client:
        yield client


@pytest.fixture
def game(run: Runner, server: OpenTTDServer) -> Iterator[Running]:
    game = Running(run, server)
    game.until(lambda: game.link.state == "up")
    yield game
    game.stop()


def test_a_player_asks_in_the_chat_and_is_answered_in_private(
    run: Runner, server: OpenTTDServer, client: OpenTTDClient, game: Running, tmp_path: Path
) -> None:
    assert run(game.adapter.who) == [LI_LEI]
    client.say("!help 我的火车卡住了")
    client.say("第二行：信号灯坏了😀", to="server")
    game.until(lambda: len(game.link.lines) == 2)
    assert game.link.texts() == ["!help 我的火车卡住了", "第二行：信号灯坏了😀"]
    assert {line.player for line in game.link.lines} == {LI_LEI}
    with OpenTTDClient(server, tmp_path / "other", name="韩梅梅", company="new") as other:
        game.until(lambda: "韩梅梅" in game.link.online)
        run(game.adapter.tell, LI_LEI, "请把信号灯换成单向的", "1.2")
        run(game.adapter.announce, "服务器十分钟后重启")
        assert client.wait_for("请把信号灯") == "[Private] server: 请把信号灯换成单向的"
        assert client.wait_for("重启") == "[All] server: 服务器十分钟后重启"
        assert other.wait_for("重启") == "[All] server: 服务器十分钟后重启"
        assert not [line for line in other.lines() if "信号灯" in line]
        facts = run(game.adapter.lookup, Player("韩梅梅", "韩梅梅"))
        assert facts["company_number"] == 1 and facts["loan"] == 100000
    game.until(lambda: "韩梅梅" not in game.link.online)
    with pytest.raises(Gone):
        run(game.adapter.tell, Player("韩梅梅", "韩梅梅"), "太晚了", "1.3")


def test_the_longest_line_arrives_whole(run: Runner, client: OpenTTDClient, game: Running) -> None:
    line = "长" * 299 + "ok"
    assert len(line.encode()) == game.adapter.limits.bytes
    run(game.adapter.tell, LI_LEI, line, "1.2")
    client.wait_for(line)


def test_a_rename_keeps_the_player_and_a_new_map_keeps_the_link(
    run: Runner, server: OpenTTDServer, client: OpenTTDClient, game: Running
) -> None:
    server.command('client_name 2 "Han; Mei"')
    game.until(lambda: game.link.online["Li Lei"].name == "Han; Mei")
    run(game.adapter.tell, LI_LEI, "still you", "1.2")
    client.wait_for("[Private] server: still you")
    before = len(game.link.calls)
    server.command("newgame")
    game.until(lambda: ("joined", LI_LEI) in game.link.calls[before:], 60)
    assert ("left", "Li Lei") in game.link.calls[before:]
    assert game.link.state == "up" and game.fault is None
    run(game.adapter.tell, LI_LEI, "on the other map", "1.3")
    client.wait_for("[Private] server: on the other map", 30)


def test_kick_is_seen_by_the_player(run: Runner, client: OpenTTDClient, game: Running) -> None:
    assert client.connected
    run(game.adapter.kick, LI_LEI, 'mind your "language"')
    assert game.link.online == {}
    wait_until(lambda: not client.connected, 10, client.program.tail)
    with pytest.raises(Gone):
        run(game.adapter.kick, LI_LEI, "again")


def test_what_gms_type_is_never_executed(
    run: Runner, server: OpenTTDServer, client: OpenTTDClient, game: Running
) -> None:
    for number, text in enumerate(HOSTILE):
        run(game.adapter.tell, LI_LEI, f"{number} {text}"[:200], f"1.{number}")
        run(game.adapter.announce, text[:200])
        run(game.adapter._rcon, f"echo {quoted(text)}")
    assert run(game.adapter.who) == [LI_LEI]
    for text in HOSTILE:
        run(game.adapter.kick, LI_LEI, text)
        client.join()
        game.until(lambda: game.link.online)
    console = server.program.text()
    assert "kicked" in console
    assert server.program.process.poll() is None, console
    assert game.fault is None
    assert "not found" not in console and "Too many" not in console


def test_a_ban_never_locks_gmkit_out(
    run: Runner, server: OpenTTDServer, game: Running, tmp_path: Path
) -> None:
    with OpenTTDClient(server, tmp_path / "near") as near:
        game.until(lambda: game.link.online)
        with pytest.raises(faults.SameAddress):
            run(game.adapter.ban, LI_LEI, 0.0, "spam")
        with pytest.raises(faults.NoTimedBan):
            run(game.adapter.ban, LI_LEI, 60.0, "spam")
        assert near.connected
    game.until(lambda: not game.link.online)
    with OpenTTDClient(server, tmp_path / "far", host="[::1]") as far:
        game.until(lambda: game.link.online)
        run(game.adapter.ban, LI_LEI, 0.0, 'spam" "')
        wait_until(lambda: not far.connected, 10, far.program.tail)
        far.join(wait=False)
        wait_until(lambda: "Connected to" in far.program.text(), 20, far.program.tail)
        wait_until(lambda: not far.connected, 20, far.program.tail)
        run(game.adapter.unban, LI_LEI)
        far.join()
    with pytest.raises(faults.NoAddress):
        run(game.adapter.unban, LI_LEI)


def test_a_server_that_dies_is_named_and_found_again(
    run: Runner, server: OpenTTDServer, client: OpenTTDClient, game: Running
) -> None:
    server.kill()
    game.until(lambda: game.fault)
    assert isinstance(game.fault, faults.Dropped)
    game.start()
    game.until(lambda: game.fault)
    assert isinstance(game.fault, faults.NoPort)
    server.start()
    game.start()
    game.until(lambda: [call[0] for call in game.link.calls].count("up") == 2)
    assert game.link.online == {}
    client.join()
    game.until(lambda: game.link.online)
    run(game.adapter.tell, LI_LEI, "welcome back", "1.2")
    client.wait_for("welcome back")
    server.stop()
    game.until(lambda: game.fault)
    assert isinstance(game.fault, faults.WentDown)


def test_a_server_that_hangs_is_named_and_forgiven(
    server: OpenTTDServer, client: OpenTTDClient, game: Running
) -> None:
    server.freeze()
    game.until(lambda: game.link.state == "degraded", 20)
    server.thaw()
    game.until(lambda: game.link.state == "up")
    assert game.fault is None


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"password": "wrong"}, faults.Rejected),
        ({"host": "no such host"}, faults.NoPort),
        ({"host": "nowhere.invalid"}, faults.NoPort),
    ],
)
def test_what_an_operator_gets_wrong_is_said(
    run: Runner, server: OpenTTDServer, options: dict[str, Any], fault: type[LinkLost]
) -> None:
    game = Running(run, server, **options)
    game.until(lambda: game.fault)
    assert isinstance(game.fault, fault), game.fault
    game.stop()


def test_a_port_where_nobody_listens(run: Runner, server: OpenTTDServer) -> None:
    game = Running(run, server, port=free_port())
    game.until(lambda: game.fault)
    assert "secrets.cfg" in str(game.fault)
    game.stop()


def test_a_full_server_and_a_banned_gmkit(run: Runner, server: OpenTTDServer) -> None:
    others = [Running(run, server) for _ in range(16)]
    for other in others:
        link = other.link
        other.until(lambda link=link: link.state == "up")  # type: ignore[misc]
    late = Running(run, server)
    late.until(lambda: late.fault)
    assert isinstance(late.fault, faults.NoRoom | faults.Rejected), late.fault
    for other in others[1:]:
        other.stop()
    run(others[0].adapter._rcon, "ban 127.0.0.1")
    wait_until(lambda: "127.0.0.1" in str(run(others[0].adapter._rcon, "banlist")), 5, str)
    late.start()
    late.until(lambda: late.fault)
    assert isinstance(late.fault, faults.Locked | faults.Rejected), late.fault
    others[0].stop()
