"""Where a daemon listens: ``tls:7600``, ``tcp:127.0.0.1:7601``, ``tls:[::1]:7600``."""

from __future__ import annotations

import re
from typing import NamedTuple

from gmkit.errors import GMError

_SHAPE = re.compile(r"(tls|tcp):(?:(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:\[\]]+)):)?(\d{1,5})")


class BadListen(GMError):
    """{text} is no address to listen on; write tls:PORT, tcp:PORT, tls:HOST:PORT or
    tcp:HOST:PORT with a port from 1 to 65535."""


class Listen(NamedTuple):
    """One address. ``host`` is empty for every interface, IPv4 and IPv6."""

    kind: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}:{host}:{self.port}" if host else f"{self.kind}:{self.port}"


def listen(text: str) -> Listen:
    """Read one address. Without a host, ``tls`` means every interface and ``tcp``, which is not
    encrypted, means 127.0.0.1 only. Raises BadListen."""
    match = _SHAPE.fullmatch(text.strip())
    if match is None or not 1 <= int(match[4]) <= 65535:
        raise BadListen(text=repr(text))
    kind = match[1]
    return Listen(
        kind, match[2] or match[3] or ("" if kind == "tls" else "127.0.0.1"), int(match[4])
    )
