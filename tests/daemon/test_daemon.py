"""A whole daemon on a clock: starting, reloading and stopping, also when something is in the way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from gmkit import config, discovery
from gmkit.adapter import Adapter, Player
from gmkit.channel_server import daemon as wiring
from gmkit.channel_server.daemon import Daemon
from gmkit.channel_server.main import Service
from gmkit.channel_server.plugins import PluginFailed
from gmkit.command import Answer, Call, command
from gmkit.errors import GMError
from gmkit.log import LogFailed
from gmkit.log.sqlite import SQLiteLog
from gmkit.plugin import GM

SERVERS = '[[server]]\nname = "{}"\nadapter = "quiet"\n'


class Reactor(MemoryReactorClock):
    """Time stands still until the test lets it go on."""

    def callFromThread(self, f: Callable[..., Any], *arguments: Any) -> None:
        self.callLater(0, f, *arguments)

    def stop(self) -> None:
        self.hasStopped = True


class Quiet(Adapter):
    """A game that is always there and says nothing."""

    title = "Quiet"

    async def run(self) -> None:
        self.link.up()
        await Deferred()

    async def tell(self, player: Player, text: str, delivery: str) -> None: ...
    async def announce(self, text: str) -> None: ...
    async def who(self) -> list[Player]:
        return []


class Broken(Quiet):
    """An adapter whose author did not expect the options."""

    def __init__(self, *arguments: Any) -> None:
        raise ZeroDivisionError("a fault in an adapter")


@command("wave", about="Wave.", permission="staff.help")
async def wave(call: Call) -> Answer:
    return Answer()


class House:
    """A folder with a configuration, and what is installed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gmkit.toml"
        self.reactor = Reactor()
        self.reactor.advance(1_000_000.0)
        self.setups: list[tuple[str, bool]] = []
        self.beats: list[str] = []

    def load(self, kind: str, name: str) -> Any:
        if kind == "adapters":
            return {"quiet": Quiet, "broken": Broken}[name]
        if kind == "plugins":
            return SimpleNamespace(setup=self._setup)
        return SimpleNamespace()

    def _setup(self, gm: GM) -> None:
        fault = gm.option("fault", False, "Whether to fail.")
        self.setups.append((gm.name, fault))
        gm.command(wave)
        gm.every(1.0)(lambda: self.beats.append(gm.name))
        if fault:
            raise ZeroDivisionError("a fault in a plugin")

    def write(self, text: str) -> config.Config:
        self.path.write_text(text, "utf-8")
        names = ("quiet", "broken", "nod", "bow")
        return config.load(self.path, adapters=names, plugins=names)

    def daemon(self, text: str) -> Daemon:
        return Daemon(self.write(text), self.reactor)

    def pass_time(self, seconds: float = 0.0) -> None:
        for _ in range(10):
            self.reactor.advance(0.0)
        self.reactor.advance(seconds)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    made = House(tmp_path)
    monkeypatch.setattr(discovery, "load", made.load)
    monkeypatch.setattr(wiring, "SQLiteLog", partial(SQLiteLog, inline=True))
    yield made


def running(daemon: Daemon) -> list[str]:
    """The names of its servers, and the commands it offers besides the built-in ones."""
    return [*daemon.fleet.links, *(c.name for c in daemon.dispatcher.commands if c is wave)]


def stop(house: House, daemon: Daemon) -> None:
    stopped: list[object] = []
    Deferred.fromCoroutine(daemon.stop()).addBoth(stopped.append)
    house.pass_time()
    assert stopped == [None]


def test_stop_leaves_nothing_behind(house: House) -> None:
    daemon = house.daemon(SERVERS.format("s1") + "[plugins.nod]\n")
    daemon.start()
    house.pass_time(3)
    stop(house, daemon)
    assert house.reactor.getDelayedCalls() == []
    assert not daemon.config.socket.exists()
    again = house.daemon("")
    again.start()
    stop(house, again)


@pytest.mark.parametrize(
    "fault", ["[plugins.nod]\n[plugins.bow]\nfault = true\n", SERVERS.format("s1") + "broken = 1\n"]
)
def test_a_start_that_fails_leaves_nothing_behind(house: House, fault: str) -> None:
    daemon = house.daemon(fault)
    with pytest.raises(GMError):
        daemon.start()
    house.pass_time()
    assert house.reactor.getDelayedCalls() == []
    assert not daemon.config.socket.exists()
    again = house.daemon("")
    again.start()
    stop(house, again)


def test_reload_leaves_alone_what_did_not_change(house: House) -> None:
    daemon = house.daemon(SERVERS.format("s1") + SERVERS.format("s2") + "[plugins.nod]\n")
    daemon.start()
    house.pass_time()
    kept = daemon.fleet.links["s1"]
    done = daemon.reload(house.write(SERVERS.format("s1") + SERVERS.format("s3") + "[plugins.nod]"))
    assert (done.started, done.removed, done.kept) == (1, 1, 1)
    assert daemon.fleet.links["s1"] is kept
    assert running(daemon) == ["s1", "s3", "wave"]
    assert house.setups == [("nod", False)]
    stop(house, daemon)


def test_reload_changes_plugins_of_which_one_takes_the_others_command(house: House) -> None:
    daemon = house.daemon("[plugins.nod]\n")
    daemon.start()
    daemon.reload(house.write("[plugins.bow]\n"))
    house.beats.clear()
    house.pass_time(1)
    assert house.beats == ["bow"]
    assert running(daemon) == ["wave"]
    stop(house, daemon)


@pytest.mark.parametrize(
    "text",
    [
        SERVERS.format("s2") + "[plugins.nod]\nfault = true\n",
        SERVERS.format("s2") + "[plugins.bow]\nfault = true\n",
        SERVERS.format("s2") + "[plugins.bow]\nunheard_of = 1\n",
        SERVERS.format("s2") + "unheard_of = 1\n",
        SERVERS.format("s1").replace("quiet", "broken"),
    ],
)
def test_a_reload_that_fails_changes_nothing(house: House, text: str) -> None:
    daemon = house.daemon(SERVERS.format("s1") + "[plugins.nod]\n")
    daemon.start()
    house.pass_time()
    before, link = daemon.config, daemon.fleet.links["s1"]
    with pytest.raises((GMError, ZeroDivisionError)):
        daemon.reload(house.write(text))
    assert daemon.config is before
    assert daemon.fleet.links["s1"] is link and link.state == "up"
    assert running(daemon) == ["s1", "wave"]
    house.beats.clear()
    house.pass_time(1)
    assert house.beats == ["nod"]
    stop(house, daemon)


def test_a_plugin_that_fails_is_named(house: House) -> None:
    with pytest.raises(PluginFailed, match="nod.*ZeroDivisionError"):
        house.daemon("[plugins.nod]\nfault = true\n").start()
    house.pass_time()


# --- the process around it ------------------------------------------------------------------------


@pytest.fixture
def service(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr("gc.freeze", lambda: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    made = Service(house.daemon(""), house.path)
    made.start(0.0)
    house.pass_time()
    yield made


def test_the_pid_file_goes_although_a_reload_named_another_folder(
    house: House, service: Service
) -> None:
    pid = house.path.parent / "data" / "gmkit.pid"
    assert pid.read_text() == f"{os.getpid()}\n"
    house.write('[daemon]\ndata_dir = "elsewhere"\n')
    service._reload()
    service._stop(0)
    house.pass_time()
    assert house.reactor.hasStopped and service.exit_code == 0
    assert not pid.exists()


def test_a_log_that_fails_ends_the_daemon_with_a_fault(
    house: House, service: Service, logged_failures: list[object]
) -> None:
    service._daemon._log_failed(LogFailed(reason="the disk is full."))
    house.pass_time()
    assert house.reactor.hasStopped and service.exit_code == 1
    logged_failures.clear()


def test_a_log_that_fails_while_the_daemon_stops_is_a_fault_too(
    house: House, service: Service, logged_failures: list[object]
) -> None:
    service._stop(0)
    service._daemon._log_failed(LogFailed(reason="the disk is full."))
    house.pass_time()
    assert house.reactor.hasStopped and service.exit_code == 1
    logged_failures.clear()


def test_nothing_is_reloaded_while_the_daemon_stops(house: House, service: Service) -> None:
    service._stop(0)
    house.write(SERVERS.format("s1"))
    service._reload()
    assert list(service._daemon.fleet.links) == []
    house.pass_time()
    assert house.reactor.getDelayedCalls() == []
