"""The console's link: asyncio streams, made again and again."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from gmkit.console.backoff import Backoff
from gmkit.console.blocking import LinkClosed
from gmkit.console.client import GateClient
from gmkit.console.core import GateCore, TurnedAway
from gmkit.console.endpoint import Endpoint, NotRunning
from gmkit.errors import GMError
from tests.gate.world import OWN_UID, End, World


class Transport:
    """A writer into the world's gate, and the reader of what comes back."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.reader = asyncio.StreamReader()
        self.end = End(world, OWN_UID, "")
        self.end.core.connected = lambda: None  # type: ignore[method-assign]
        self.end.connect()
        self.transport = self

    def write(self, data: bytes) -> None:
        assert self.end.session is not None
        self.end.session.dataReceived(data)
        self.pump()

    def pump(self) -> None:
        self.world.clock.advance(0)
        if data := self.end.wire.take():
            self.reader.feed_data(data)

    def abort(self) -> None:
        self.end.disconnect()

    def cut(self) -> None:
        self.end.disconnect()
        self.reader.feed_eof()


class Console:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, **core: Any) -> None:
        self.world = World()
        self.heard: list[dict[str, Any]] = []
        self.down: list[GMError] = []
        self.links: list[Transport] = []
        self.refuse = 0
        self.client = GateClient(
            GateCore(self.world.clock.seconds, stream="run", **core),
            Endpoint(path="/gate.sock"),
            on_message=self.heard.append,
            on_down=self.down.append,
            jitter=random.Random(1),
        )
        monkeypatch.setattr(self.client, "_open", self.open)
        monkeypatch.setattr(Backoff, "again", lambda self: 0)

    async def open(self) -> tuple[asyncio.StreamReader, Transport]:
        if self.refuse:
            self.refuse -= 1
            raise NotRunning(endpoint="unix:/gate.sock", reason="")
        self.links.append(Transport(self.world))
        return self.links[-1].reader, self.links[-1]

    @property
    def texts(self) -> list[str]:
        return [m["event"]["text"] for m in self.heard if m["type"] == "event"]


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_events_go_on_behind_the_last_and_commands_are_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        console = Console(monkeypatch)
        link = asyncio.create_task(console.client.run())
        await turns()
        console.world.ask("s1", "p1", "one")
        console.links[0].pump()
        await turns()
        console.refuse = 3
        console.links[0].cut()
        console.world.ask("s1", "p2", "two")
        answer = asyncio.create_task(console.client.do("ticket list"))
        await turns(60)
        console.world.ask("s1", "p3", "three")
        console.links[1].pump()
        await turns()
        assert console.texts == ["one", "two", "three"]
        assert (await answer)["data"] == {"line": "ticket list"}
        assert [type(why) for why in console.down] == [LinkClosed, *[NotRunning] * 3]
        assert len(console.links) == 2
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)

    asyncio.run(story())


def test_what_is_of_no_use_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(refuse: int, **core: Any) -> None:
        console = Console(monkeypatch, **core)
        console.refuse = refuse
        await asyncio.wait_for(console.client.run(), 10)

    with pytest.raises(NotRunning):
        asyncio.run(story(1))
    with pytest.raises(TurnedAway, match="no GM account zed"):
        asyncio.run(story(0, user="zed"))


def test_whoever_does_not_wait_for_an_answer_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        console = Console(monkeypatch)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(console.client.ask("players", part="x"), 0.01)
        assert not console.client.core._pending

    asyncio.run(story())
