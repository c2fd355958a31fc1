"""From ``gmkit init`` to a served player: the whole command line against the real daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

WITHIN = 30.0


class House:
    """A folder with a configuration, and commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "LC_ALL": "C.UTF-8"}
        self.env.pop("GMKIT_CONFIG", None)

    def popen(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "gmkit", *words],
            cwd=self.folder,
            env=self.env,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str, code: int = 0) -> str:
        """Run one command to its end; what it printed, on both streams."""
        process = self.popen(*words)
        out, err = process.communicate(timeout=WITHIN)
        assert process.returncode == code, f"{words}: {out}{err}"
        assert "Traceback" not in err
        return out + err


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.run("init", "--gm", "ada")
    return house


@pytest.fixture
def daemon(house: House) -> Iterator[subprocess.Popen[str]]:
    process = house.popen("serve")
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("gmkit: ready"), ready
        yield process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=WITHIN)
        finally:
            process.kill()


def test_from_init_to_a_running_house(house: House, daemon: subprocess.Popen[str]) -> None:
    assert "No faults." in house.run("doctor")
    names = [
        row["name"] for row in json.loads(house.run("do", "--user", "ada", "--json", "servers"))
    ]
    assert names == ["sim-1", "sim-2"]
    assert "Lin is a GM account" in house.run("gm", "add", "--user", "ada", "Lin", "--role", "lead")
    assert "no name" in house.run("gm", "add", "--user", "ada", "a b", code=1)
    assert "Its password" in house.run("gm", "passwd", "--user", "ada", "Lin", "--generate")
    assert "in use by another gmkit" in house.run("serve", code=1)
    assert "in use by another gmkit" in house.run("db", "rebuild", code=1)
    house.run("db", "backup", "copy.db")
    assert "sound" in house.run("db", "check")


def test_reload_while_running(house: House, daemon: subprocess.Popen[str]) -> None:
    config = house.folder / "gmkit.toml"
    text = config.read_text("utf-8")
    config.write_text(text.replace('name = "sim-2"', 'name = "other"'), "utf-8")
    said = house.run("reload", "--user", "ada")
    assert "started or changed: 1, removed: 1, untouched: 1." in said
    config.write_text(text.replace('adapter = "sim"', 'adapter = "smi"'), "utf-8")
    assert "did you mean sim?" in house.run("reload", "--user", "ada", code=1)
    names = [
        row["name"] for row in json.loads(house.run("do", "--user", "ada", "--json", "servers"))
    ]
    assert sorted(names) == ["other", "sim-1"], "a file with a fault changes nothing"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(
    house: House, daemon: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert (house.folder / "data" / "gmkit.pid").exists()
    daemon.send_signal(number)
    _, err = daemon.communicate(timeout=WITHIN)
    assert daemon.returncode == 0, err
    assert not (house.folder / "data" / "gmkit.pid").exists()
    assert "No daemon listens" in house.run("do", "--user", "ada", "who", code=1)
    assert "sound" in house.run("db", "check")


def test_a_port_in_use_is_named(house: House) -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        config = house.folder / "gmkit.toml"
        text = config.read_text("utf-8")
        config.write_text(text.replace("[daemon]", f'[daemon]\nbridge = "tcp:{port}"', 1), "utf-8")
        said = house.run("serve", code=1)
    assert f"Cannot listen on tcp:127.0.0.1:{port}: Address already in use" in said
