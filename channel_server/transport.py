"""Write-through transports: a write reaches the socket at once when nothing is buffered.

Twisted's own transports keep what is written and arm EPOLLOUT: one more turn of the reactor and two
more system calls for every write. These try ``send`` first and fall back to the buffer for whatever
the kernel did not take. They pay only where everything of a turn leaves in one write.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterable
from typing import Any

from twisted.internet import tcp, unix
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IProtocolFactory

BACKLOG = 1024
"""Connections the kernel holds ready for us: a fleet that reconnects does so all at once."""


def _send_now(transport: Any, data: bytes) -> bytes:
    """Send what the kernel takes at once; what is left must be buffered.

    A fault of the socket is left for the buffered write to meet again: there it ends the
    connection in the usual way, never inside of the caller's ``write``.
    """
    if (
        transport._tempDataLen
        or transport.dataBuffer
        or transport.disconnecting
        or not transport.connected
        or transport._writeDisconnected
        or transport._writeDisconnecting
        or transport.TLS
    ):
        return data
    try:
        sent = transport.socket.send(data)
    except OSError:
        return data
    return data[sent:] if sent < len(data) else b""


class EagerServer(tcp.Server):
    """The server's end of a TCP connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.setTcpNoDelay(True)

    def write(self, data: bytes) -> None:
        """Send now what the kernel takes, buffer the rest."""
        left = _send_now(self, data)
        if left:
            super().write(left)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """As :meth:`write`, with everything in one piece."""
        self.write(b"".join(iovec))


class EagerUNIXServer(unix.Server):
    """The server's end of a Unix connection."""

    def write(self, data: bytes) -> None:
        """Send now what the kernel takes, buffer the rest."""
        left = data if self._sendmsgQueue else _send_now(self, data)
        if left:
            super().write(left)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """As :meth:`write`, with everything in one piece."""
        self.write(b"".join(iovec))


class EagerPort(tcp.Port):
    """A TCP port whose connections write through."""

    transport = EagerServer


class EagerUNIXPort(unix.Port):
    """A Unix socket whose connections write through."""

    transport = EagerUNIXServer

    def createInternetSocket(self) -> socket.socket:
        """The socket, remembered: Twisted does not close one that cannot be bound."""
        made: socket.socket = super().createInternetSocket()
        self.made = made
        return made


def listen_tcp(
    reactor: Any,
    port: int,
    factory: IProtocolFactory,
    interface: str = "",
    backlog: int = BACKLOG,
) -> EagerPort:
    """Listen on a TCP port; 0 picks a free one. Raises CannotListenError.

    ``interface`` is an IPv4 or IPv6 address; ``::`` takes both families.
    """
    listening = EagerPort(port, factory, backlog, interface, reactor)
    listening.startListening()
    return listening


def listen_unix(
    reactor: Any,
    path: str,
    factory: IProtocolFactory,
    mode: int = 0o660,
    backlog: int = BACKLOG,
) -> EagerUNIXPort:
    """Listen on a Unix socket, in place of a dead one of the same path. Raises CannotListenError.

    The file is never open to more users than ``mode`` allows, not even for a moment.
    """
    _remove_dead(path)
    listening = EagerUNIXPort(os.fsencode(path), factory, backlog, mode, reactor)
    before = os.umask(0o777 & ~mode)
    try:
        listening.startListening()
    except CannotListenError:
        listening.made.close()
        raise
    finally:
        os.umask(before)
    return listening


def _remove_dead(path: str) -> None:
    """Remove a socket that nobody listens on; leave everything else to the fault of ``bind``."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            probe.connect(path)
    except ConnectionRefusedError:
        os.remove(path)
    except OSError:
        return


__all__ = [
    "BACKLOG",
    "CannotListenError",
    "EagerPort",
    "EagerServer",
    "EagerUNIXPort",
    "EagerUNIXServer",
    "listen_tcp",
    "listen_unix",
]
