"""OpenTTD's admin port as bytes: frames, the packets gmkit reads, the packets it sends. No I/O.

A frame is ``u16le length`` (of the whole frame), ``u8 type`` and the body; numbers are little
endian, strings end with a NUL and are UTF-8. Source: OpenTTD's ``docs/admin_network.md`` and
``src/network/core/tcp_admin.h``, protocol version 2 (OpenTTD 13); later versions extend it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from gmkit.adapter import GMError

SERVER_CLIENT = 1
"""The client id of the server itself."""
EVERY = 0xFFFFFFFF
"""The id that polls everything there is."""
MAX_COMPANIES = 15
"""Companies are numbered from 0 below this; 254 is one about to be founded, 255 spectators."""


class BadPacket(GMError):
    """The peer does not speak OpenTTD's admin protocol: {problem}"""


class Update(IntEnum):
    """What can be polled or subscribed to."""

    CLIENTS = 1
    COMPANIES = 2
    ECONOMY = 3
    STATS = 4
    CHAT = 5


class Action(IntEnum):
    """The kinds of chat packets that carry what a player typed."""

    CHAT = 3
    CHAT_COMPANY = 4
    CHAT_CLIENT = 5


class Dest(IntEnum):
    """To whom a chat packet goes."""

    ALL = 0
    COMPANY = 1
    CLIENT = 2


# --- from the server ----------------------------------------------------------------------------


class Full(NamedTuple):
    """The server takes no further admin connection."""


class Banned(NamedTuple):
    """The server has banned the address this connection comes from."""


class Error(NamedTuple):
    """The server ends the connection; ``code`` is a NetworkErrorCode."""

    code: int


class Welcome(NamedTuple):
    """The login is accepted; sent again when another map begins."""

    name: str
    version: str


class NewGame(NamedTuple):
    """The server is about to leave its map for another one."""


class Shutdown(NamedTuple):
    """The server is going down."""


class ClientJoin(NamedTuple):
    """A client has entered the game; its :class:`ClientInfo` came before."""

    client: int


class ClientInfo(NamedTuple):
    """One client; ``company`` counts from 0, 255 for spectators."""

    client: int
    address: str
    name: str
    company: int


class ClientUpdate(NamedTuple):
    """A client has another name or company."""

    client: int
    name: str
    company: int


class ClientGone(NamedTuple):
    """A client quit, lost its connection or was kicked; may come twice."""

    client: int


class CompanyInfo(NamedTuple):
    """A company's fixed data."""

    company: int
    name: str
    manager: str
    founded: int


class Economy(NamedTuple):
    """A company's books, in the game's base currency; ``value`` and ``performance`` (0 to 1000)
    are those of the last full quarter."""

    company: int
    money: int
    loan: int
    income: int
    value: int
    performance: int


class Stats(NamedTuple):
    """How many of each a company has: trains, lorries, buses, planes, ships."""

    company: int
    vehicles: tuple[int, ...]
    stations: tuple[int, ...]


class Chat(NamedTuple):
    """Something happened in chat; what a player typed is an :class:`Action`."""

    action: int
    dest: int
    client: int
    text: str


class Rcon(NamedTuple):
    """One line of what a console command answered."""

    text: str


class Pong(NamedTuple):
    """The answer to a ping: everything sent before it has been dealt with."""

    token: int


Packet = (
    Full
    | Banned
    | Error
    | Welcome
    | NewGame
    | Shutdown
    | ClientJoin
    | ClientInfo
    | ClientUpdate
    | ClientGone
    | CompanyInfo
    | Economy
    | Stats
    | Chat
    | Rcon
    | Pong
)


class Body:
    """Reads one packet's body from left to right. Raises BadPacket where it ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _number(self, size: int, signed: bool = False) -> int:
        end = self._at + size
        if end > len(self._data):
            raise BadPacket(problem="a packet ends inside a number.")
        value = int.from_bytes(self._data[self._at : end], "little", signed=signed)
        self._at = end
        return value

    def u8(self) -> int:
        return self._number(1)

    def u16(self) -> int:
        return self._number(2)

    def u32(self) -> int:
        return self._number(4)

    def i64(self) -> int:
        return self._number(8, signed=True)

    def string(self) -> str:
        """Broken UTF-8 stays visible as ``\\xNN``."""
        end = self._data.find(0, self._at)
        if end < 0:
            raise BadPacket(problem="a packet ends inside a text.")
        text = self._data[self._at : end].decode("utf-8", "backslashreplace")
        self._at = end + 1
        return text


def _client_info(b: Body) -> ClientInfo:
    client, address, name = b.u32(), b.string(), b.string()
    b.u8(), b.u32()  # language and date of joining
    return ClientInfo(client, address, name, b.u8())


def _company_info(b: Body) -> CompanyInfo:
    company, name, manager = b.u8(), b.string(), b.string()
    b.u8(), b.u8()  # colour and whether it has a password
    return CompanyInfo(company, name, manager, b.u32())


def _economy(b: Body) -> Economy:
    company, money, loan, income = b.u8(), b.i64(), b.i64(), b.i64()
    b.u16()  # cargo delivered this quarter
    return Economy(company, money, loan, income, b.i64(), b.u16())


def _stats(b: Body) -> Stats:
    company = b.u8()
    vehicles = tuple(b.u16() for _ in range(5))
    return Stats(company, vehicles, tuple(b.u16() for _ in range(5)))


def _rcon(b: Body) -> Rcon:
    b.u16()  # the line's colour
    return Rcon(b.string())


_READ: dict[int, Callable[[Body], Packet]] = {
    100: lambda b: Full(),
    101: lambda b: Banned(),
    102: lambda b: Error(b.u8()),
    104: lambda b: Welcome(b.string(), b.string()),
    105: lambda b: NewGame(),
    106: lambda b: Shutdown(),
    108: lambda b: ClientJoin(b.u32()),
    109: _client_info,
    110: lambda b: ClientUpdate(b.u32(), b.string(), b.u8()),
    111: lambda b: ClientGone(b.u32()),
    112: lambda b: ClientGone(b.u32()),
    114: _company_info,
    117: _economy,
    118: _stats,
    119: lambda b: Chat(b.u8(), b.u8(), b.u32(), b.string()),
    120: _rcon,
    126: lambda b: Pong(b.u32()),
}
"""How each packet is read. Types not listed are of no use here and passed over."""


class Decoder:
    """Bytes in, packets out; one for each connection. Holds at most one frame, of 64 KiB."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are complete now, in order.

        Raises BadPacket; the connection is of no use afterwards.
        """
        self._buffer += data
        packets: list[Packet] = []
        at = 0
        while len(self._buffer) - at >= 3:
            size, kind = struct.unpack_from("<HB", self._buffer, at)
            if size < 3:
                raise BadPacket(problem=f"a frame of {size} bytes was announced.")
            if kind < 100:
                raise BadPacket(problem=f"packet type {kind} is none of a server's.")
            if len(self._buffer) - at < size:
                break
            if kind in _READ:
                packets.append(_READ[kind](Body(bytes(self._buffer[at + 3 : at + size]))))
            at += size
        del self._buffer[:at]
        return packets


# --- to the server ------------------------------------------------------------------------------


def frame(kind: int, *parts: bytes) -> bytes:
    """One packet."""
    body = b"".join(parts)
    return struct.pack("<HB", len(body) + 3, kind) + body


def string(text: str) -> bytes:
    """A string as the game reads it; a NUL inside would end it early and is left out."""
    return text.replace("\0", "").encode("utf-8", "replace") + b"\0"


def join(password: str, name: str, version: str) -> bytes:
    """Log in. ``name`` and ``version`` say who we are, for the server's own log."""
    return frame(0, string(password), string(name), string(version))


def subscribe(update: Update) -> bytes:
    """Be told of every change."""
    return frame(2, struct.pack("<HH", update, 0x40))


def poll(update: Update, which: int = EVERY) -> bytes:
    """Ask once."""
    return frame(3, struct.pack("<BI", update, which))


def chat(action: Action, dest: Dest, to: int, text: str) -> bytes:
    """Say ``text`` as the server."""
    return frame(4, struct.pack("<BBI", action, dest, to), string(text))


def rcon(command: str) -> bytes:
    """Run a command on the server's console; see :func:`quoted`."""
    return frame(5, string(command))


def ping(token: int) -> bytes:
    """Ask for a :class:`Pong`."""
    return frame(7, struct.pack("<I", token))


def quoted(text: str, most: int = 200) -> str:
    """``text`` as one argument of a console command, cut to ``most`` bytes.

    The console knows one escape, ``\\"`` for a quotation mark, and nothing else inside quotation
    marks; a backslash before the closing one would eat it. Control characters become spaces.
    """
    clean = "".join(c if c.isprintable() else " " for c in text)
    cut = clean.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
    escaped = cut.replace('"', '\\"')
    return f'"{escaped} "' if escaped.endswith("\\") else f'"{escaped}"'
