"""Every capability of the simulated game does what it says."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gmkit.adapter import CAPABILITIES, Gone, Player
from gmkit.adapters.sim import Sim
from gmkit.testing import FakeLink, Fleet

STRANGER = Player("nobody", "Nobody")
QUIET: dict[str, Any] = {"asks_per_minute": 0.0, "chat_per_minute": 0.0, "renames_per_hour": 0.0}


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.advance(1_000_000)
    return clock


@pytest.fixture
def fleet(clock: Clock) -> Fleet:
    fleet = Fleet(clock, 1, **QUIET, away=0.0)
    fleet.start()
    return fleet


@pytest.fixture
def sim(fleet: Fleet) -> Sim:
    return fleet.sims[0]


@pytest.fixture
def link(fleet: Fleet) -> FakeLink:
    return fleet.links[0]


@pytest.fixture
def somebody(link: FakeLink) -> Player:
    return next(iter(link.online.values()))


def result(coroutine: Any) -> Any:
    return SynchronousTestCase().successResultOf(Deferred.fromCoroutine(coroutine))


def failure(coroutine: Any, kind: type[Exception]) -> None:
    SynchronousTestCase().failureResultOf(Deferred.fromCoroutine(coroutine), kind)


def test_it_has_every_capability(sim: Sim) -> None:
    assert sim.can() == frozenset(CAPABILITIES)


def test_a_profile_is_complete_and_stays_the_same(sim: Sim, somebody: Player) -> None:
    facts = result(sim.lookup(somebody))
    assert facts["account"] == somebody.account
    assert facts["vip"] == somebody.vip
    assert facts["online"] is True
    assert 1 <= facts["level"] <= 120
    assert set(facts) >= {"money", "health", "guild", "position"}
    assert result(sim.lookup(somebody)) == facts


def test_purchases_and_logins_are_in_the_past_newest_first(
    sim: Sim, link: FakeLink, clock: Clock
) -> None:
    rows = [row for p in link.online.values() for row in result(sim.purchases(p))]
    assert rows and all(set(row) == {"at", "order", "item", "amount"} for row in rows)
    for player in link.online.values():
        times = [row["at"] for row in result(sim.logins(player))]
        assert times == sorted(times, reverse=True)
        assert times[0] < "1970-01-12T13:46:40Z"
    first = [result(sim.purchases(p)) for p in link.online.values()]
    clock.advance(3600)
    assert [result(sim.purchases(p)) for p in link.online.values()] == first


def test_what_is_given_is_in_the_inventory(sim: Sim, somebody: Player) -> None:
    before = {row["item"]: row["count"] for row in result(sim.inventory(somebody))}
    item = next(iter(before))
    result(sim.give(somebody, item, 5))
    result(sim.give(somebody, "apology cake", 1))
    after = {row["item"]: row["count"] for row in result(sim.inventory(somebody))}
    assert after == {**before, item: before[item] + 5, "apology cake": 1}


def test_teleport_moves(sim: Sim, somebody: Player) -> None:
    result(sim.teleport(somebody, "harbour"))
    assert result(sim.lookup(somebody))["position"]["map"] == "harbour"


def test_a_kicked_player_leaves_and_comes_back(
    sim: Sim, link: FakeLink, somebody: Player, clock: Clock
) -> None:
    result(sim.kick(somebody, "spam"))
    assert somebody.id not in link.online
    assert somebody not in result(sim.who())
    clock.advance(25)
    assert somebody.id in link.online


def test_a_banned_player_stays_away_until_the_ban_ends(
    sim: Sim, link: FakeLink, somebody: Player, clock: Clock
) -> None:
    result(sim.ban(somebody, 300.0, "bot"))
    clock.pump([50] * 5)
    assert somebody.id not in link.online
    assert result(sim.lookup(somebody))["banned"] is True
    clock.pump([50] * 5)
    assert somebody.id in link.online


def test_a_ban_for_ever_ends_with_unban(
    sim: Sim, link: FakeLink, somebody: Player, clock: Clock
) -> None:
    result(sim.ban(somebody, 0.0, "bot"))
    clock.pump([100] * 100)
    assert somebody.id not in link.online
    result(sim.unban(somebody))
    clock.advance(0)
    assert somebody.id in link.online


def test_a_muted_player_says_nothing(clock: Clock) -> None:
    fleet = Fleet(clock, 1, players=1, away=0.0, chat_per_minute=60.0, renames_per_hour=0.0)
    fleet.start()
    sim, link = fleet.sims[0], fleet.links[0]
    (somebody,) = link.online.values()
    result(sim.mute(somebody, 60.0, "shouting"))
    clock.pump([1] * 59)
    assert link.lines == []
    assert result(sim.lookup(somebody))["muted"] is True
    clock.pump([1] * 30)
    assert link.lines
    said = len(link.lines)
    result(sim.mute(somebody, 0.0, "again"))
    clock.pump([1] * 100)
    assert len(link.lines) == said
    result(sim.unmute(somebody))
    clock.pump([1] * 30)
    assert len(link.lines) > said


def test_mail_reaches_players_who_are_away(sim: Sim, somebody: Player) -> None:
    result(sim.ban(somebody, 0.0, ""))
    result(sim.mail(somebody, "Sorry", "Have a cake."))
    assert list(sim.game.mails) == [(somebody.id, "Sorry", "Have a cake.")]


def test_strangers_are_gone(sim: Sim) -> None:
    failure(sim.tell(STRANGER, "hello", "m1"), Gone)
    failure(sim.lookup(STRANGER), Gone)
    failure(sim.inventory(STRANGER), Gone)
    failure(sim.purchases(STRANGER), Gone)
    failure(sim.logins(STRANGER), Gone)
    failure(sim.kick(STRANGER, ""), Gone)
    failure(sim.mute(STRANGER, 1.0, ""), Gone)
    failure(sim.unmute(STRANGER), Gone)
    failure(sim.ban(STRANGER, 1.0, ""), Gone)
    failure(sim.unban(STRANGER), Gone)
    failure(sim.teleport(STRANGER, "x"), Gone)
    failure(sim.give(STRANGER, "x", 1), Gone)
    failure(sim.mail(STRANGER, "x", "y"), Gone)
