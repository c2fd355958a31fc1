"""Values of the daemon as msgpack, whatever they are: nothing that is shown can fail to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgpack

from gmkit.model import Event
from gmkit.shapes import event_json, iso

MOST_DEPTH = 50


def plain(message: Mapping[str, Any]) -> bytes:
    """One message as msgpack, all keys as text: sets as lists, what else is no JSON as text."""
    return _pack(_mended(message))


class EventPacker:
    """Packs events for terminals."""

    def __init__(self) -> None:
        # The strict packer is twice as fast as one that mends; what it refuses is rare.
        self._pack = msgpack.Packer().pack
        self._at, self._written = -1.0, ""

    def packed(self, event: Event) -> bytes:
        """An ``event`` message."""
        if event.at != self._at:
            self._at, self._written = event.at, iso(event.at)
        message = event_json(event, self._written)
        message["type"] = "event"
        try:
            packed: bytes = self._pack(message)
        except (ValueError, TypeError, OverflowError):
            packed = plain(message)
        return packed


def _pack(message: Mapping[str, Any]) -> bytes:
    packed: bytes = msgpack.packb(message, default=_other, unicode_errors="backslashreplace")
    return packed


def _other(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


def _mended(value: Any, depth: int = 0) -> Any:
    """The value in what msgpack and any reader can hold."""
    if value is None or isinstance(value, str | bool | float):
        return value
    if depth > MOST_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {str(k): _mended(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(v, depth + 1) for v in value]
    if isinstance(value, set | frozenset):
        return [_mended(v, depth + 1) for v in sorted(value, key=str)]
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return str(value)
    return value
