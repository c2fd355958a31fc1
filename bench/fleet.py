"""1,000 servers lose their connections at once and come back."""

from __future__ import annotations

import json
import select
import socket
import time
from typing import Any

from gmkit.wire.frames import Decoder

from . import child
from .bridge_dialect import Game
from .context import Context
from .figures import median
from .product import Product
from .result import Goal, Result


def reconnect(ctx: Context) -> list[Result]:
    """From the first ``connect`` until the last server is welcomed, after all were cut off."""
    servers = ctx.size(1000, 50)
    product = Product(ctx.folder / "reconnect", servers, 1)
    try:
        spec = {"address": product.address, "servers": servers, "rounds": max(3, ctx.rounds) + 1}
        seconds: list[float] = child.ask("bench.fleet", spec)
    finally:
        product.close()
    again = median(seconds[1:])
    note = f"the first time {seconds[0]:.2f} s; again: {', '.join(f'{s:.2f}' for s in seconds[1:])}"
    figure = f"{servers} servers, all welcome"
    return [Result("reconnect", figure, again, Goal(1.0, 0.3, "s"), note=note)]


class _Dialling:
    """One server on its way in."""

    def __init__(self, server: str, address: dict[str, Any]) -> None:
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect_ex(("127.0.0.1", address["port"]))
        self._game = Game(server, address["token"])
        self._decoder = Decoder()
        self._greeted = False

    def writable(self) -> None:
        """The connection stands."""
        if not self._greeted:
            self._greeted = True
            self.sock.sendall(self._game.hello())

    def readable(self) -> bool:
        """Answer what came; true once welcomed."""
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("turned away")
        for message in self._decoder.feed(data):
            if message["type"] == "challenge":
                self.sock.sendall(self._game.proof(message))
            elif message["type"] == "welcome":
                return True
        return False


def all_in(servers: int, address: dict[str, Any]) -> tuple[float, list[socket.socket]]:
    """Seconds until every server is welcomed, and the connections."""
    poll = select.epoll()
    at = time.monotonic()
    dialling: dict[int, _Dialling] = {}
    for i in range(servers):
        one = _Dialling(f"s{i}", address)
        dialling[one.sock.fileno()] = one
        poll.register(one.sock.fileno(), select.EPOLLOUT | select.EPOLLIN | select.EPOLLET)
    socks = [one.sock for one in dialling.values()]
    left = servers
    while left:
        for fd, mask in poll.poll(30):
            one = dialling[fd]
            if mask & select.EPOLLOUT:
                one.writable()
            if mask & (select.EPOLLIN | select.EPOLLHUP) and one.readable():
                left -= 1
    return time.monotonic() - at, socks


def main() -> None:
    """Connect everybody, cut everybody off, and again."""
    spec = child.task()
    seconds = []
    for _ in range(spec["rounds"]):
        took, socks = all_in(spec["servers"], spec["address"])
        seconds.append(took)
        for sock in socks:
            sock.close()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
