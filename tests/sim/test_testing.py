"""The fakes that are shipped to plugin authors."""

from __future__ import annotations

import tomllib
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gmkit.adapter import Adapter, LinkLost, NoOptions, Player, Source
from gmkit.testing import FakeChannel, FakeLink
from gmkit.testing.fleet import tables, toml

CASE = SynchronousTestCase()
LIN = Player("1", "林")


class Bridged(Adapter):
    """A game that dials in, as small as can be."""

    title = "Test"

    async def run(self) -> None:
        channel = await self.link.accept("secret")
        self.link.up(channel.hello["server"])
        self.channel = channel
        while True:
            for message in await channel.receive():
                self.link.said(LIN, message["text"], Source("s", message["n"]))

    async def tell(self, player: Player, text: str, delivery: str) -> None:
        self.channel.send({"text": text})

    async def announce(self, text: str) -> None:
        self.channel.close("enough")

    async def who(self) -> list[Player]:
        return []

    def settled(self, source: Source) -> None:
        self.channel.send({"settled": source.n})


def test_a_link_records_what_it_is_told() -> None:
    link = FakeLink("north")
    link.up("version 3")
    link.joined(LIN)
    link.said(LIN, "hello")
    link.renamed(LIN._replace(name="Lin"))
    link.data("1", {"level": 3})
    link.data("1", {"gold": 5})
    link.degraded("slow")
    assert (link.state, link.reason) == ("degraded", "slow")
    assert link.online["1"].name == "Lin"
    assert link.facts["1"] == {"level": 3, "gold": 5}
    assert link.texts() == ["hello"]
    assert [call[0] for call in link.calls] == [
        "up",
        "joined",
        "said",
        "renamed",
        "data",
        "data",
        "degraded",
    ]
    link.left("1")
    assert not link.online
    link.roster([LIN])
    assert list(link.online) == ["1"]


def test_a_game_that_dials_in_can_be_played() -> None:
    link = FakeLink("north")
    adapter = Bridged(NoOptions(), link, None)
    run = Deferred.fromCoroutine(adapter.run())
    channel = FakeChannel(server="north")
    link.dial_in("secret", channel)
    assert (link.state, link.reason) == ("up", "north")
    channel.put({"n": 1, "text": "one"}, {"n": 2, "text": "two"})
    channel.put({"n": 3, "text": "three"})
    assert link.texts() == ["one", "two", "three"]
    link.settle(adapter)
    link.settle(adapter)
    assert link.settled_up_to("s") == 3
    assert channel.sent == [{"settled": 1}, {"settled": 2}, {"settled": 3}]
    channel.put({"n": 4, "text": "last"})
    channel.lose()
    CASE.failureResultOf(run, LinkLost)
    assert link.texts()[-1] == "last"


def test_the_adapter_may_end_the_connection() -> None:
    link = FakeLink()
    adapter = Bridged(NoOptions(), link, None)
    run = Deferred.fromCoroutine(adapter.run())
    channel = FakeChannel(server="x")
    link.dial_in("secret", channel)
    CASE.successResultOf(Deferred.fromCoroutine(adapter.announce("bye")))
    assert channel.closed == "enough"
    CASE.failureResultOf(run, LinkLost)


def test_a_fleet_is_a_valid_configuration() -> None:
    settings: dict[str, dict[str, Any]] = {
        "daemon": {"name": 'say "剑"\n', "gate": ["tls:7600"]},
        "plugins.stale": {},
    }
    servers = tables(3, players=7, hop=0.5, deaf=True, ledger="/tmp/x")
    read = tomllib.loads(toml(settings, servers))
    assert read["daemon"] == settings["daemon"]
    assert read["plugins"] == {"stale": {}}
    assert read["server"] == servers
    assert [server["name"] for server in servers] == ["sim-01", "sim-02", "sim-03"]
