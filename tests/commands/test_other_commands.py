"""Players, servers, announcements, staff and help."""

from __future__ import annotations

import pytest

from gmkit.command import NotAllowed, Player, Unknown
from gmkit.desk.requests import Announce, Ask

from .world import World


def said(world: World, gm: str, line: str) -> str:
    answer = world.run(gm, line)
    return answer.sentence.format(**answer.facts)


def test_find_sees_who_is_online_and_who_ever_asked(world: World) -> None:
    rows = world.run("amy", "find O").data
    assert [(r["player"], r["online"]) for r in rows] == [("Bob", True), ("Gone Girl", False)]
    assert [r["player_id"] for r in world.run("amy", "find 宝").data] == ["p1"]
    assert [r["player_id"] for r in world.run("amy", "find acc1").data] == ["p1"]
    assert world.run("bo", "find 宝").data == []
    assert said(world, "amy", "find zzz") == "Nobody was found."


def test_who(world: World) -> None:
    assert [r["player"] for r in world.run("amy", "who s1").data] == ["阿宝", "Ada"]
    assert [r["player"] for r in world.run("bo", "who").data] == ["Bob"]
    assert said(world, "amy", "who s3") == "Nobody is online there."


def test_a_crowd_is_cut_short(world: World) -> None:
    world.online["s1"] = [world.online["s1"][0]._replace(id=f"x{n}") for n in range(300)]
    assert len(world.run("amy", "who").data) == 200
    assert "The first 200 of 301" in said(world, "amy", "who")


def test_pm_says_how_it_reaches_the_player(world: World) -> None:
    assert said(world, "amy", "pm 阿宝 hi") == "The line is on its way to 阿宝 on s1."
    assert "s3 is not connected" in said(world, "amy", 'pm "Gone Girl" hi')
    world.states["s3"] = "up"
    assert "next login" in said(world, "amy", "pm @p5 hi")


def test_announce_names_who_hears_it_and_who_does_not(world: World) -> None:
    answer = world.run("lea", "announce * restart soon")
    assert answer.data["servers"] == ["s1", "s2"] and answer.data["down"] == ["s3"]
    assert world.submitted == [Announce("lea", ("s1", "s2"), "restart soon")]
    assert "not kept for them: s3" in said(world, "lea", "announce * again")
    assert said(world, "lea", "announce tag:eu x") == "The line goes to everybody on: s1."
    assert "None of these servers is connected: s3" in str(world.refusal("lea", "announce s3 x"))
    assert isinstance(world.refusal("amy", "announce s1 x"), NotAllowed)


def test_servers(world: World) -> None:
    rows = world.run("amy", "servers").data
    assert [(r["name"], r["state"], r["online"]) for r in rows] == [
        ("s1", "up", 2),
        ("s2", "up", 1),
        ("s3", "down", 0),
    ]


def test_gm_list(world: World) -> None:
    rows = world.run("amy", "gm list").data
    assert rows[0]["name"] == "Wei" and rows[0]["on_duty_since"] and rows[0]["holds"] == 1
    assert {r["name"]: r["disabled"] for r in rows}["off"] is True


def test_duty(world: World) -> None:
    assert said(world, "amy", "duty") == "You are off duty."
    assert said(world, "amy", "duty on") == "You are on duty."
    assert said(world, "amy", "duty on") == "You are on duty."
    assert "still hold 1 ticket" in said(world, "Wei", "duty off")
    assert world.run("amy", "gm list").data[0]["name"] == "amy"


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("help ticket reply", ["ticket reply"]),
        ("help r", ["ticket reply"]),
        ("help /R", ["ticket reply"]),
        ("help duty", ["duty"]),
    ],
)
def test_help_for_one_command(world: World, line: str, names: list[str]) -> None:
    assert [row["name"] for row in world.run("amy", line).data] == names


def test_help_for_a_group_and_for_all(world: World) -> None:
    group = {row["name"] for row in world.run("amy", "help ticket").data}
    assert "ticket reply" in group and "ticket assign" in group and "find" not in group
    everything = {row["name"] for row in world.run("amy", "help").data}
    assert everything == {row["name"] for row in world.dispatcher.describe(world.caller("amy"))}


def test_help_does_not_know_what_the_gm_may_not(world: World) -> None:
    assert isinstance(world.refusal("amy", "help announce"), Unknown)
    assert "Did you mean duty" in str(world.refusal("amy", "help dutty"))


def test_find_looks_through_all_of_ones_own_servers(world: World) -> None:
    """However many players of other servers would fit."""
    crowd = [Player(f"x{n}", f"Gone {n}") for n in range(250)]
    for player in crowd:
        world.request(Ask("s1", player, "me too"))
    found = world.run("uma", "find gone").data
    assert [row["player"] for row in found] == ["Gone Girl"]
    assert world.run("uma", 'pm "gone girl" hello').data["server"] == "s3"
