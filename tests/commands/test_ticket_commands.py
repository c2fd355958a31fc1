"""What the ticket commands do and say."""

from __future__ import annotations

import pytest

from gmkit.command import BadUsage, GMError, Unknown
from gmkit.desk.requests import Ask, Reply

from .world import ABAO, GONE, World


def said(world: World, gm: str, line: str) -> str:
    answer = world.run(gm, line)
    return answer.sentence.format(**answer.facts)


def numbers(world: World, gm: str, line: str) -> list[int]:
    return [row["ticket"] for row in world.run(gm, line).data]


def test_claiming_says_whose_ticket_it_is(world: World) -> None:
    assert said(world, "amy", "ticket claim 1") == "#1 of 阿宝 on s1 is yours."
    assert said(world, "lea", "c! 1") == "#1 of 阿宝 on s1 is yours; it was with amy."
    assert "is held by lea" in str(world.refusal("amy", "c 1"))
    assert "yours already" in str(world.refusal("lea", "c 1"))


def test_actions_return_the_ticket_and_the_events(world: World) -> None:
    data = world.run("amy", "ticket reply 1 你好").data
    assert data["ticket"]["claimed_by"] == "amy" and data["ticket"]["messages"] == 2
    assert len(data["events"]) == 2
    assert data["events"][-1] == world.events.last


def test_a_reply_says_how_it_reaches_the_player(world: World) -> None:
    assert said(world, "amy", "r 1 hi") == "Answer to #1 is on its way to 阿宝 on s1."
    world.online["s1"] = ()
    assert "reads it at the next login" in said(world, "amy", "r 1 hi")
    world.states["s1"] = "down"
    assert "s1 is not connected; 阿宝 reads it once" in said(world, "amy", "r 1 hi")
    del world.states["s1"]
    assert "once it is back" in said(world, "amy", "r 1 hi")


def test_complete_and_close_name_each_other(world: World) -> None:
    refusal = str(world.refusal("amy", "ticket complete 1"))
    assert "got no answer yet" in refusal and "ticket close 1" in refusal
    assert "gets your answer and is asked to rate" in said(world, "amy", "t done 1 here it is")
    assert said(world, "amy", "ticket reopen 1") == "#1 of 阿宝 on s1 is open again, and yours."
    assert "is asked to rate" in said(world, "amy", "ticket complete 1")
    world.run("amy", "ticket reopen 1")
    closed = said(world, "amy", "ticket close 1")
    assert "hears nothing" in closed and "ticket complete" in closed
    world.run("amy", "ticket reopen 1")
    closed = said(world, "amy", "ticket close 1 your sword is back")
    assert "the reason is for GMs" in closed and "ticket complete 1 TEXT" in closed


def test_assigning_tells_whether_anybody_is_there(world: World) -> None:
    assert said(world, "lea", "ticket assign 1 Wei") == "#1 is with Wei now."
    assert "not on duty" in said(world, "lea", "ticket assign! 1 amy")


def test_unassigning_tells_the_place_in_the_queue(world: World) -> None:
    world.run("amy", "ticket claim 4")
    assert said(world, "amy", "ticket unassign 4") == "#4 is back in the queue, at place 2."
    world.run("amy", "r 1 hi")
    assert "once the player writes" in said(world, "amy", "ticket unassign 1")


def test_a_note_is_for_gms(world: World) -> None:
    assert "does not see it" in said(world, "amy", "ticket note 1 rude")
    assert world.events.archive is not None
    conversation = world.run("amy", "v 1").data["conversation"]
    assert [row["kind"] for row in conversation] == ["asked", "noted"]


def test_a_ticket_that_does_not_exist(world: World) -> None:
    assert isinstance(world.refusal("amy", "ticket view 99"), Unknown)
    for line in ("ticket claim 99", "ticket reply 99 x", "ticket reopen 99"):
        assert "no ticket #99" in str(world.refusal("amy", line))


# --- lists --------------------------------------------------------------------------------------


def test_the_list_begins_with_the_most_urgent(world: World) -> None:
    assert numbers(world, "amy", "ticket list") == [1, 4, 3]
    assert [row["place"] for row in world.run("amy", "t").data] == [1, 2, None]
    world.request(Reply("Wei", 4, "hi"))
    assert numbers(world, "amy", "ticket list") == [1, 3, 4]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("mine", []),
        ("gm:Wei", [3]),
        ("free", [1, 4]),
        ("waiting", [1, 4, 3]),
        ("vip", [1]),
        ("server:s1", [1]),
        ("server:tag:us", [4, 3]),
        ("player:p3", [3]),
        ("player:阿宝", [1]),
        ("SWORD", [1]),
        ("vanished sword", [1]),
        ("sword shield", []),
        ("older:1h", []),
        ("state:open limit:1", [1]),
        ("state:completed", [2]),
        ("state:completed gm:Wei", [2]),
        ("state:completed gm:amy", []),
        ("state:completed vip", []),
        ("state:completed free", []),
        ("state:completed 卡住", [2]),
        ("state:closed", []),
        ("state:any server:s1", [2, 1]),
        ("state:any server:tag:us", [3, 4]),
        ("state:any server:s1,s3", [1, 2, 4]),
        ("state:any server:gone*", []),
        ("state:any older:1h", []),
    ],
)
def test_filters(world: World, filters: str, found: list[int]) -> None:
    assert sorted(numbers(world, "amy", f"ticket list {filters}")) == sorted(found)


def test_older_counts_the_waiting(world: World) -> None:
    world.clock.advance(600)
    world.request(Ask("s1", ABAO, "still waiting"))
    assert numbers(world, "amy", "t l older:10m") == [1, 4, 3]
    assert numbers(world, "amy", "t l older:11m") == []
    assert numbers(world, "amy", "t l older:5m state:completed") == [2]


def test_a_list_that_is_cut_short_says_so(world: World) -> None:
    assert said(world, "amy", "t l limit:2") == (
        "The first 2. To see more, add limit:8, or narrow the list."
    )
    assert said(world, "amy", "t l limit:3") == ""
    assert said(world, "amy", "t l mine") == "No ticket fits."


@pytest.mark.parametrize("gm", ["bo", "uma", "nil"])
@pytest.mark.parametrize(
    "line",
    [
        "ticket list",
        "t l state:any",
        "t l state:any server:*,",
        "t l server:*",
        "search limit:50 since:1d",
        "search since:1d server:*,",
        "search since:1d server:*",
    ],
)
def test_lists_show_only_covered_servers(world: World, gm: str, line: str) -> None:
    covered = {"bo": {"s2"}, "uma": {"s2", "s3"}, "nil": set()}[gm]
    assert {row["server"] for row in world.run(gm, line).data} == covered


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("t l state:lost", "There is no state lost"),
        ("t l older:soon", "no duration"),
        ("t l limit:0", "from 1 to 500"),
        ("t l limit:٣", "from 1 to 500"),
        ("t l server:s9", "no server s9"),
        ("search", "FILTERS is missing"),
        ("search since:x", "no duration"),
        ("history 阿宝 0", "from 1 to 500"),
    ],
)
def test_wrong_filters_say_what_is_right(world: World, line: str, says: str) -> None:
    fault = world.refusal("amy", line)
    assert isinstance(fault, GMError) and says in str(fault)
    assert isinstance(fault, BadUsage | Unknown) or "duration" in str(fault)


# --- messages -----------------------------------------------------------------------------------


def test_search_finds_words_of_players_and_gms(world: World) -> None:
    assert [m["ticket"] for m in world.run("amy", "ticket search 卡住").data] == [2]
    assert [m["text"] for m in world.run("amy", "search gm:Wei").data] == ["好了", "在看"]
    assert [m["ticket"] for m in world.run("amy", "search refund server:tag:us").data] == [3]
    assert world.run("amy", "search refund server:tag:eu").data == []
    assert said(world, "amy", "search nothing-like-it") == "Nothing was found."
    assert world.run("bo", "search 卡住").data == []


def test_history_of_a_player_who_is_away(world: World) -> None:
    texts = [m["text"] for m in world.run("amy", 'history "gone girl"').data]
    assert texts == ["cannot log in"]
    world.request(Ask("s3", GONE, "and again"))
    assert [m["text"] for m in world.run("amy", "history @p5 1").data] == ["and again"]
    assert isinstance(world.refusal("bo", "history @p5"), Unknown)


def test_view_shows_old_tickets_too(world: World) -> None:
    data = world.run("amy", "ticket view 2").data
    assert data["ticket"]["state"] == "completed"
    assert data["conversation"][0]["kind"] == "asked"
