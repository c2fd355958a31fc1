"""Other relays, with their flood limits off: ngircd and redis store nothing, JetStream a file."""

from __future__ import annotations

import json
import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from .dialect import Dialect, read_until, text
from .process import Process, free_port


class Peer(ABC):
    """One server to compare with. A dialect of the same name speaks to it."""

    name: ClassVar[str]
    program: ClassVar[str]

    @classmethod
    def installed(cls) -> str | None:
        """Where the program is; None if it is not installed."""
        return shutil.which(cls.program) or shutil.which(cls.program, path="/usr/sbin:/usr/bin")

    @classmethod
    def version(cls) -> str:
        """The first line of what the program says about its version."""
        done = subprocess.run(
            [str(cls.installed()), "--version"], check=False, capture_output=True, text=True
        )
        lines = (done.stdout or done.stderr).splitlines()
        return lines[0] if lines else ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.address: dict[str, Any] = {"port": self.port}
        argv = [str(self.installed()), *self.arguments()]
        self.process = Process(argv, folder / "log")
        self.process.wait_for_port(self.port)

    @abstractmethod
    def arguments(self) -> list[str]:
        """The command line, after writing what files it names."""

    def close(self) -> None:
        """End the server and remove its files."""
        self.process.stop(5)
        shutil.rmtree(self.folder)


class Ngircd(Peer):
    """An IRC server in C: one channel, the senders are not members."""

    name = "ngircd"
    program = "ngircd"

    def arguments(self) -> list[str]:
        """Foreground, no limits, a channel that takes lines from outside."""
        config = self.folder / "ngircd.conf"
        config.write_text(
            "[Global]\nName = bench.local\nInfo = bench\nListen = 127.0.0.1\n"
            f"Ports = {self.port}\n"
            "[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\n"
            "PingTimeout = 600\nMaxJoins = 0\n"
            "[Options]\nDNS = no\nIdent = no\nPAM = no\n"
            "[Channel]\nName = #bench\nModes = t\n"
        )
        return ["-n", "-f", str(config)]


class Redis(Peer):
    """redis pub/sub, nothing saved."""

    name = "redis"
    program = "redis-server"

    def arguments(self) -> list[str]:
        """No snapshots, no append-only file, no limit on a subscriber's buffer."""
        off = ["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir", str(self.folder)]
        return [
            *["--port", str(self.port)],
            *off,
            *["--client-output-buffer-limit", "pubsub 0 0 0", "--maxclients", "4000"],
        ]


class JetStream(Peer):
    """NATS JetStream with file storage: one push consumer without acks for each receiver."""

    name = "jetstream"
    program = "nats-server"

    def arguments(self) -> list[str]:
        """JetStream on, patient with slow clients."""
        config = self.folder / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{self.port}"\nmax_pending: 1GB\nwrite_deadline: "30s"\n'
            f'ping_interval: "10m"\njetstream {{ store_dir: "{self.folder}/store" }}\n'
        )
        return ["-c", str(config)]


PEERS: tuple[type[Peer], ...] = (Ngircd, Redis, JetStream)


class NgircdDialect(Dialect):
    """IRC lines."""

    def connect(self, senders: int, receivers: int) -> None:
        """Register everybody; the receivers join."""
        for i in range(receivers):
            sock = self.dial()
            sock.sendall(b"NICK r%d\r\nUSER r 0 * :r\r\n" % i)
            read_until(sock, b" 376 " if i < 0 else b"\r\n:bench.local 2")
            sock.sendall(b"JOIN #bench\r\n")
            read_until(sock, b" 366 ")
            self.receivers.append(sock)
        for sock in self.receivers:
            sock.sendall(b"PING x\r\n")
        for sock in self.receivers:
            read_until(sock, b"PONG")
        for i in range(senders):
            sock = self.dial()
            sock.sendall(b"NICK s%d\r\nUSER s 0 * :s\r\n" % i)
            read_until(sock, b"\r\n:bench.local 2")
            self.senders.append(sock)

    def lines(self, sender: int, count: int, when: bytes) -> bytes:
        """PRIVMSG to the channel."""
        return (b"PRIVMSG #bench :" + text(when) + b"\r\n") * count


class RedisDialect(Dialect):
    """RESP."""

    def connect(self, senders: int, receivers: int) -> None:
        """Subscribe the receivers."""
        self.senders = [self.dial() for _ in range(senders)]
        for _ in range(receivers):
            sock = self.dial()
            sock.sendall(b"SUBSCRIBE bench\r\n")
            read_until(sock, b":1\r\n")
            self.receivers.append(sock)

    def lines(self, sender: int, count: int, when: bytes) -> bytes:
        """PUBLISH, answered by a number each."""
        body = text(when)
        return b"*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$%d\r\n%s\r\n" % (len(body), body) * count


class JetStreamDialect(Dialect):
    """The NATS client protocol, and JetStream's requests in it."""

    def connect(self, senders: int, receivers: int) -> None:
        """Make the stream, a consumer for each receiver, and an inbox for each sender's acks."""
        control = self._dial()
        self._request(
            control,
            b"$JS.API.STREAM.CREATE.BENCH",
            {"name": "BENCH", "subjects": ["bench.>"], "storage": "file", "retention": "limits"},
        )
        for i in range(receivers):
            sock = self._dial()
            sock.sendall(b"SUB to.%d 1\r\nPING\r\n" % i)
            read_until(sock, b"PONG\r\n")
            consumer = {
                "deliver_subject": f"to.{i}",
                "ack_policy": "none",
                "deliver_policy": "new",
                "replay_policy": "instant",
            }
            self._request(
                control,
                b"$JS.API.CONSUMER.CREATE.BENCH",
                {"stream_name": "BENCH", "config": consumer},
            )
            self.receivers.append(sock)
        for i in range(senders):
            sock = self._dial()
            sock.sendall(b"SUB ack.%d 1\r\nPING\r\n" % i)
            read_until(sock, b"PONG\r\n")
            self.senders.append(sock)
        self.control = control

    def _dial(self) -> Any:
        sock = self.dial()
        read_until(sock, b"\r\n")
        sock.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
        read_until(sock, b"PONG\r\n")
        return sock

    def _request(self, sock: Any, subject: bytes, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        sock.sendall(b"SUB reply 9\r\nUNSUB 9 1\r\n")
        sock.sendall(b"PUB %s reply %d\r\n%s\r\n" % (subject, len(data), data))
        answer = read_until(sock, b"}\r\n")
        if b'"error"' in answer:
            raise ConnectionError(answer.decode())

    def lines(self, sender: int, count: int, when: bytes) -> bytes:
        """Published with an inbox, so that the server acknowledges each line once it is stored."""
        body = text(when)
        return b"PUB bench.%d ack.%d %d\r\n%s\r\n" % (sender, sender, len(body), body) * count
