"""A real OpenTTD server, and the real client typed into by xdotool on a screen nobody sees.

Debian and Ubuntu: ``apt install openttd openttd-opengfx xvfb xdotool xauth``. Everything lives in
the folder given and ends with the context manager, or with this process whatever ends it. Start
from the main thread: a program started by a thread is killed when that thread ends.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

SEARCH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/games", "/usr/sbin"])
PACKAGES = {
    "openttd": "openttd openttd-opengfx",
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "xkbcomp": "x11-xkb-utils",
}
VERSION = "[version]\nversion_string = 13.0\nversion_number = 1D006B08\nini_version = 5\n"
"""Without this section OpenTTD takes the file for an old one and ignores its secrets.cfg."""


def needs(*programs: str) -> None:
    """Skip the test where a program is missing; with GMKIT_REAL=1 that is a failure instead."""
    missing = [p for p in programs if shutil.which(p, path=SEARCH) is None]
    if not missing:
        return
    packages = " ".join(PACKAGES.get(p, p) for p in missing)
    reason = f"not installed: {', '.join(missing)} (apt install {packages})"
    if os.environ.get("GMKIT_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def free_port(host: str = "") -> int:
    """A TCP port nobody listens on, below the ephemeral range; ``host`` "" means all addresses."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port


def wait_until(what: Callable[[], Any], seconds: float, otherwise: Callable[[], str]) -> Any:
    """What ``what()`` returns once it is true; fails with ``otherwise()`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := what():
            return result
        time.sleep(0.02)
    raise AssertionError(otherwise())


def plain(text: str) -> str:
    """Without the marks OpenTTD puts in for direction, colours and little pictures."""
    return re.sub("[\u200e\ue000-\ue1ff]", "", text)


class Program:
    """One child process with its output in a file; dies with this process."""

    def __init__(self, *command: str, output: Path, **environment: str) -> None:
        program = shutil.which(command[0], path=SEARCH)
        assert program, f"{command[0]} is not installed"
        self.output = output
        with output.open("wb") as sink:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, *command[1:]],
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=output.parent,
                env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
            )

    def text(self) -> str:
        """What it has printed."""
        return plain(self.output.read_text("utf-8", "replace"))

    def tail(self) -> str:
        """The end of what it has printed, for the message of a failed test."""
        return f"{self.output.name}:\n{self.text()[-2000:]}"

    def feed(self, line: str) -> None:
        """Type a line into its standard input."""
        assert self.process.stdin
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self, sign: int = signal.SIGKILL) -> None:
        """Send a signal and wait; does nothing for a process that has ended."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        assert self.process.stdin
        with contextlib.suppress(OSError):
            self.process.stdin.close()


class OpenTTDServer:
    """A dedicated server on free ports of every local address, IPv4 and IPv6, on a tiny map.

    As a context manager it is started and, at the end, killed. ``kill`` and ``start`` in between
    make it crash and come back on the same ports.
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path, password: str = "s3cret") -> None:
        needs("openttd")
        self.folder = folder
        self.password = password
        self.port = free_port()
        self.admin_port = free_port()
        self._program: Program | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "openttd.cfg").write_text(
            f"{VERSION}[network]\nserver_admin_port = {self.admin_port}\n"
            "server_game_type = local\nmin_active_clients = 0\n"
            "[game_creation]\nmap_x = 6\nmap_y = 6\n"
        )
        (folder / "secrets.cfg").write_text(f"[network]\nadmin_password = {password}\n")
        (folder / "private.cfg").write_text(
            "[network]\nserver_name = gmkit test\nclient_name = server\n"
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def options(self) -> dict[str, Any]:
        """What ``[[server]]`` needs to reach it, besides a name."""
        return {
            "adapter": "openttd",
            "host": self.host,
            "port": self.admin_port,
            "password": self.password,
        }

    @property
    def program(self) -> Program:
        assert self._program, "the server was never started"
        return self._program

    def start(self, seconds: float = 60.0) -> None:
        """Start it and return once its map is made and its admin port answers."""
        config = str(self.folder / "openttd.cfg")
        self._program = Program(
            *("openttd", "-D", f":{self.port}", "-c", config, "-x", "-Q", "-d", "net=3"),
            output=self.folder / "server.txt",
            HOME=str(self.folder),
        )
        wait_until(self._ready, seconds, lambda: f"no server: {self.program.tail()}")

    def _ready(self) -> bool:
        assert self.program.process.poll() is None, self.program.tail()
        if "Map generated, starting game" not in self.program.text():
            return False
        try:
            socket.create_connection((self.host, self.admin_port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it as a crash would, without a word to anybody."""
        self.program.end()

    def stop(self) -> None:
        """Shut it down as its operator would."""
        self.command("quit")
        wait_until(lambda: self.program.process.poll() is not None, 10, lambda: self.program.tail())

    def command(self, line: str) -> None:
        """Type a command into the server's own console."""
        self.program.feed(line)

    def freeze(self) -> None:
        """Stop its process: connections stay open and nothing answers."""
        self.program.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self.program.process.send_signal(signal.SIGCONT)


class Screen:
    """An X server without a screen, for one client, with a keyboard that has any character."""

    def __init__(self, folder: Path) -> None:
        needs("Xvfb", "xdotool", "xkbcomp")
        self.folder = folder
        for _ in range(20):
            self.display = f":{random.randrange(100, 9999)}"
            self._program = Program(
                *("Xvfb", self.display, "-screen", "0", "640x480x24", "-nolisten", "tcp"),
                output=folder / "screen.txt",
            )
            with contextlib.suppress(AssertionError):
                wait_until(self._ready, 10, self._program.tail)
                break
        self._keymap = self._run("xkbcomp", "-w0", self.display, "-")

    def _ready(self) -> bool:
        assert self._program.process.poll() is None, self._program.tail()
        return Path(f"/tmp/.X11-unix/X{self.display[1:]}").exists()

    def _run(self, *command: str, given: str | None = None) -> str:
        program = shutil.which(command[0], path=SEARCH)
        assert program, f"{command[0]} is not installed"
        return subprocess.run(
            [program, *command[1:]],
            input=given,
            env={**os.environ, "DISPLAY": self.display, "LC_ALL": "C.UTF-8"},
            text=True,
            check=True,
            timeout=30,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ).stdout

    def key(self, *keys: str) -> None:
        """Press keys by xdotool's names, such as ``shift+Return``."""
        self._run("xdotool", "key", *keys)

    def type(self, text: str) -> None:
        """Type a line of at most 48 different characters that a US keyboard lacks.

        Those are put on unused keys first, all at once. xdotool by itself remaps one key again
        and again, and a program that is slow to look at the map reads the wrong character.
        """
        assert text.isprintable(), "only printable characters can be typed"
        extra = sorted({c for c in text if not c.isascii()})
        assert len(extra) <= 48, "more different characters than there are spare keys"
        if extra:
            keys = {f"<I{255 - i}>": f"U{ord(c):04X}" for i, c in enumerate(extra)}
            self._run("xkbcomp", "-w0", "-", self.display, given=self._with(keys))
        self._run("xdotool", "type", "--delay", "15", text)

    def _with(self, keys: dict[str, str]) -> str:
        """The keyboard's map with these keys, ``{name: keysym}``."""
        head, symbols = self._keymap.split("xkb_symbols", 1)
        names = "|".join(re.escape(name) for name in keys)
        symbols = re.sub(rf"key\s*(?:{names})\s*\{{[^}}]*\}};", "", symbols)
        ours = "".join(f"\nkey {name} {{ [ {keysym} ] }};" for name, keysym in keys.items())
        return head + "xkb_symbols" + symbols.replace("{", "{" + ours, 1)

    def close(self) -> None:
        self._program.end(signal.SIGTERM)  # lets it remove its lock and its socket


class OpenTTDClient:
    """The real client, in a game as ``name``, on a screen of its own.

    ``company``: None plays for none (a spectator), "new" founds one. As a context manager it joins
    and, at the end, is killed.
    """

    def __init__(
        self,
        server: OpenTTDServer,
        folder: Path,
        name: str = "Li Lei",
        company: str | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        needs("openttd")
        self.server = server
        self.folder = folder
        self.name = name
        self._company = {None: "#255", "new": "#254"}[company]
        self._host = host
        self._program: Program | None = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "openttd.cfg").write_text(
            f"{VERSION}[misc]\nvideodriver = sdl\nresolution = 640,480\n"
            "language = english.lng\n[gui]\nautosave = off\n"
        )
        (folder / "private.cfg").write_text(f"[network]\nclient_name = {name}\n")
        self.screen = Screen(folder)

    def __enter__(self) -> Self:
        try:
            self.join()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def program(self) -> Program:
        assert self._program, "the client was never started"
        return self._program

    def join(self, seconds: float = 60.0, wait: bool = True) -> None:
        """Start the program, and (again) join the server; returns once it is in the game.

        Now and then the program forgets to connect and stays in its menu: it is started again.
        ``wait=False`` returns as soon as it has connected, whatever the server says.
        """
        deadline = time.monotonic() + seconds
        for attempt in range(1, 100):
            self._start()
            patience = min(5.0 * attempt, max(deadline - time.monotonic(), 0.0))
            try:
                wait_until(lambda: "Connected to" in self.program.text(), patience, self._tail)
                break
            except AssertionError:
                if time.monotonic() >= deadline:
                    raise
        if wait:
            self.wait_for(f"*** {self.name} has joined the game", deadline - time.monotonic())

    def _start(self) -> None:
        self.leave()
        self._journal.unlink(missing_ok=True)
        where = f"{self._host}:{self.server.port}{self._company}"
        self._program = Program(
            *("openttd", "-c", str(self.folder / "openttd.cfg"), "-x", "-Q"),
            *("-v", "sdl", "-s", "null", "-m", "null", "-r", "640x480"),
            *("-d", "net=3,desync=1", "-n", where),
            output=self.folder / "client.txt",
            HOME=str(self.folder),
            DISPLAY=self.screen.display,
            SDL_AUDIODRIVER="dummy",
        )

    def _tail(self) -> str:
        return self.program.tail()

    def leave(self) -> None:
        """End the program; the server sees a lost connection."""
        if self._program:
            self._program.end()

    def close(self) -> None:
        if self._program:
            self._program.end()
        self.screen.close()

    @property
    def _journal(self) -> Path:
        return self.folder / "save" / "autosave" / "commands-out.log"

    def lines(self) -> list[str]:
        """What the chat has shown since it joined, as ``[Private] server: text``."""
        with contextlib.suppress(FileNotFoundError):
            text = plain(self._journal.read_text("utf-8", "replace"))
            return re.findall(r"^msg: [0-9a-f]+; [0-9a-f]+; (.*)$", text, re.MULTILINE)
        return []

    def wait_for(self, text: str, seconds: float = 10.0, after: int = 0) -> str:
        """The first chat line that contains ``text``, ``after`` that many lines."""

        def found() -> Iterator[str]:
            return (line for line in self.lines()[after:] if text in line)

        def failure() -> str:
            shown = "\n".join(self.lines())
            return f"{self.name} never saw {text!r}, but:\n{shown}\n{self.program.tail()}"

        line: str = wait_until(lambda: next(found(), ""), seconds, failure)
        return line

    @property
    def connected(self) -> bool:
        """Whether the program itself believes to be in a game."""
        text = self.program.text()
        return text.rfind("Connected to") > text.rfind("Closed client connection")

    def say(self, text: str, to: str = "all") -> None:
        """Type into the chat: to ``all``, to one's ``company`` or to the ``server``.

        Returns once the line is seen in this client's own chat.
        """
        before = len(self.lines())
        self.screen.key(
            {"all": "shift+Return", "company": "ctrl+Return", "server": "ctrl+shift+Return"}[to]
        )
        time.sleep(0.4)  # the chat's input line takes text from the next frame on
        self.screen.type(text)
        self.screen.key("Return")
        self.wait_for(text, after=before)
