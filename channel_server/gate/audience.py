"""Who sees which events: terminals whose accounts cover the same servers share their frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gmkit.model import Event
from gmkit.permissions import Permissions
from gmkit.wire.frames import frame

MOST_SERVERS_REMEMBERED = 10_000
FRAME_BYTES = 1 << 18
"""Events are put into one frame up to about this many bytes."""


class _Covering(NamedTuple):
    servers: tuple[str, ...]
    role: str = ""
    disabled: bool = False


class Follower(Protocol):
    """A terminal's stream: gmkit.channel_server.gate.stream.GateStream."""

    def publish(self, data: bytes, seq: int) -> None: ...


class Audience:
    """Everybody who sees the servers that some patterns name."""

    def __init__(self, patterns: Sequence[str], permissions: Permissions) -> None:
        self.everything = "*" in patterns
        self._covering = _Covering(tuple(patterns))
        self._permissions = permissions
        self._known: dict[str, bool] = {}
        self.live: dict[Follower, None] = {}
        """Terminals of this audience that have been sent everything there is."""

    def covers(self, server: str | None) -> bool:
        """Whether what happens on the server may be seen; None: on no server in particular."""
        if self.everything or server is None:
            return True
        known = self._known.get(server)
        if known is None:
            if len(self._known) >= MOST_SERVERS_REMEMBERED:
                self._known.clear()
            known = self._permissions.covers(self._covering, server)
            self._known[server] = known
        return known

    def bytes(self, events: Sequence[Event], packed: Sequence[bytes]) -> bytes:
        """Frames of those events that may be seen; ``packed`` are the same, ready for the wire."""
        if not self.everything:
            shows = self.shows
            packed = [p for e, p in zip(events, packed, strict=True) if shows(e)]
        return framed(packed)

    def shows(self, event: Event) -> bool:
        """Whether the event may be seen; an announcement where any of its servers is covered."""
        if event.kind == "announced":
            return any(map(self.covers, event.data.get("servers", ())))
        return self.covers(event.server)


def framed(packed: Sequence[bytes]) -> bytes:
    """As many frames as it takes, one after the other; nothing for nothing."""
    if not packed:
        return b""
    if sum(map(len, packed)) <= FRAME_BYTES:
        return frame(packed)
    frames: list[bytes] = []
    part: list[bytes] = []
    size = 0
    for message in packed:
        if part and size + len(message) > FRAME_BYTES:
            frames.append(frame(part))
            part, size = [], 0
        part.append(message)
        size += len(message)
    frames.append(frame(part))
    return b"".join(frames)
