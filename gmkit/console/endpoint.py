"""Where the daemon's gate is, and a connection to it."""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING, NamedTuple

from gmkit.errors import BadUsage, GMError

if TYPE_CHECKING:
    import ssl

_TLS = re.compile(r"tls:(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:\[\]]+)):(\d{1,5})")


class Unreachable(GMError):
    """The daemon cannot be reached at {endpoint}: {reason}"""


class NotRunning(Unreachable):
    """No daemon listens at {endpoint}. Start it with: gmkit serve"""


class Untrusted(Unreachable):
    """The certificate of {endpoint} is not trusted: {reason} Name a copy of the daemon's
    certificate with --cert FILE."""


class BadCertificate(GMError):
    """The certificate {file} cannot be used: {reason}"""


class Endpoint(NamedTuple):
    """A Unix socket's ``path``, or a ``host`` and ``port`` that speak TLS.

    ``cert``: a copy of the daemon's certificate, or of the authority that signed it; without one
    the system's authorities decide.
    """

    path: str = ""
    host: str = ""
    port: int = 0
    cert: str | None = None

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tls:{host}:{self.port}"


def endpoint(text: str, cert: str | None = None) -> Endpoint:
    """Read ``unix:/path`` or ``tls:host:port``. Raises BadUsage."""
    if text.startswith("unix:") and len(text) > 5:
        return Endpoint(path=os.path.expanduser(text[5:]))
    match = _TLS.fullmatch(text)
    if match is None or not 1 <= int(match[3]) <= 65535:
        raise BadUsage(
            problem=f"{text!r} is no address of a daemon.",
            usage="--connect unix:/PATH/gate.sock or --connect tls:HOST:PORT",
        )
    return Endpoint(host=match[1] or match[2], port=int(match[3]), cert=cert)


def tls_context(where: Endpoint) -> ssl.SSLContext:
    """What to check the daemon's certificate against. Raises BadCertificate."""
    import ssl

    try:
        context = ssl.create_default_context(cafile=where.cert)
    except (OSError, ssl.SSLError) as fault:
        raise BadCertificate(file=where.cert, reason=f"{fault.strerror or fault}.") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if where.cert:
        # The file itself is trusted: the name in it need not be the one dialled.
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def connect(where: Endpoint, timeout: float) -> socket.socket:
    """A blocking connection. Raises Unreachable or BadCertificate."""
    try:
        if where.path:
            plain = socket.socket(socket.AF_UNIX)
            plain.settimeout(timeout)
            try:
                plain.connect(where.path)
            except BaseException:
                plain.close()
                raise
            return plain
        context = tls_context(where)
        plain = socket.create_connection((where.host, where.port), timeout)
        return context.wrap_socket(plain, server_hostname=where.host)
    except OSError as fault:
        raise unreachable(where, fault) from None


def unreachable(where: Endpoint, fault: OSError) -> Unreachable:
    """The sentence for a connection that failed."""
    if isinstance(fault, ConnectionRefusedError | FileNotFoundError) and where.path:
        return NotRunning(endpoint=where, reason="")
    message = getattr(fault, "verify_message", None)
    if message:
        return Untrusted(endpoint=where, reason=f"{message}.")
    reason = "it does not answer." if isinstance(fault, TimeoutError) else f"{fault.strerror}."
    return Unreachable(endpoint=where, reason=reason)
