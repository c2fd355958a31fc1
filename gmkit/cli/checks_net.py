"""What ``gmkit doctor`` looks at: ports, certificate and game servers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

from gmkit import discovery
from gmkit.config import Config, ServerConfig
from gmkit.errors import GMError
from gmkit.i18n import N_
from gmkit.listen import Listen

from .common import _
from .finding import Finding, fault, good

EXPIRY_DAYS = 14


def ports(config: Config) -> Iterator[Finding]:
    """While the daemon does not run its ports must be free."""
    for address in (*config.gate, *config.bridge, *config.bridge_http):
        problem = occupied(address)
        if problem is None:
            yield good(N_("{address} is free."), address=address)
        else:
            yield fault(
                N_(
                    "gmkit cannot listen on {address}: {problem}. Stop what uses it (see: ss -ltnp), "
                    "or choose another address."
                ),
                address=address,
                problem=problem,
            )


def occupied(address: Listen) -> str | None:
    """Why the address cannot be listened on; None when it can."""
    family = socket.AF_INET6 if ":" in address.host or not address.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address.host or "::", address.port))
            probe.listen(1)
    except OSError as wrong:
        return wrong.strerror or str(wrong)
    except UnicodeError:
        return "this is no host name"
    return None


def certificate(config: Config) -> Iterator[Finding]:
    """Where tls is asked for: certificate and key are there, fit, and are not about to expire."""
    addresses = (*config.gate, *config.bridge, *config.bridge_http)
    if not any(address.kind == "tls" for address in addresses):
        return
    for path in (config.tls_cert, config.tls_key):
        if not path.is_file():
            yield fault(
                N_("{path} is missing, and tls needs it. Make it with: gmkit init"), path=path
            )
            return
    import ssl

    from cryptography import x509

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(config.tls_cert, config.tls_key)
        expires = x509.load_pem_x509_certificate(config.tls_cert.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as wrong:
        yield fault(
            N_(
                "The certificate {path} and its key cannot be used: {problem}. Take both away and "
                "make others with: gmkit init"
            ),
            path=config.tls_cert,
            problem=wrong,
        )
        return
    days = (expires - datetime.now(UTC)).days
    if days < EXPIRY_DAYS:
        yield fault(
            N_("The certificate {path} expires in {days} days. Replace it and restart the daemon."),
            path=config.tls_cert,
            days=days,
        )
    else:
        yield good(N_("The certificate is good for {days} days."), days=days)


def bridge(config: Config) -> Iterator[Finding]:
    """Games that dial in need an address to dial."""
    waiting = [server.name for server in config.servers if server.adapter == "bridge"]
    if waiting and not config.bridge and not config.bridge_http:
        yield fault(
            N_(
                "Games dial in ({servers}), but nothing listens for them. Add bridge or bridge_http "
                "to [daemon]."
            ),
            servers=", ".join(waiting),
        )


def game(config: Config, server: ServerConfig, timeout: float) -> Iterator[Finding]:
    """One server: the adapter loads, its options are right, its address answers."""
    try:
        adapter = discovery.load("adapters", server.adapter)
        options = config.server_options(server, adapter.Options)
    except GMError as wrong:
        yield Finding(False, f"{server.name}: {wrong.sentence(_)}")
        return
    host, port = getattr(options, "host", None), getattr(options, "port", None)
    if not isinstance(host, str) or not isinstance(port, int):
        yield good(N_("{server}: the options are right."), server=server.name)
        return
    try:
        with socket.create_connection((host, port), timeout):
            yield good(
                N_("{server}: {host}:{port} answers."), server=server.name, host=host, port=port
            )
    except (OSError, OverflowError, UnicodeError) as wrong:
        yield fault(
            N_(
                "{server}: {host}:{port} does not answer ({problem}). Is the game running, is the "
                "address right, does a firewall stand between?"
            ),
            server=server.name,
            host=host,
            port=port,
            problem=getattr(wrong, "strerror", None) or wrong,
        )
