"""The real daemon as a process of its own, and raw peers that speak to it byte by byte."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from gmkit.wire import challenge
from gmkit.wire.frames import Decoder, encode

TOKEN = "a-token-of-these-tests"
GMKIT = [sys.executable, "-m", "gmkit"]
PATIENCE = 20.0
"""Seconds after which something that should happen is taken for something that never will."""


def free_port() -> int:
    """A TCP port nobody listens on, below the range that the kernel hands out."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(what: Callable[[], Any], about: str, seconds: float = PATIENCE) -> Any:
    """What ``what()`` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := what():
            return result
        time.sleep(0.02)
    raise AssertionError(f"{about} did not happen within {seconds:g} seconds")


class RealDaemon:
    """One folder with a configuration, accounts and a database, and the daemon on it."""

    def __init__(
        self,
        folder: Path,
        *,
        servers: Sequence[str] = ("s0", "s1"),
        gms: Sequence[str] = ("anna", "bo"),
        help: str = "cooldown = 0\nplayer_limit = 1000000\nserver_limit = 1000000\n",
        http: bool = False,
        more: str = "",
    ) -> None:
        self.folder = folder
        self.config = folder / "gmkit.toml"
        self.log = folder / "daemon.log"
        self.gate = folder / "data" / "gate.sock"
        self.port = free_port()
        self.http_port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        web = f'bridge_http = ["tcp:127.0.0.1:{self.http_port}"]\n' if http else ""
        rows = "".join(
            f'[[server]]\nname = "{name}"\nadapter = "bridge"\ntoken = "{TOKEN}"\n'
            for name in servers
        )
        self.config.write_text(
            f'[daemon]\ndata_dir = "data"\nbridge = ["tcp:127.0.0.1:{self.port}"]\n{web}'
            f"[help]\n{help}{rows}{more}"
        )
        (folder / "data").mkdir(mode=0o700)
        for name in gms:
            self.gmkit("gm", "add", name, "--role", "admin")

    # --- the daemon ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon and wait until it is ready."""
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [*GMKIT, "serve", "-c", str(self.config)],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )

        def ready() -> bool:
            assert self.process is not None
            written = self.log.read_bytes()[before:]
            if self.process.poll() is not None:
                raise AssertionError(f"the daemon ended:\n{written[-3000:].decode()}")
            return b"gmkit: ready" in written

        wait_for(ready, "the daemon's start", 60)

    def kill(self) -> None:
        """End the daemon as a power cut would, were it not for the kernel."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End the daemon as an operator would; fails when it does not end by itself."""
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("the daemon did not end within its time") from None

    def memory(self) -> float:
        """Resident memory of the daemon in MB."""
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def logged(self) -> str:
        """Everything the daemon has logged."""
        return self.log.read_text("utf-8", "replace")

    # --- the command line ---------------------------------------------------------------------

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """``gmkit ARGUMENTS -c …``, whatever comes of it."""
        return subprocess.run(
            [*GMKIT, *arguments, "-c", str(self.config)],
            check=False,
            capture_output=True,
            timeout=120,
        )

    def gmkit(self, *arguments: str) -> bytes:
        """What ``gmkit ARGUMENTS -c …`` prints; it has to succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, (arguments, done.stdout.decode(), done.stderr.decode())
        return done.stdout

    def do(self, line: str) -> Any:
        """The JSON answer to one GM command."""
        return json.loads(self.gmkit("do", "--json", "--user", "anna", line))

    def newest(self) -> int:
        """The ``seq`` of the newest event."""
        with RawTerminal.unix(self.gate) as terminal:
            seq: int = terminal.enter("anna")["seq"]
            return seq

    def check(self) -> None:
        """``gmkit db check`` finds nothing."""
        self.gmkit("db", "check")


class Raw:
    """A socket that speaks frames, whole or not."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.settimeout(PATIENCE)
        self._decoder = Decoder(1 << 24)
        self._messages: list[dict[str, Any]] = []

    @classmethod
    def tcp(cls, port: int, receive_buffer: int = 0) -> Self:
        """A connection to the bridge."""
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.connect(("127.0.0.1", port))
        return cls(sock)

    @classmethod
    def unix(cls, path: Path) -> Self:
        """A connection to the gate."""
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(path))
        return cls(sock)

    def send(self, *messages: dict[str, Any]) -> None:
        """One frame."""
        self.sock.sendall(encode(*messages))

    def next(self) -> dict[str, Any] | None:
        """The next message; None when the far end has closed."""
        while not self._messages:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self._messages += self._decoder.feed(data)
        return self._messages.pop(0)

    def until(self, kind: str, /, **facts: Any) -> dict[str, Any]:
        """The next message of this type with these values."""
        while True:
            message = self.next()
            assert message is not None, f"closed while waiting for {kind} {facts}"
            if message["type"] == kind and all(message.get(k) == v for k, v in facts.items()):
                return message

    def end(self) -> dict[str, Any] | None:
        """Read to the end; the last message, if any came."""
        last = None
        while (message := self.next()) is not None:
            last = message
        return last

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.sock.close()


class RawGame(Raw):
    """A game server on the bridge, up to ``welcome``."""

    stream = ""

    def hello(self, server: str, **other: Any) -> dict[str, Any]:
        """The greeting."""
        self.server, self.nonce = server, challenge.nonce()
        self.stream = self.stream or secrets.token_hex(8)
        greeting = {
            "type": "hello",
            "protocol": 1,
            "server": server,
            "stream": self.stream,
            "nonce": self.nonce,
            "client": "tests",
        }
        return greeting | other

    def proof(self, token: str = TOKEN) -> dict[str, Any]:
        """The proof, after reading the challenge."""
        theirs = self.until("challenge")["nonce"]
        given = challenge.proof(token, challenge.GAME, self.server, self.nonce, theirs)
        return {"type": "proof", "proof": given}

    def enter(self, server: str, **other: Any) -> dict[str, Any]:
        """The whole handshake; the welcome."""
        self.send(self.hello(server, **other))
        self.send(self.proof())
        return self.until("welcome")

    def say(self, n: int, text: Any, player: str = "p1", **other: Any) -> None:
        """A player's line."""
        message = {"type": "said", "id": n, "player": player, "name": player, "text": text}
        self.send(message | other)


class RawTerminal(Raw):
    """A GM's terminal at the gate."""

    def enter(self, gm: str, since: int | None = None, duty: bool = False) -> dict[str, Any]:
        """Log in and follow the log behind ``since``, or from now on."""
        self.send({"type": "hello", "version": 1, "name": gm, "client": "tests", "duty": duty})
        welcome = self.until("welcome")
        self.send({"type": "subscribe", "since": welcome["seq"] if since is None else since})
        self.send({"type": "ping", "n": "ready"})
        self.until("pong")
        return welcome

    def do(self, id: int, line: str) -> dict[str, Any]:
        """A command's answer or refusal."""
        self.send({"type": "do", "id": id, "line": line})
        while True:
            message = self.next()
            assert message is not None, f"closed while waiting for the answer to {line}"
            if message.get("id") == id and message["type"] in ("answer", "refused"):
                return message


class Canary:
    """A well-behaved game and GM: what happens to others must not happen to them."""

    def __init__(self, daemon: RealDaemon, server: str = "s0", gm: str = "bo") -> None:
        self.game = RawGame.tcp(daemon.port)
        self.game.enter(server)
        self.terminal = RawTerminal.unix(daemon.gate)
        self.terminal.enter(gm)
        self.asked = 0

    def sings(self) -> float:
        """A player asks, the GM sees it and the game hears that it is on disk; the seconds."""
        self.asked += 1
        text = f"canary {self.asked}"
        at = time.monotonic()
        self.game.say(self.asked, f"!help {text}", player="canary")
        self.terminal.until("event", text=text)
        while self.game.until("ack")["upto"] < self.asked:
            pass
        return time.monotonic() - at

    def close(self) -> None:
        """Both hang up."""
        self.game.close()
        self.terminal.close()


@contextlib.contextmanager
def running(folder: Path, **options: Any) -> Iterator[RealDaemon]:
    """A daemon that is ended, and whose database is sound, when the block ends."""
    daemon = RealDaemon(folder, **options)
    daemon.start()
    try:
        yield daemon
    except BaseException:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.kill()
        print(daemon.logged()[-5000:])
        raise
    daemon.stop()
    daemon.check()
    assert "Traceback" not in daemon.logged()
