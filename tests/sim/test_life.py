"""The simulated players' lives: the same for the same seed, and rich enough to test against."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gmkit.adapter import BadOption, Player, Refused, Source
from gmkit.adapters.sim import Sim
from gmkit.adapters.sim.lines import NOISE, shipped
from gmkit.options import parse
from gmkit.testing import Fleet

BUSY: dict[str, Any] = {"asks_per_minute": 12.0, "chat_per_minute": 20.0, "stay": 30.0}


def lived(seconds: int, servers: int = 3, **options: Any) -> Fleet:
    clock = Clock()
    fleet = Fleet(clock, servers, **{**BUSY, **options})
    fleet.start()
    clock.pump([0.5] * (2 * seconds))
    return fleet


def told(sim: Sim, player: Player, text: str, delivery: str) -> Any:
    done = Deferred.fromCoroutine(sim.tell(player, text, delivery))
    return SynchronousTestCase().successResultOf(done)


def test_the_same_seed_gives_the_same_story() -> None:
    one, two = lived(300), lived(300)
    assert [link.calls for link in one.links] == [link.calls for link in two.links]
    assert lived(300, seed=2).links[0].calls != one.links[0].calls


def test_players_ask_in_the_words_of_the_corpus() -> None:
    (link,) = lived(600, servers=1).links
    asks = [text for text in link.texts() if text.startswith(("!help ", "/help ", "求助 ", "@GM "))]
    assert len(asks) > 40
    assert {text.split()[0] for text in asks} == {"!help", "/help", "求助", "@GM"}
    languages = {line.player.locale for line in link.lines}
    assert languages == {"zh_CN", "en"}


def test_players_come_and_go_and_the_roster_is_always_right() -> None:
    fleet = lived(300)
    for sim, link in zip(fleet.sims, fleet.links, strict=True):
        kinds = {call[0] for call in link.calls}
        assert kinds >= {"up", "roster", "joined", "left", "said", "data"}
        assert list(link.online.values()) == sim.game.players()


def test_a_hop_keeps_the_account_and_changes_the_character() -> None:
    fleet = lived(600)
    met: dict[str, set[str]] = {}
    for link in fleet.links:
        for call in link.calls:
            if call[0] == "joined" and call[1].account is not None:
                met.setdefault(call[1].account, set()).add(call[1].id)
    travellers = {account: ids for account, ids in met.items() if len(ids) > 1}
    assert travellers
    assert all(len({id.split("-")[0] for id in ids}) == len(ids) for ids in travellers.values())


def test_nobody_is_in_two_places() -> None:
    clock = Clock()
    fleet = Fleet(clock, 4, **{**BUSY, "hop": 0.5})
    fleet.start()
    for _ in range(200):
        clock.advance(1.0)
        accounts = [p.account for link in fleet.links for p in link.online.values() if p.account]
        assert len(accounts) == len(set(accounts))


def test_players_without_an_account_stay_at_home() -> None:
    for number, link in enumerate(lived(600).links):
        for call in link.calls:
            if call[0] == "joined" and call[1].account is None:
                home = int(call[1].id.split("-")[1]) // 25
                assert home == number


def test_players_rename() -> None:
    (link,) = lived(300, servers=1, renames_per_hour=120.0).links
    renames = [call[1] for call in link.calls if call[0] == "renamed"]
    assert renames
    last = {player.id: player for player in renames}
    assert all(link.online.get(id, player) == player for id, player in last.items())


def test_quiet_players_are_home_online_and_silent() -> None:
    clock = Clock()
    fleet = Fleet(clock, 3, **BUSY, quiet_after=60.0)
    fleet.start()
    clock.pump([0.5] * 121)
    said = [len(link.lines) for link in fleet.links]
    assert all(said)
    clock.pump([0.5] * 240)
    assert [len(link.lines) for link in fleet.links] == said
    for number, link in enumerate(fleet.links):
        homes = [int(id.split("-")[1]) // 25 for id in link.online]
        assert homes == [number] * 25 or sorted(homes) == [number] * 25


def test_an_answered_player_rates_when_asked() -> None:
    clock = Clock()
    fleet = Fleet(clock, 1, **{**BUSY, "chat_per_minute": 0.0, "stay": 3600.0})
    fleet.start()
    (sim,), (link,) = fleet.sims, fleet.links
    clock.pump([0.5] * 60)
    for n, line in enumerate(list(link.lines)):
        if line.player.id in link.online:
            told(sim, line.player, "请打分：1（差）到 5（很好）。", f"{n}.2")
    clock.pump([0.5] * 30)
    rated = [text for text in link.texts() if text in ("3", "4", "5")]
    assert rated


def test_an_answered_player_may_say_more() -> None:
    clock = Clock()
    fleet = Fleet(clock, 1, **{**BUSY, "chat_per_minute": 0.0, "stay": 3600.0})
    fleet.start()
    (sim,), (link,) = fleet.sims, fleet.links
    for n in range(40):
        clock.pump([0.5] * 10)
        line = link.lines[-1]
        if line.player.id in link.online:
            told(sim, line.player, "We are on it.", f"{n}.2")
    by_player: dict[str, int] = {}
    for line in link.lines:
        by_player[line.player.id] = by_player.get(line.player.id, 0) + 1
    assert max(by_player.values()) > 1
    assert "!status" in link.texts()


def test_lines_not_settled_are_said_again_after_the_link_was_lost() -> None:
    clock = Clock()
    fleet = Fleet(clock, 1, **BUSY)
    fleet.start()
    (sim,), (link,) = fleet.sims, fleet.links
    clock.pump([0.5] * 60)
    link.settle(sim)
    clock.pump([0.5] * 60)
    before = list(link.lines)
    settled = link.settled_up_to("sim-sim-01-0")
    late = [line for line in before if line.source is not None and line.source.n > settled]
    assert late
    sim.drop()
    SynchronousTestCase().failureResultOf(fleet.runs[0])
    clock.pump([0.5] * 60)
    assert link.lines == before
    fleet.start()
    assert link.lines[len(before) :] == late
    numbers = [line.source.n for line in before if line.source is not None]
    assert numbers == list(range(1, len(before) + 1))


def test_a_stream_goes_on_where_the_log_stands() -> None:
    clock = Clock()
    fleet = Fleet(clock, 1, **BUSY)
    fleet.links[0].streams["sim-sim-01-0"] = 41
    fleet.start()
    clock.pump([0.5] * 60)
    assert fleet.links[0].lines[0].source == Source("sim-sim-01-0", 42)


def test_stopping_ends_the_run_and_leaves_nothing_to_do() -> None:
    clock = Clock()
    fleet = Fleet(clock, 3, **BUSY)
    fleet.start()
    clock.pump([0.5] * 20)
    fleet.stop()
    assert clock.getDelayedCalls() == []


def test_the_link_drops_as_often_as_the_option_says() -> None:
    clock = Clock()
    fleet = Fleet(clock, 1, drop_every=5.0)
    fleet.start()
    clock.advance(4.9)
    SynchronousTestCase().assertNoResult(fleet.runs[0])
    clock.advance(0.2)
    fault = SynchronousTestCase().failureResultOf(fleet.runs[0])
    assert "cut" in str(fault.value)


def test_a_deaf_server_is_up_says_nothing_and_never_shows() -> None:
    clock = Clock()
    fleet = Fleet(clock, 1, **BUSY, deaf=True)
    fleet.start()
    (sim,), (link,) = fleet.sims, fleet.links
    clock.pump([0.5] * 100)
    assert link.state == "up"
    assert link.lines == []
    player = next(iter(link.online.values()))
    telling = Deferred.fromCoroutine(sim.tell(player, "hello", "m1"))
    sim.notify(player, "hello", "n1")
    clock.pump([0.5] * 100)
    SynchronousTestCase().assertNoResult(telling)
    assert not sim.ledger.totals
    sim.deafen(False)
    clock.pump([0.5] * 100)
    assert link.lines
    said = len(link.lines)
    sim.deafen()
    clock.pump([0.5] * 100)
    assert len(link.lines) == said


def test_slow_and_refusing_servers() -> None:
    clock = Clock()
    fleet = Fleet(clock, 1, away=0.0, slow_tell=2.0)
    fleet.start()
    (sim,) = fleet.sims
    player = sim.game.players()[0]
    telling = Deferred.fromCoroutine(sim.tell(player, "hello", "m1"))
    SynchronousTestCase().assertNoResult(telling)
    clock.advance(2.0)
    SynchronousTestCase().successResultOf(telling)
    sim.faults.slow_tell, sim.faults.refuse = 0.0, 1.0
    SynchronousTestCase().failureResultOf(
        Deferred.fromCoroutine(sim.tell(player, "hello", "m2")), Refused
    )


@pytest.mark.parametrize(
    "given",
    [
        {"servers": 0},
        {"number": 3, "servers": 3},
        {"stay": 0.0},
        {"players": -1},
        {"ledger": "/nowhere"},
    ],
)
def test_impossible_options_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match="must be|no folder"):
        parse(Sim.Options, given)


def test_the_whole_corpus_is_shipped() -> None:
    corpus = shipped()
    assert sum(map(len, corpus._by.values())) == 420
    assert all(len(causes) == 20 for causes in corpus._causes.values())
    assert all((chinese, cause) in corpus._by for chinese in (True, False) for cause in NOISE)
