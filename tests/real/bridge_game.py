"""A game server for one driver of the SDK: lines of stdin are what players say, events go to stdout.

python bridge_game.py DRIVER ADDRESS SERVER TOKEN [--spool FILE] [--cafile FILE] [--polled]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from gmkit.bridge import Game, Player


class Terminal(Game):
    """Everybody who has spoken is there."""

    client = "bridge_game"

    def __init__(self, asynchronous: bool) -> None:
        self.here: set[str] = set()
        self.asynchronous = asynchronous

    def print(self, event: str, **facts: Any) -> None:
        os.write(1, json.dumps({"event": event, **facts}).encode() + b"\n")

    def connected(self) -> None:
        self.print("connected")

    def disconnected(self, reason: str) -> None:
        self.print("disconnected", sentence=reason)

    def tell(self, delivery: str, player: str, text: str) -> Any:
        if self.asynchronous:
            return self._tell_later(delivery, player, text)
        return self._tell(delivery, player, text)

    def _tell(self, delivery: str, player: str, text: str) -> bool:
        if player not in self.here:
            return False
        self.print("tell", delivery=delivery, player=player, text=text)
        return True

    async def _tell_later(self, delivery: str, player: str, text: str) -> bool:
        return self._tell(delivery, player, text)

    def announce(self, text: str) -> None:
        self.print("announce", text=text)

    def kick(self, player: Player, reason: str) -> None:
        if player.id not in self.here:
            raise ValueError("That player is not here.")
        self.here.discard(player.id)
        self.print("kicked", player=player.id)


def lines(game: Terminal, bridge: Any, call: Callable[..., Any]) -> None:
    """Say what stdin says, until it ends."""

    def say(player: Player, text: str) -> None:
        game.print("took", number=bridge.said(player, text))

    for line in sys.stdin:
        name, _, text = line.rstrip("\n").partition(": ")
        player = Player(name, name)
        if name not in game.here:
            game.here.add(name)
            call(bridge.joined, player)
        call(say, player, text)
    os._exit(0)


def run_threaded(options: argparse.Namespace, module: Any) -> None:
    game = Terminal(False)
    more = {"polled": options.polled, "cafile": options.cafile, "spool": options.spool}
    bridge = module.Bridge(
        game, options.address, server=options.server, token=options.token, **more
    )
    bridge.start()
    reader = threading.Thread(
        target=lines, args=(game, bridge, lambda do, *args: do(*args)), daemon=True
    )
    reader.start()
    while True:
        if options.polled:
            bridge.poll()
        time.sleep(0.01)


async def run_asyncio(options: argparse.Namespace) -> None:
    from gmkit.bridge import aio

    game = Terminal(True)
    bridge = aio.Bridge(
        game,
        options.address,
        server=options.server,
        token=options.token,
        spool=options.spool,
        cafile=options.cafile,
    )
    loop = asyncio.get_running_loop()
    threading.Thread(
        target=lines, args=(game, bridge, loop.call_soon_threadsafe), daemon=True
    ).start()
    await bridge.run()


def run_twisted(options: argparse.Namespace) -> None:
    from twisted.internet import reactor

    from gmkit.bridge import tx

    game = Terminal(True)
    bridge = tx.Bridge(
        game,
        options.address,
        server=options.server,
        token=options.token,
        reactor=reactor,
        spool=options.spool,
        cafile=options.cafile,
    )
    bridge.start()
    looping: Any = reactor
    threading.Thread(target=lines, args=(game, bridge, looping.callFromThread), daemon=True).start()
    looping.run()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("driver", "address", "server", "token"):
        parser.add_argument(name)
    parser.add_argument("--spool")
    parser.add_argument("--cafile")
    parser.add_argument("--polled", action="store_true")
    options = parser.parse_args()
    if options.driver == "asyncio":
        asyncio.run(run_asyncio(options))
    elif options.driver == "twisted":
        run_twisted(options)
    else:
        from gmkit.bridge import http, threaded

        run_threaded(options, {"threaded": threaded, "http": http}[options.driver])


if __name__ == "__main__":
    main()
