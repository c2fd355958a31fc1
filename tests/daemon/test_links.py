"""Links are supervised each on its own."""

from __future__ import annotations

from gmkit.model import Player, Source

from .conftest import ANN, Inside


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
