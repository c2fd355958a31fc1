"""One help channel over a real OpenTTD server with a real client, and two bridge servers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gmkit.bridge import Game, Player, http, threaded

from .openttd import OpenTTDClient, OpenTTDServer
from .realdaemon import GMKIT, TOKEN, RealDaemon, wait_for

pytestmark = pytest.mark.real


class Tavern(Game):
    """A game of one player, who remembers what was shown."""

    client = "tavern 1"

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.up = False

    def tell(self, delivery: str, player: str, text: str) -> bool:
        self.shown.append(text)
        return True

    def announce(self, text: str) -> None:
        self.shown.append(f"* {text}")

    def connected(self) -> None:
        self.up = True


def shown(game: Tavern, part: str) -> bool:
    """Whether the player has seen a line with this in it."""
    return any(part in text for text in game.shown)


@pytest.fixture
def trains(tmp_path: Path) -> Iterator[OpenTTDServer]:
    with OpenTTDServer(tmp_path / "openttd-server") as server:
        yield server


@pytest.fixture
def daemon(tmp_path: Path, trains: OpenTTDServer) -> Iterator[RealDaemon]:
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in trains.options.items())
    folder = tmp_path / "gmkit"
    folder.mkdir()
    daemon = RealDaemon(
        folder,
        servers=("north", "south"),
        http=True,
        more=f'[[server]]\nname = "trains"\nlocale = "zh_CN"\n{keys}',
    )
    daemon.start()
    yield daemon
    daemon.stop()


class Watch:
    """``gmkit watch --json`` as a process of its own."""

    def __init__(self, daemon: RealDaemon) -> None:
        self.file = daemon.folder / "watch.jsonl"
        with self.file.open("wb") as out:
            self._process = subprocess.Popen(
                [*GMKIT, "watch", "--json", "--user", "bo", "-c", str(daemon.config)], stdout=out
            )

    def events(self, kind: str) -> list[dict[str, Any]]:
        lines = self.file.read_text("utf-8").splitlines()
        return [e for e in map(json.loads, lines) if e["kind"] == kind]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def test_one_channel_over_three_games(
    tmp_path: Path, daemon: RealDaemon, trains: OpenTTDServer
) -> None:
    watch = Watch(daemon)
    over_tcp, over_http = Tavern(), Tavern()
    north = threaded.Bridge(over_tcp, f"tcp://127.0.0.1:{daemon.port}", server="north", token=TOKEN)
    south = http.Bridge(
        over_http, f"http://127.0.0.1:{daemon.http_port}", server="south", token=TOKEN
    )
    north.start()
    south.start()
    try:
        with (
            OpenTTDClient(trains, tmp_path / "lilei", "Li Lei") as lilei,
            OpenTTDClient(trains, tmp_path / "meimei", "Han Meimei") as meimei,
        ):
            wait_for(lambda: over_tcp.up and over_http.up, "both bridges' connection")
            lilei.say("!help 我的火车卡住了")
            north.said(Player("p1", "Ann"), "!help my ale is gone")
            south.said(Player("p1", "Bob"), "!help the door is locked")

            wait_for(lambda: len(watch.events("asked")) == 3, "three questions in one channel")
            asked = {e["server"]: e for e in watch.events("asked")}
            assert set(asked) == {"trains", "north", "south"}
            assert asked["trains"]["text"] == "我的火车卡住了"

            number = asked["trains"]["ticket"]
            lilei.wait_for(f"#{number}")
            done = daemon.do(f"ticket reply {number} 请把信号灯换成单向的 \\o/")
            assert done["ticket"]["claimed_by"] == "anna"
            line = lilei.wait_for("请把信号灯换成单向的")
            assert "[Private]" in line
            wait_for(lambda: watch.events("delivered"), "the delivery")
            assert not [text for text in meimei.lines() if "信号灯换成" in text]

            for server, game in (("north", over_tcp), ("south", over_http)):
                ticket = asked[server]["ticket"]
                wait_for(partial(shown, game, f"#{ticket}"), "the ack")
                daemon.do(f"ticket complete {ticket} Done, {server}.")
                wait_for(partial(shown, game, f"Done, {server}."), "the answer")

            trains.kill()
            wait_for(lambda: watch.events("server_down"), "the loss of the train server")
            daemon.do(f"ticket reply {number} 重启后请再试一次")
            trains.start()
            lilei.join()
            lilei.wait_for("重启后请再试一次", 90)
            assert sum("重启后请再试一次" in text for text in lilei.lines()) == 1
    finally:
        north.stop()
        south.stop()
        watch.stop()
    daemon.check()
