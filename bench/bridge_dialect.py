"""The generator as games and terminals of gmkit: docs/bridge-protocol.md, docs/gate-protocol.md."""

from __future__ import annotations

import secrets
import socket
from typing import Any

from gmkit.wire import challenge
from gmkit.wire.frames import Decoder, encode, frame, pack

from .dialect import MARK, STAMP, Dialect, text

_ID = 0xFFFFFFFF
_PLAYER = "p0000000"
_PING = encode({"type": "ping"})


class _Reader:
    """Whole messages of a blocking socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._decoder = Decoder(1 << 24)
        self._messages: list[dict[str, Any]] = []

    def next(self) -> dict[str, Any]:
        """The next message."""
        while not self._messages:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the daemon closed the connection")
            self._messages += self._decoder.feed(data)
        return self._messages.pop(0)

    def until(self, kind: str) -> dict[str, Any]:
        """The next message of this type; raises on what ends a connection."""
        while True:
            message = self.next()
            if message["type"] == kind:
                return message
            if message["type"] in ("goodbye", "reject", "error", "bye"):
                raise ConnectionError(str(message))


class Game:
    """One game server's side of the handshake, without I/O."""

    def __init__(self, server: str, token: str) -> None:
        self.server = server
        self._token = token
        self._nonce = challenge.nonce()

    def hello(self) -> bytes:
        """The first frame."""
        return encode(
            {
                "type": "hello",
                "protocol": 1,
                "server": self.server,
                "stream": secrets.token_hex(8),
                "nonce": self._nonce,
                "client": "bench",
            }
        )

    def proof(self, challenged: dict[str, Any]) -> bytes:
        """The second frame, once challenged."""
        proof = challenge.proof(
            self._token, challenge.GAME, self.server, self._nonce, challenged["nonce"]
        )
        return encode({"type": "proof", "proof": proof})


def join_game(sock: socket.socket, server: str, token: str) -> None:
    """Dial in as a game server; returns once welcomed."""
    game, reader = Game(server, token), _Reader(sock)
    sock.sendall(game.hello())
    sock.sendall(game.proof(reader.until("challenge")))
    reader.until("welcome")


def join_gate(path: str, gm: str) -> socket.socket:
    """Connect a terminal; it is on duty and sees every event from now on."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(60)
    sock.connect(path)
    reader = _Reader(sock)
    hello = {"type": "hello", "version": 1, "name": gm, "client": "bench", "duty": True}
    sock.sendall(encode(hello))
    seq = reader.until("welcome")["seq"]
    sock.sendall(encode({"type": "subscribe", "since": seq}, {"type": "ping", "n": 1}))
    reader.until("pong")
    return sock


class GmkitDialect(Dialect):
    """Players' help lines as frames of ``said``, patched into one encoded message.

    ``more``: ``players`` is how many players each server has; they ask one after the other, so
    the first line of each opens a ticket and all later ones join it. ``fresh`` N makes every N-th
    line open a ticket of a player who has not asked before.
    """

    def connect(self, senders: int, receivers: int) -> None:
        """All terminals, then all games."""
        gms = self.address["gms"]
        for i in range(receivers):
            self.receivers.append(join_gate(self.address["gate"], gms[i % len(gms)]))
        for i in range(senders):
            sock = self.dial()
            join_game(sock, f"s{i}", self.address["token"])
            self.senders.append(sock)
        self.prepare(senders)

    def prepare(self, senders: int) -> None:
        """Begin to count."""
        self._numbers = [0] * senders
        self._asked = [0] * senders
        self._players = int(self.more.get("players", 0))
        self._fresh = int(self.more.get("fresh", 4))
        self._cut = _template()

    def lines(self, sender: int, count: int, when: bytes) -> bytes:
        """One frame of ``count`` numbered messages."""
        head, player, name, body, tail = self._cut
        packed = []
        first = self._numbers[sender] + 1
        for n in range(first, first + count):
            who = b"p%07d" % self._who(sender, n)
            packed.append(
                head + n.to_bytes(4, "big") + player + who + name + who + body + when + tail
            )
        self._numbers[sender] += count
        return frame(packed)

    def beat(self, sender: bool) -> bytes:
        """A ping, the same for both protocols."""
        return _PING

    def _who(self, sender: int, n: int) -> int:
        if self._players:
            return n % self._players
        if n % self._fresh == 1 or self._fresh == 1:
            self._asked[sender] += 1
            return self._asked[sender]
        return (n * 7919) % max(1, self._asked[sender])


def _template() -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """One ``said`` cut where the number, the player, the name and the stamp stand."""
    said = {
        "type": "said",
        "id": _ID,
        "player": _PLAYER,
        "name": _PLAYER,
        "text": "!help " + text(b"0" * STAMP).decode(),
    }
    whole = pack(said)
    head, _, rest = whole.partition(_ID.to_bytes(4, "big"))
    player, name, rest = rest.split(_PLAYER.encode())
    at = rest.index(MARK) + len(MARK)
    return head, player, name, rest[:at], rest[at + STAMP :]
