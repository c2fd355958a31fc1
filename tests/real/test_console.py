"""``gmkit console``, ``watch`` and ``do`` on real terminals and pipes, with a real daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .pty_screen import Screen
from .realdaemon import GMKIT, RawGame, RealDaemon, running

pytestmark = pytest.mark.real

HOSTILE = "\x1b[2J\x1b]0;owned\x07[bold red]x[/]\u202egnp\nsecond\x9b31m"


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[RealDaemon]:
    with running(tmp_path) as daemon:
        yield daemon


@pytest.fixture
def game(daemon: RealDaemon) -> Iterator[RawGame]:
    with RawGame.tcp(daemon.port) as game:
        game.enter("s0")
        game.send({"type": "joined", "id": 1, "player": "p1", "name": "阿宝"})
        yield game


def ask(game: RawGame, n: int, text: str, player: str = "p1", name: str = "阿宝") -> None:
    message: dict[str, Any] = {"type": "said", "id": n, "player": player, "name": name}
    game.send(message | {"text": f"!help {text}"})
    while game.until("ack")["upto"] < n:
        pass


def console(daemon: RealDaemon, lang: str = "en", *more: str) -> Screen:
    command = [*GMKIT, "console", "-c", str(daemon.config), "--user", "anna", "--lang", lang, *more]
    home = str(daemon.folder)
    return Screen(command, {"HOME": home, "XDG_STATE_HOME": home, "LC_ALL": "C.UTF-8"})


def test_a_shift_at_the_console(daemon: RealDaemon, game: RawGame) -> None:
    ask(game, 2, "我的火车卡住了")
    with console(daemon) as screen:
        screen.shows("anna ›")
        screen.shows("我的火车卡住了")
        screen.shows("1 waiting")
        screen.shows("on duty: anna")
        ask(game, 3, HOSTILE, "p2", "Bob")
        screen.shows("#2 Bob: ␛[2J␛]0;owned␇[bold red]x[/]\\u202egnp␊second\\x9b31m")
        screen.shows("2 waiting")
        screen.type("ticket cl")
        screen.shows("Take a ticket")
        screen.type("\x03")
        screen.until(lambda: "ticket cl" not in screen.lines_of_prompt())
        screen.enter("/r 1 马上就好")
        screen.shows("anna → 阿宝: 马上就好")
        screen.shows("✓ Answer to #1")
        screen.shows("yours: #1 阿宝")
        assert game.until("tell")["text"].endswith("马上就好")
        screen.enter("v 99")
        screen.shows("✗ There is no ticket #99.")
        screen.enter("?")
        screen.shows("ticket complete")
        screen.type("\x04")
        assert screen.ended() == 0
        assert b"\x1b]0;" not in screen.raw and b"\x1b[31mred" not in screen.raw


def test_the_console_lives_through_the_daemons_death(daemon: RealDaemon, game: RawGame) -> None:
    with console(daemon) as screen:
        screen.shows("No ticket waits.")
        ask(game, 2, "before")
        screen.shows("#1 阿宝: before")
        daemon.kill()
        screen.shows("The link to the daemon is lost:")
        screen.shows("○ no link since")
        screen.enter("ticket note 1 written without a link")
        screen.shows("this is sent as soon as it is back")
        daemon.start()
        screen.shows("is back; nothing was missed.")
        screen.shows("anna (note): written without a link")
        screen.shows("✓ Note on #1 is kept.")
        with RawGame.tcp(daemon.port) as again:
            again.enter("s0")
            ask(again, 1, "afterwards", "p2", "Bob")
            screen.shows("#2 Bob: afterwards")
        whole = screen.raw.decode("utf-8", "replace")
        assert whole.count("(note)") == 1
        screen.type("\x04")
        assert screen.ended() == 0


def test_the_console_in_chinese(daemon: RealDaemon, game: RawGame) -> None:
    ask(game, 2, "我的剑不见了")
    with console(daemon, "zh_CN") as screen:
        screen.shows("我的剑不见了")
        screen.shows("●")
        screen.enter("/reply 1 请看邮箱")
        screen.shows("anna → 阿宝: 请看邮箱")
        screen.type("\x04")
        assert screen.ended() == 0


def test_the_console_without_a_daemon_says_so(tmp_path: Path) -> None:
    daemon = RealDaemon(tmp_path)
    with console(daemon) as screen:
        assert screen.ended() == 1
        screen.read(0.1)
        assert "Start it with: gmkit serve" in screen.text.replace("\n", " ")


@contextmanager
def watching(daemon: RealDaemon, *more: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*GMKIT, "watch", "-c", str(daemon.config), "--user", "anna", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    ) as watch:
        try:
            yield watch
        finally:
            watch.kill()


def test_watch_over_a_restart_has_no_gap_and_no_repeat(daemon: RealDaemon) -> None:
    with watching(daemon, "--json", "--since", "0") as watch:
        assert watch.stdout is not None and watch.stderr is not None
        seqs: list[int] = []
        texts: list[str] = []

        def until(text: str) -> None:
            while text not in texts:
                event = json.loads(watch.stdout.readline())  # type: ignore[union-attr]
                seqs.append(event["seq"])
                texts.append(event["text"])

        with RawGame.tcp(daemon.port) as game:
            game.enter("s0")
            ask(game, 1, "one")
            until("one")
        daemon.kill()
        assert "The link to the daemon is lost" in watch.stderr.readline()
        daemon.start()
        assert "nothing was missed" in watch.stderr.readline()
        with RawGame.tcp(daemon.port) as game:
            game.enter("s0")
            ask(game, 1, "two", "p2")
            until("two")
        assert seqs == list(range(1, len(seqs) + 1))
        watch.send_signal(signal.SIGINT)
        assert watch.wait(20) == 0
        assert watch.stderr.read() == ""


def test_watch_ends_quietly_when_nobody_reads(daemon: RealDaemon, game: RawGame) -> None:
    with watching(daemon, "--since", "0") as watch:
        assert watch.stdout is not None and watch.stderr is not None
        assert watch.stdout.readline()
        watch.stdout.close()
        for n in range(2, 200):
            ask(game, n, "more", f"p{n}")
            if watch.poll() is not None:
                break
        watch.wait(20)
        assert watch.stderr.read() == ""


def test_do_is_quick_to_start_and_imports_little(daemon: RealDaemon) -> None:
    code = (
        "import sys; from gmkit.cli.main import main;"
        f"main(['do', '-c', {str(daemon.config)!r}, '--user', 'anna', 'ticket list']);"
        "print([m for m in ('twisted', 'sqlite3', 'asyncio', 'rich', 'prompt_toolkit')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]", "these take longer to import than the rest to run"


def test_do_over_a_restart_is_carried_out_once(daemon: RealDaemon, game: RawGame) -> None:
    ask(game, 2, "help")
    os.kill(daemon.process.pid, signal.SIGSTOP)  # type: ignore[union-attr]
    with subprocess.Popen(
        [*GMKIT, "do", "-c", str(daemon.config), "--user", "anna", "--json", "ticket note 1 once"],
        stdout=subprocess.PIPE,
        text=True,
    ) as do:
        time.sleep(0.5)
        os.kill(daemon.process.pid, signal.SIGCONT)  # type: ignore[union-attr]
        assert do.wait(30) == 0
    said = daemon.do("ticket view 1")["conversation"]
    assert [m["text"] for m in said if m["kind"] == "noted"] == ["once"]
