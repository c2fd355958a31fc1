"""What the generator must know of a server's protocol."""

from __future__ import annotations

import socket
import time
from abc import ABC, abstractmethod
from typing import Any

MARK = b"#^~^~^~^~^#"
"""Stands exactly once in every text that is sent."""
STAMP = 16
"""Characters of the stamp that follows the mark: the monotonic clock in hexadecimal nanoseconds."""
TEXT = 100
"""Bytes of every text."""
FILLER = (
    b"my sword vanished when I crossed the bridge and now I cannot finish the quest help please"[
        : TEXT - len(MARK) - STAMP
    ]
)


def stamp() -> bytes:
    """Now, as it stands in a text."""
    return b"%016x" % time.monotonic_ns()


def text(when: bytes) -> bytes:
    """One text of 100 bytes."""
    return MARK + when + FILLER


class Dialect(ABC):
    """One protocol: how to connect, and what a write of some lines looks like."""

    def __init__(self, address: dict[str, Any], more: dict[str, Any]) -> None:
        self.address = address
        self.more = more
        self.senders: list[socket.socket] = []
        self.receivers: list[socket.socket] = []

    @abstractmethod
    def connect(self, senders: int, receivers: int) -> None:
        """Open the connections; every receiver is subscribed when this returns."""

    @abstractmethod
    def lines(self, sender: int, count: int, when: bytes) -> bytes:
        """The bytes of one write that says ``count`` lines, all stamped ``when``."""

    def answer(self, sock: socket.socket, data: bytes, sender: bool) -> bytes:
        """What must be said back to what a connection received: nothing, mostly."""
        return b""

    def beat(self, sender: bool) -> bytes:
        """A sign of life, sent every few seconds: nothing, mostly."""
        return b""

    def dial(self) -> socket.socket:
        """A blocking TCP connection to the server, without Nagle's delay."""
        sock = socket.create_connection(("127.0.0.1", self.address["port"]), timeout=20)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


def read_until(sock: socket.socket, needle: bytes) -> bytes:
    """What a blocking socket receives until ``needle`` is in it."""
    data = b""
    while needle not in data:
        more = sock.recv(65536)
        if not more:
            raise ConnectionError(f"closed after {data[-300:]!r}")
        data += more
    return data
