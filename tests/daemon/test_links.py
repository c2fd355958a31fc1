"""Links are supervised each on its own."""

from __future__ import annotations

import pytest

from gmkit.desk import requests as r
from gmkit.model import Player, Source

from .conftest import ANN, Game, Inside


def states(inside: Inside, server: str) -> list[str]:
    return [e.kind for e in inside.events if e.server == server and e.kind.startswith("server_")]


def test_each_change_is_told_once(inside: Inside) -> None:
    game = inside.game()
    game.answers = "unreachable"
    game.ended.callback(None)
    inside.pass_time(600)
    assert game.runs > 3
    assert states(inside, "s1") == ["server_up", "server_down"]
    game.answers = "at once"
    inside.pass_time(61)
    assert states(inside, "s1") == ["server_up", "server_down", "server_up"]
    assert states(inside, "s2") == ["server_up"]


def test_waits_grow_with_each_failure(inside: Inside) -> None:
    game = inside.game()
    game.answers = "unreachable"
    game.ended.callback(None)
    inside.pass_time(60)
    first = game.runs
    inside.pass_time(60)
    assert first >= 6 and game.runs - first <= 4


def test_a_fault_in_the_adapter_is_a_reason(inside: Inside, logged_failures: list[object]) -> None:
    inside.game().ended.errback(ZeroDivisionError("oops"))
    inside.pass_time()
    assert inside.links["s1"].state == "down"
    assert "oops" in inside.links["s1"].reason
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_stop_leaves_nothing_behind(inside: Inside) -> None:
    for link in inside.links.values():
        link.stop()
    inside.pass_time(100)
    assert inside.clock.getDelayedCalls() == []
    assert states(inside, "s1") == ["server_up"]


def test_a_lost_connection_empties_the_roster(inside: Inside) -> None:
    inside.links["s1"].joined(ANN)
    inside.game().ended.callback(None)
    inside.pass_time()
    assert not inside.rosters.online("s1")


def test_lines_are_settled_only_when_durable(inside: Inside) -> None:
    settled: list[Source] = []
    inside.game().settled = settled.append  # type: ignore[method-assign,assignment]
    link = inside.links["s1"]
    link.said(ANN, "!help one", Source("run", 1))
    link.said(ANN, "just chat", Source("run", 2))
    assert settled == [] and link.settled_up_to("run") == 0
    inside.pass_time()
    assert settled == [Source("run", 2)] and link.settled_up_to("run") == 2


def test_the_roster_is_bounded(inside: Inside) -> None:
    for n in range(20_050):
        inside.links["s1"].joined(Player(str(n), "x"))
    assert len(inside.rosters.online("s1")) == 20_000


def test_an_adapter_that_fails_at_once_is_run_again(inside: Inside) -> None:
    link = inside.link("s3", None)
    game = link.adapter
    assert isinstance(game, Game)
    game.answers = "unreachable"
    link.start()
    inside.pass_time(30)
    assert game.runs > 3
    assert states(inside, "s3") == ["server_down"]


def test_whoever_is_renamed_must_fit_in_the_roster_too(inside: Inside) -> None:
    for n in range(20_050):
        inside.links["s1"].renamed(Player(str(n), "x"))
    assert len(inside.rosters.online("s1")) == 20_000


def test_a_rename_of_a_player_is_taken_in_a_full_roster(inside: Inside) -> None:
    inside.links["s1"].roster([Player(str(n), "x") for n in range(20_000)])
    inside.links["s1"].renamed(Player("7", "y"))
    known = inside.rosters.get("s1", "7")
    assert known is not None and known.name == "y"


def test_facts_of_those_who_left_are_forgotten(inside: Inside) -> None:
    link = inside.links["s1"]
    for n in range(50):
        link.roster([Player(str(n), "x")])
        link.data(str(n), {"level": n})
    assert list(link.facts) == ["49"]


def test_a_link_that_is_let_go_keeps_nobody_waiting(inside: Inside) -> None:
    """A changed server gets another link: what waits must go out over that one, at once."""
    inside.say("!help me")
    inside.game().answers = "later"
    inside.submit(r.Reply("amy", 1, "the first answer"))
    assert len(inside.game().pending) == 1
    inside.links["s1"].stop()
    inside.links["s1"] = inside.link("s1", None)
    inside.links["s1"].start()
    inside.links["s1"].joined(ANN)
    inside.pass_time(1)
    assert inside.game().texts() == ["[GM amy] the first answer"]


def test_nothing_is_told_of_a_link_that_is_let_go(inside: Inside) -> None:
    link = inside.links["s1"]
    link.stop()
    link.down("The game said good-bye.")
    inside.pass_time()
    assert states(inside, "s1") == ["server_up"]


def test_a_game_that_cannot_take_a_notice_keeps_nobody_else_from_theirs(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, logged_failures: list[object]
) -> None:
    def notify(*_: object) -> None:
        raise ZeroDivisionError("a fault in an adapter")

    monkeypatch.setattr(inside.game("s1"), "notify", notify)
    inside.links["s1"].said(ANN, "!help me")
    inside.links["s2"].said(ANN, "!help me too")
    inside.pass_time()
    assert len(inside.game("s2").told) == 1
    assert len(logged_failures) == 1
    logged_failures.clear()
