"""Frames: a 4-byte big-endian length, then a msgpack array of messages, each a map.

Shared by the bridge and the gate. A frame carries whatever its sender had to say in one turn, so
that many small messages cost one write and one decode.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgpack

from gmkit.errors import GMError

MAX_FRAME = 1 << 20
"""The longest frame body accepted from anyone, in bytes."""

Message = Mapping[str, Any]

_LENGTH = struct.Struct(">I")


class FrameTooLong(GMError):
    """A frame of {size} bytes was announced; the most is {most}."""


class BadFrame(GMError):
    """A frame could not be read: {problem}"""


def pack(message: Message) -> bytes:
    """One message as msgpack, to be put into any number of frames.

    Lone surrogates, which UTF-8 cannot carry, become visible as backslash escapes.
    """
    try:
        packed: bytes = msgpack.packb(message)
    except UnicodeEncodeError:
        packed = msgpack.packb(message, unicode_errors="backslashreplace")
    return packed


def packer() -> Callable[[Message], bytes]:
    """A ``pack`` of one's own, at a third of the cost; for one thread only.

    It raises UnicodeEncodeError where ``pack`` would escape.
    """
    own: Callable[[Message], bytes] = msgpack.Packer().pack
    return own


def frame(packed: Sequence[bytes]) -> bytes:
    """One frame of messages that are packed already."""
    count = len(packed)
    if count < 16:
        head = bytes((0x90 | count,))
    elif count < 1 << 16:
        head = b"\xdc" + count.to_bytes(2, "big")
    else:
        head = b"\xdd" + count.to_bytes(4, "big")
    body = head + b"".join(packed)
    return _LENGTH.pack(len(body)) + body


def frames(packed: Sequence[bytes]) -> bytes:
    """All these messages, in as few frames as MAX_FRAME allows. None alone may be longer."""
    if sum(map(len, packed)) <= MAX_FRAME - 8:
        return frame(packed)
    whole, start, size = [], 0, 0
    for place, one in enumerate(packed):
        if size and size + len(one) > MAX_FRAME - 8:
            whole.append(frame(packed[start:place]))
            start, size = place, 0
        size += len(one)
    whole.append(frame(packed[start:]))
    return b"".join(whole)


def encode(*messages: Message) -> bytes:
    """One frame of these messages."""
    return frame([pack(m) for m in messages])


class Decoder:
    """Bytes in, messages out. One for each direction of a connection.

    Never holds more than one frame of at most ``most`` bytes besides what it was just fed.
    """

    def __init__(self, most: int = MAX_FRAME) -> None:
        self.most = most
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that are complete now, in order.

        Raises FrameTooLong or BadFrame; the connection is of no use afterwards.
        """
        buffer = self._buffer
        if not buffer and len(data) - 4 == int.from_bytes(data[:4], "big") <= self.most:
            return _body(memoryview(data)[4:])  # one whole frame, as most often
        buffer += data
        messages: list[dict[str, Any]] = []
        start = 0
        while len(buffer) - start >= 4:
            (size,) = _LENGTH.unpack_from(buffer, start)
            if size > self.most:
                raise FrameTooLong(size=size, most=self.most)
            if len(buffer) - start - 4 < size:
                break
            messages += _body(buffer[start + 4 : start + 4 + size])
            start += 4 + size
        del buffer[:start]
        return messages


def _body(body: bytes | bytearray | memoryview) -> list[dict[str, Any]]:
    try:
        # Broken UTF-8 stays visible as \xNN: nothing that was sent is lost.
        messages = msgpack.unpackb(body, unicode_errors="backslashreplace")
    except (ValueError, TypeError, OverflowError, msgpack.UnpackException) as fault:
        raise BadFrame(problem=f"{type(fault).__name__} in msgpack.") from None
    if type(messages) is not list or any(type(m) is not dict for m in messages):
        raise BadFrame(problem="the body must be an array of maps.")
    return messages
