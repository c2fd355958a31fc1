"""A daemon that listens for games in every form, and games as processes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gmkit.cli.certificate import self_signed

from .realdaemon import TOKEN, RealDaemon, free_port, wait_for

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "docs" / "examples" / "bridge_node.js"


class Player:
    """A game server as a process; the test speaks as its players."""

    def __init__(self, folder: Path, command: list[str], environment: dict[str, str]) -> None:
        self.out = folder / "game.jsonl"
        self._command, self._environment = command, environment
        self.start()

    def start(self) -> None:
        with self.out.open("ab") as out:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                env={**os.environ, **self._environment},
            )

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def events(self, kind: str) -> list[dict[str, Any]]:
        text = self.out.read_text("utf-8")
        rows = []
        for line in text.splitlines():
            assert line.startswith("{"), text
            rows.append(json.loads(line))
        return [row for row in rows if row["event"] == kind]

    def texts(self) -> list[str]:
        return [row["text"] for row in self.events("tell")]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


class House(RealDaemon):
    """A daemon that listens for games in every form."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, servers=["s0"], http=True)
        self.tls_port, self.https_port = free_port(), free_port()
        self.cert = folder / "cert.pem"
        key = folder / "key.pem"
        cert_pem, key_pem = self_signed("localhost")
        self.cert.write_text(cert_pem)
        key.write_text(key_pem)
        text = self.config.read_text()
        plain = f'bridge = ["tcp:127.0.0.1:{self.port}"'
        web = f'bridge_http = ["tcp:127.0.0.1:{self.http_port}"'
        assert plain in text and web in text
        text = text.replace(plain, f'{plain}, "tls:127.0.0.1:{self.tls_port}"')
        text = text.replace(web, f'{web}, "tls:127.0.0.1:{self.https_port}"')
        files = f'[daemon]\ntls_cert = "{self.cert}"\ntls_key = "{key}"\n'
        self.config.write_text(text.replace("[daemon]\n", files))

    def address(self, scheme: str) -> str:
        ports = {
            "tcp": self.port,
            "tls": self.tls_port,
            "http": self.http_port,
            "https": self.https_port,
        }
        return f"{scheme}://localhost:{ports[scheme]}"


def command(house: House, driver: str, scheme: str, more: tuple[str, ...]) -> list[str]:
    """What starts the game."""
    if driver == "node":
        node = shutil.which("node")
        if node is None and not os.environ.get("GMKIT_REAL"):
            pytest.skip("node is not installed")
        return [node or "node", str(EXAMPLE), house.address(scheme), "s0", TOKEN]
    script = [sys.executable, str(HERE / "bridge_game.py"), driver, house.address(scheme)]
    trust = ["--cafile", str(house.cert)] if scheme in ("tls", "https") else []
    return [*script, "s0", TOKEN, *trust, *more]


def asks_and_is_answered(
    house: House, folder: Path, driver: str, scheme: str, more: tuple[str, ...]
) -> None:
    """A player asks, sees the ack and the GM's answer, and hears an announcement."""
    environment = {"NODE_EXTRA_CA_CERTS": str(house.cert)}
    game = Player(folder, command(house, driver, scheme, more), environment)
    name = f"{driver}-{scheme}"
    try:
        wait_for(lambda: game.events("connected"), f"{name}: the connection")
        game.say(f"{name}: !help 我的剑不见了")
        wait_for(game.texts, f"{name}: the ack in the game")
        [ticket] = [t for t in house.do("ticket list") if t["player"] == name]
        house.do(f"ticket reply {ticket['ticket']} 找到了,看看背包")
        wait_for(lambda: "找到了" in "".join(game.texts()), f"{name}: the answer")
        house.do("announce s0 维护")
        wait_for(lambda: game.events("announce"), f"{name}: the announcement")
    finally:
        game.kill()


def survives_the_daemon(folder: Path, driver: str, scheme: str) -> None:
    """The daemon is killed and started again; what was said meanwhile arrives."""
    house = House(folder)
    house.start()
    game = Player(folder, command(house, driver, scheme, ()), {})
    try:
        wait_for(lambda: game.events("connected"), "the connection")
        game.say("Ann: !help one")
        wait_for(game.texts, "the ack in the game")
        house.kill()
        wait_for(lambda: game.events("disconnected"), "the loss")
        game.say("Ann: !help two")
        game.say("Bob: !help three")
        house.start()
        wait_for(lambda: len(game.events("connected")) == 2, "the second connection", 60)
        wait_for(lambda: len(house.do("ticket list")) == 2, "both tickets")
        rows = {t["player"]: t for t in house.do("ticket list")}
        assert rows["Ann"]["messages"] == 2 and rows["Bob"]["messages"] == 1
    finally:
        game.kill()
        house.stop()
    house.check()
