"""The gate for programs that do one thing: blocking sockets, no event loop, a quick start."""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Callable, Iterator

from gmkit.errors import GMError

from .backoff import Backoff
from .core import GateCore, Message, TurnedAway
from .endpoint import Endpoint, Unreachable, connect

CONNECT_WITHIN = 10.0
TICK = 1.0


class LinkDown(GMError):
    """The connection broke: {reason}"""


class LinkClosed(LinkDown):
    """The daemon closed the connection."""


class NoAnswer(LinkDown):
    """The daemon does not answer."""


def messages(
    core: GateCore,
    where: Endpoint,
    *,
    on_down: Callable[[GMError], None],
    patient: Callable[[], bool],
    sleep: Callable[[float], None] = time.sleep,
    jitter: random.Random | None = None,
) -> Iterator[Message]:
    """What the daemon says, over as many connections as it takes.

    Besides the daemon's messages there is ``pause``: all that has come was handed on; it comes at
    least every TICK seconds.
    ``on_down`` hears why a connection ended or could not be made. The error is raised when trying
    again is of no use, or when ``patient`` says that the caller does not want to wait any longer.
    """
    backoff = Backoff(jitter or random.Random())
    while True:
        try:
            for message in _one_connection(core, where):
                if message["type"] == "welcome":
                    backoff.worked()
                yield message
        except TurnedAway as why:
            if not why.facts["retry"] or not patient():
                raise
            on_down(why)
        except (Unreachable, LinkDown) as why:
            if not patient():
                raise
            on_down(why)
        finally:
            core.lost()
        sleep(backoff.again())


def _one_connection(core: GateCore, where: Endpoint) -> Iterator[Message]:
    """Raises Unreachable, LinkDown or TurnedAway when it ends."""
    connection = connect(where, CONNECT_WITHIN)
    with connection:
        connection.settimeout(TICK)
        core.connected()
        while True:
            _transmit(connection, core.take())
            data = _receive(connection)
            if data:
                yield from core.received(data)
            elif data is not None:
                raise LinkClosed()
            yield {"type": "pause"}
            if not core.tick():
                raise NoAnswer()


def _transmit(connection: socket.socket, data: bytes) -> None:
    """Send everything. Raises LinkDown."""
    try:
        if data:
            connection.sendall(data)
    except OSError as fault:
        raise LinkDown(reason=f"{fault.strerror or fault}.") from None


def _receive(connection: socket.socket) -> bytes | None:
    """What has come; None if nothing came within a tick. Raises LinkDown."""
    try:
        return connection.recv(1 << 16)
    except (TimeoutError, ssl.SSLWantReadError):
        return None
    except OSError as fault:
        raise LinkDown(reason=f"{fault.strerror or fault}.") from None
