"""Server processes under measurement: started, watched through /proc, ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_TICK = os.sysconf("SC_CLK_TCK")


class DidNotStart(Exception):
    """A server ended, or was not ready in time."""


class Memory(NamedTuple):
    """Resident memory in MB: now, and at the highest."""

    now: float
    peak: float


def free_port() -> int:
    """A TCP port on the loopback below the range that the kernel hands out, free a moment ago."""
    start = 20000 + os.getpid() % 9000
    for port in range(start, 32700):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in _taken:
                _taken.add(port)
                return port
    raise DidNotStart("no free port")


_taken: set[int] = set()


class Process:
    """One server process. Its output goes to ``log``; it is killed on ``stop`` at the latest."""

    def __init__(self, argv: Sequence[str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                argv, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        self.pid = self._popen.pid

    def wait_for_port(self, port: int, seconds: float = 20.0) -> None:
        """Return once something listens there. Raises DidNotStart."""
        self._wait(lambda: _listens(port), seconds)

    def wait_for_line(self, start: str, seconds: float = 60.0) -> float:
        """Return once the output has a line that starts so; when that was, on the bench's clock."""
        needle = start.encode()

        def there() -> bool:
            return any(line.startswith(needle) for line in self.log.read_bytes().splitlines())

        self._wait(there, seconds)
        return time.monotonic()

    def _wait(self, ready: object, seconds: float) -> None:
        assert callable(ready)
        end = time.monotonic() + seconds
        while not ready():
            if self._popen.poll() is not None or time.monotonic() > end:
                self.kill()
                tail = self.log.read_text("utf-8", "replace")[-2000:]
                raise DidNotStart(f"{self._popen.args!r} did not get ready:\n{tail}")
            time.sleep(0.005)

    def cpu(self) -> float:
        """CPU seconds used so far, all threads, user and system."""
        stat = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / _TICK

    def memory(self) -> Memory:
        """Resident memory."""
        rows = dict(
            line.split(":", 1)
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines()
            if ":" in line
        )
        return Memory(*(int(rows[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM")))

    def kill(self) -> None:
        """End it at once."""
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()

    def stop(self, seconds: float = 20.0) -> None:
        """Ask it to end; kill it when it does not within ``seconds``."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        self._popen.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
