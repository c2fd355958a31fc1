"""The generator: a process of its own that sends lines and counts what the receivers get.

``python -m bench.load`` reads one JSON object (a :class:`Task`) from standard input and prints one
JSON object of figures. It decodes nothing while it measures: every text holds :data:`MARK` once,
and receivers only count it, so that this process is not what limits the server.
"""

from __future__ import annotations

import gc
import json
import random
import resource
import select
import socket
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from . import child
from .dialect import MARK, STAMP, Dialect, stamp
from .figures import percentile

_CHUNK = 1 << 18
_BEAT = 8.0


@dataclass
class Task:
    """What one generator run does. ``rate`` 0 means saturation, otherwise lines a second."""

    dialect: str
    address: dict[str, Any]
    senders: int
    receivers: int
    seconds: float
    warm_up: float = 1.0
    rate: float = 0.0
    in_flight: int = 1000
    batch: int = 10
    pid: int = 0
    preload: int = 0
    """Lines sent, at saturation, before anything is measured."""
    more: dict[str, Any] = field(default_factory=dict)


class Counter:
    """Counts the marks of one receiver's stream, also those cut in two by a read."""

    def __init__(self) -> None:
        self._tail = b""

    def count(self, data: bytes) -> int:
        """The marks that ended in ``data``."""
        keep = len(MARK) - 1
        seam = (self._tail + data[:keep]).count(MARK)
        self._tail = data[-keep:] if len(data) >= keep else (self._tail + data)[-keep:]
        return seam + data.count(MARK)


class Stamps:
    """Collects the age of every line of one receiver's stream."""

    def __init__(self, ages: list[float]) -> None:
        self._ages = ages
        self._tail = b""

    def count(self, data: bytes) -> int:
        """The marks with a whole stamp; their ages in seconds are kept."""
        now = time.monotonic_ns()
        data = self._tail + data
        at, seen = data.find(MARK), 0
        while at >= 0 and at + len(MARK) + STAMP <= len(data):
            start = at + len(MARK)
            self._ages.append((now - int(data[start : start + STAMP], 16)) / 1e9)
            seen += 1
            at = data.find(MARK, start)
        keep = len(MARK) + STAMP
        self._tail = data[at:] if at >= 0 else data[max(0, len(data) - keep) :]
        if at < 0 and seen and MARK in self._tail:
            self._tail = self._tail[self._tail.rfind(MARK) + len(MARK) :]
        return seen


class Generator:
    """Drives one dialect's sockets with one epoll."""

    def __init__(self, task: Task, dialect: Dialect) -> None:
        self.task = task
        self.dialect = dialect
        self.sent = 0
        self.seen = 0
        self.ages: list[float] = []
        self._poll = select.epoll()
        self._readers: dict[int, tuple[socket.socket, Any]] = {}
        self._unsent: dict[int, bytes] = {}
        for sock in dialect.receivers:
            reader = Stamps(self.ages) if task.rate else Counter()
            self._watch(sock, reader)
        for sock in dialect.senders:
            self._watch(sock, None)
        self._next = 0
        self._beat_at = time.monotonic() + _BEAT

    def _watch(self, sock: socket.socket, reader: Any) -> None:
        sock.setblocking(False)
        self._readers[sock.fileno()] = (sock, reader)
        self._poll.register(sock.fileno(), select.EPOLLIN)

    def turn(self, wait: float) -> None:
        """Read what there is, waiting at most ``wait`` seconds for something."""
        for fd, _ in self._poll.poll(wait):
            sock, reader = self._readers[fd]
            try:
                data = sock.recv(_CHUNK)
            except BlockingIOError:
                continue
            if not data:
                kind = "sender" if reader is None else "receiver"
                raise ConnectionError(f"the server closed a {kind}'s connection")
            if reader is not None:
                self.seen += reader.count(data)
            answer = self.dialect.answer(sock, data, reader is None)
            if answer:
                sock.send(answer)
        for fd in list(self._unsent):
            self._write(self._readers[fd][0], b"")
        if time.monotonic() > self._beat_at:
            self._beat()

    def _beat(self) -> None:
        self._beat_at = time.monotonic() + _BEAT
        for sock, reader in self._readers.values():
            data = self.dialect.beat(reader is None)
            if data:
                self._write(sock, data)

    def send(self, lines: int) -> None:
        """Let the next sender send so many lines in one write."""
        index = self._next % len(self.dialect.senders)
        self._next += 1
        data = self.dialect.lines(index, lines, stamp())
        self._write(self.dialect.senders[index], data)
        self.sent += lines

    def _write(self, sock: socket.socket, data: bytes) -> None:
        data = self._unsent.pop(sock.fileno(), b"") + data
        try:
            done = sock.send(data)
        except BlockingIOError:
            done = 0
        if done < len(data):
            self._unsent[sock.fileno()] = data[done:]

    def saturate(self, seconds: float) -> None:
        """Keep ``in_flight`` lines under way; a line is done when every receiver has it."""
        batch, most, receivers = self.task.batch, self.task.in_flight, self.task.receivers
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while self.sent - self.seen // receivers + batch <= most:
                self.send(batch)
            self.turn(0.05)

    def send_all(self, lines: int) -> None:
        """Send so many lines at saturation, and wait until they are through."""
        batch, most, receivers = self.task.batch, self.task.in_flight, self.task.receivers
        until = self.sent + lines
        while self.sent < until:
            if self.sent - self.seen // receivers + batch <= most:
                self.send(min(batch, until - self.sent))
            else:
                self.turn(0.05)
        if not self.drain(60):
            raise ConnectionError(f"{self.sent * receivers - self.seen} deliveries are missing")

    def pace(self, seconds: float) -> None:
        """Send single lines at random moments, ``rate`` a second on average."""
        rng = random.Random(7)
        now = time.monotonic()
        end, due = now + seconds, now
        while now < end:
            while due <= now:
                self.send(1)
                due += rng.expovariate(self.task.rate)
            self.turn(max(0.0, min(due, end) - time.monotonic()))
            now = time.monotonic()

    def drain(self, seconds: float = 10.0) -> bool:
        """Wait until every line has reached every receiver; False when time ran out."""
        end = time.monotonic() + seconds
        while self.seen < self.sent * self.task.receivers:
            if time.monotonic() > end:
                return False
            self.turn(0.05)
        return True


def measure(generator: Generator) -> dict[str, float]:
    """Warm up, measure, drain; the figures of the middle part."""
    task = generator.task
    run = generator.pace if task.rate else generator.saturate
    generator.send_all(task.preload)
    run(task.warm_up)
    generator.ages.clear()
    gc.collect()
    gc.freeze()
    at, sent, seen = time.monotonic(), generator.sent, generator.seen
    own, server = _own_cpu(), _cpu(task.pid)
    run(task.seconds)
    wall = time.monotonic() - at
    own, server = _own_cpu() - own, _cpu(task.pid) - server
    deliveries = generator.seen - seen
    lines = generator.sent - sent
    ages = list(generator.ages)
    whole = generator.drain()
    figures = {
        "deliveries_per_s": deliveries / wall,
        "lines_per_s": deliveries / wall / task.receivers,
        "sent_per_s": lines / wall,
        "server_cpu_percent": 100 * server / wall,
        "cpu_us_per_line": 1e6 * server / max(1.0, deliveries / task.receivers),
        "generator_cpu_percent": 100 * own / wall,
        "rss_mb": _rss(task.pid),
        "lost": float(generator.sent * task.receivers - generator.seen),
        "whole": float(whole),
    }
    if task.rate:
        figures["p50_us"] = 1e6 * percentile(ages, 0.5)
        figures["p99_us"] = 1e6 * percentile(ages, 0.99)
    return figures


def _own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _cpu(pid: int) -> float:
    if not pid:
        return 0.0
    with open(f"/proc/{pid}/stat") as file:
        stat = file.read().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / 100


def _rss(pid: int) -> float:
    if not pid:
        return 0.0
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / (1 << 20)


def run(task: Task) -> dict[str, float]:
    """The figures of one task, measured by a process of its own."""
    figures: dict[str, float] = child.ask("bench.load", asdict(task), task.seconds + 300)
    return figures


def main() -> None:
    """Read a task, run it, print its figures."""
    from . import dialects

    task = Task(**child.task())
    dialect = dialects.DIALECTS[task.dialect](task.address, task.more)
    dialect.connect(task.senders, task.receivers)
    generator = Generator(task, dialect)
    print(json.dumps(measure(generator)))


if __name__ == "__main__":
    main()
