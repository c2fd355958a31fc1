"""``gmkit demo`` as people run it: the real daemon, real connections, a whole little shift."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pyte
import pytest

from gmkit.cli.demo_daemon import DaemonFailed, DemoDaemon
from gmkit.cli.demo_headless import prove

pytestmark = pytest.mark.real

SMALL = ["--servers", "4", "--players", "60"]


def demo(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gmkit", "demo", *SMALL, *arguments]


def environment(tmp: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(tmp), "LC_ALL": "en"}


def left_behind(tmp: Path) -> list[str]:
    """Folders of the demo, and daemons that still run on them."""
    found = [path.name for path in tmp.glob("gmkit-demo-*")]
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = line.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(tmp) in command and "serve" in command:
            found.append(command)
    return found


def headless(tmp: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        demo("--headless", *arguments),
        env=environment(tmp),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize(("lang", "seed"), [("zh_CN", "1"), ("en", "2")])
def test_headless_loses_nothing_and_repeats_nothing(tmp_path: Path, lang: str, seed: str) -> None:
    code, result = headless(tmp_path, "--seconds", "4", "--lang", lang, "--seed", seed)
    assert code == 0
    assert result["asked"] > 5
    assert result["acked"] >= result["asked"] - 1  # one may leave before the answer comes
    assert result["answered"] >= 2 * result["asked"]
    assert result["delivered"] == result["answered"]
    assert (result["lost"], result["duplicated"]) == (0, 0)
    for key in ("ask_to_gm_ms", "reply_to_player_ms"):
        assert 0 < result[key]["p50"] <= result[key]["p99"]
    assert left_behind(tmp_path) == []


def test_one_server_is_enough(tmp_path: Path) -> None:
    code, result = headless(tmp_path, "--seconds", "2", "--servers", "1", "--players", "5")
    assert code == 0
    assert result["lost"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    running = subprocess.Popen(
        demo("--headless", "--seconds", "60"),
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 30
    while not list(tmp_path.glob("gmkit-demo-*/data/gate.sock")):
        assert running.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    running.send_signal(number)
    _, error = running.communicate(timeout=30)
    assert b"Traceback" not in error
    assert running.returncode == 130
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(
    "arguments", [["--servers", "0"], ["--players", "-3"], ["--seconds", "nan"], ["--lang", "fr"]]
)
def test_wrong_arguments_are_told(tmp_path: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        demo("--headless", *arguments),
        env=environment(tmp_path),
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 2
    assert arguments[0] in done.stderr
    assert "Traceback" not in done.stderr
    assert left_behind(tmp_path) == []


def test_a_long_path_of_the_temporary_folder_does_no_harm(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    code, _ = headless(deep, "--seconds", "1")
    assert code == 0
    assert left_behind(deep) == []


def test_a_daemon_that_cannot_start_says_why() -> None:
    broken = DemoDaemon({"servers": 1, "players": -1}, gms={"demo": "admin"}, lang="en")
    with pytest.raises(DaemonFailed, match="players.*must be at least 0"), broken:
        pass
    assert not broken.folder.exists()


def test_links_that_break_all_the_time_lose_and_repeat_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fleet = {"servers": 4, "players": 15, "seed": 5, "chinese": 0.5, "hop": 0.4}
    code = prove({**fleet, "drop_every": 1.5, "slow_tell": 0.1}, 4.0, "en")
    result = json.loads(capsys.readouterr().out)
    assert result["asked"] > 5
    assert (code, result["lost"], result["duplicated"]) == (0, 0, 0)


def test_the_console_opens_on_a_busy_channel_and_takes_everything_along(tmp_path: Path) -> None:
    terminal, inner = pty.openpty()
    termios.tcsetwinsize(inner, (30, 100))
    running = subprocess.Popen(
        demo("--lang", "en"),
        env={**environment(tmp_path), "TERM": "xterm-256color"},
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    screen = pyte.Screen(100, 30)
    try:
        wait_for(screen, terminal, "sim-0", "demo ›")
        os.write(terminal, b"ticket list\r")
        wait_for(screen, terminal, "───")
        os.write(terminal, b"\x04")
        assert running.wait(30) == 0
    finally:
        running.terminate()
        running.wait(30)
        os.close(terminal)
    assert left_behind(tmp_path) == []


def wait_for(screen: pyte.Screen, terminal: int, *wanted: str) -> None:
    """Read what is printed until all of it can be seen."""
    stream = pyte.ByteStream(screen)
    until = time.monotonic() + 60
    while not all(any(text in line for line in screen.display) for text in wanted):
        assert time.monotonic() < until, "\n".join(screen.display)
        if select.select([terminal], [], [], 0.2)[0]:
            stream.feed(os.read(terminal, 1 << 16))
