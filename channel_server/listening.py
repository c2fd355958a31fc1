"""The ports of the daemon."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.ssl import CertificateOptions

from gmkit.errors import GMError
from gmkit.listen import Listen

from .transport import listen_tcp, listen_unix


class PortTaken(GMError):
    """Cannot listen on {address}: {reason}. Stop the program that uses it, or choose another
    address in the configuration."""


class NoCertificate(GMError):
    """TLS on {address} needs the certificate {certificate} and its key {key}: {reason}. Write
    them with gmkit init, or name yours as daemon.tls_cert and daemon.tls_key."""


def open_unix(reactor: Any, path: Path, factory: Any) -> IListeningPort:
    """The gate's socket, for this user only. Raises PortTaken."""
    try:
        return listen_unix(reactor, str(path), factory, mode=0o600)
    except (CannotListenError, OSError) as fault:
        raise PortTaken(address=path, reason=_reason(fault)) from None


def open_port(
    reactor: Any, address: Listen, factory: Any, certificate: Path, key: Path
) -> IListeningPort:
    """A TCP or TLS port. Raises PortTaken or NoCertificate."""
    try:
        if address.kind == "tcp":
            return listen_tcp(reactor, address.port, factory, address.host)
        context = _certificate(address, certificate, key)
        port: IListeningPort = reactor.listenSSL(
            address.port, factory, context, backlog=1024, interface=address.host or "::"
        )
        return port
    except CannotListenError as fault:
        raise PortTaken(address=address, reason=_reason(fault)) from None


def _certificate(address: Listen, certificate: Path, key: Path) -> CertificateOptions:
    """The first certificate of the file, with those that lead to its authority behind it."""
    try:
        for path in (certificate, key):
            path.open("rb").close()
        options = CertificateOptions()
        context = options.getContext()
        context.use_certificate_chain_file(os.fspath(certificate))
        context.use_privatekey_file(os.fspath(key))
        context.check_privatekey()
        return options
    except OSError as fault:
        reason = f"{fault.filename} cannot be read ({fault.strerror})"
    except Exception:  # noqa: BLE001 - OpenSSL's own errors have no common base
        reason = "they are no certificate and key in PEM form that belong together"
    raise NoCertificate(address=address, certificate=certificate, key=key, reason=reason)


def _reason(fault: Exception) -> str:
    socket_error = getattr(fault, "socketError", fault)
    number = getattr(socket_error, "errno", None)
    if number is None or isinstance(socket_error, socket.gaierror):
        return getattr(socket_error, "strerror", None) or str(socket_error)
    return os.strerror(number)
