"""Ports, and the certificates that they show."""

from __future__ import annotations

from pathlib import Path

import pytest
from OpenSSL import SSL
from twisted.internet.testing import MemoryReactorClock

from gmkit.channel_server.listening import NoCertificate, _certificate, open_port
from gmkit.cli.certificate import self_signed
from gmkit.listen import listen

TLS = listen("tls:127.0.0.1:7600")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    certificate, key = self_signed("game.example")
    authority, _ = self_signed("authority.example")
    paths = tmp_path / "cert.pem", tmp_path / "key.pem"
    paths[0].write_text(f"My chain\n{certificate}\nthe authority:\n{authority}")
    paths[1].write_text(key)
    return paths


def shown(server: SSL.Context) -> list[str]:
    """The names on the certificates that a client is shown."""
    ours, theirs = SSL.Connection(server), SSL.Connection(SSL.Context(SSL.TLS_METHOD))
    ours.set_accept_state()
    theirs.set_connect_state()
    for _ in range(6):
        for here, there in ((theirs, ours), (ours, theirs)):
            try:
                here.do_handshake()
            except SSL.WantReadError:
                pass
            try:
                there.bio_write(here.bio_read(1 << 16))
            except SSL.WantReadError:
                pass
    chain = [one.to_cryptography() for one in theirs.get_peer_cert_chain() or []]
    return [one.subject.rfc4514_string() for one in chain]


def test_the_whole_chain_is_shown(files: tuple[Path, Path]) -> None:
    """Without it, clients that know only the authority would not trust the server."""
    context = _certificate(TLS, *files).getContext()
    assert shown(context) == ["CN=game.example", "CN=authority.example"]


@pytest.mark.parametrize("at_fault", ["cert", "key", "pair", "missing"])
def test_what_cannot_be_used_is_told(files: tuple[Path, Path], at_fault: str) -> None:
    certificate, key = files
    match at_fault:
        case "cert":
            certificate.write_text("nothing of the kind")
        case "key":
            key.write_text("nothing of the kind")
        case "pair":
            key.write_text(self_signed()[1])
        case _:
            key.unlink()
    with pytest.raises(NoCertificate, match="key.pem"):
        open_port(MemoryReactorClock(), TLS, None, certificate, key)
