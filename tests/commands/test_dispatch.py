"""The dispatcher: permissions, once for each source, in time, and faults told well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import LogEvent

from gmkit.adapter import Gone, Unable
from gmkit.channel_server.dispatch.call import NoAnswer, NotConnected
from gmkit.channel_server.dispatch.caller import Caller
from gmkit.channel_server.dispatch.catalogue import Catalogue, load_commands
from gmkit.channel_server.dispatch.dispatcher import CommandFailed, TookTooLong
from gmkit.command import (
    Ambiguous,
    Answer,
    Argument,
    Call,
    Command,
    NotAllowed,
    Target,
    Unknown,
    command,
    requests,
)
from gmkit.desk import Desk
from gmkit.model import Source

from .world import ABAO, ONLINE, TWIN, World, failed, now, pending

SOURCE = Source("terminal-1", 7)


def world_with(run: Callable[..., Any], *arguments: Argument, needs: str | None = None) -> World:
    """A world whose only command is ``try``, of permission player.pm."""
    made = Catalogue()
    made.add(
        command("try", about="", permission="player.pm", arguments=arguments, needs=needs)(run),
        "here",
    )
    return World(made)


# --- once for each source -----------------------------------------------------------------------


def test_the_same_source_is_not_run_twice(world: World) -> None:
    assert world.run("amy", "ticket note 1 seen", SOURCE).data["events"]
    again = world.run("amy", "ticket note 1 seen", SOURCE)
    assert again.data is None and again.sentence == "That was done already."
    assert len(world.submitted) == 1


def test_nothing_is_said_to_be_done_before_it_is_on_disk(world: World) -> None:
    world.turn.decide(requests.Note("amy", 1, "seen", SOURCE))
    again = world.start("amy", "ticket note 1 seen", SOURCE)
    pending(again)
    world.clock.pump([0, 0, 0])
    assert now(again).sentence == "That was done already."


def test_the_same_source_joins_the_command_that_still_runs(world: World) -> None:
    first = world.start("amy", "ticket note 1 seen", SOURCE)
    second = world.start("amy", "ticket note 1 seen", SOURCE)
    pending(first)
    pending(second)
    world.clock.advance(0)
    assert now(first) == now(second)
    assert len(world.submitted) == 1


def test_a_terminal_that_gave_up_does_not_end_what_another_waits_for(world: World) -> None:
    first = world.start("amy", "ticket note 1 seen", SOURCE)
    second = world.start("amy", "ticket note 1 seen", SOURCE)
    first.cancel()
    failed(first, CancelledError)
    world.clock.advance(0)
    assert now(second).data["events"]


def test_a_joined_refusal_is_told_to_both(world: World) -> None:
    first = world.start("amy", "ticket claim 99", SOURCE)
    second = world.start("amy", "ticket claim 99", SOURCE)
    for one in (first, second):
        failed(one, Exception)


def test_the_source_of_one_gm_says_nothing_of_another(world: World) -> None:
    world.run("amy", "ticket note 1 seen", SOURCE)
    assert world.run("Wei", "ticket note 1 seen", SOURCE).data["events"]


def test_a_refused_command_may_be_tried_again(world: World) -> None:
    failed(world.start("amy", "ticket complete 1", SOURCE), Exception)
    assert world.run("amy", "ticket complete 1 there you are", SOURCE).data["events"]


def test_a_reading_command_is_simply_run_again(world: World) -> None:
    assert world.run("amy", "ticket list", SOURCE) == world.run("amy", "ticket list", SOURCE)


def test_only_the_first_of_several_requests_carries_the_source() -> None:
    async def twice(call: Call) -> Answer:
        for text in ("one", "two"):
            await call.do(requests.Note(call.gm, 1, text))
        return Answer()

    world = world_with(twice)
    world.run("amy", "try", SOURCE)
    one = requests.Note("amy", 1, "one", SOURCE)
    assert world.submitted == [one, requests.Note("amy", 1, "two")]


# --- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("gm", ["bo", "uma", "nil", "off"])
def test_a_ticket_of_a_server_not_covered_is_refused_and_told(world: World, gm: str) -> None:
    fault = world.refusal(gm, "ticket reply 1 hi")
    assert isinstance(fault, NotAllowed)
    assert [(who, what) for who, what, _ in world.refused] == [(gm, "ticket reply")]
    assert not world.submitted


def test_a_tag_covers_its_servers(world: World) -> None:
    assert world.run("uma", "ticket view 3").data["ticket"]["server"] == "s2"
    assert world.run("uma", "ticket view 4").data["ticket"]["server"] == "s3"


def test_forcing_needs_its_own_permission(world: World) -> None:
    fault = world.refusal("amy", "ticket claim! 3")
    assert isinstance(fault, NotAllowed) and fault.facts["permission"] == "ticket.force"
    assert world.refused == [("amy", "ticket claim", "s2")]
    assert world.run("lea", "ticket claim! 3").data["ticket"]["claimed_by"] == "lea"


def test_answering_over_a_hold_is_everybodys(world: World) -> None:
    assert "held by Wei" in str(world.refusal("amy", "ticket reply 3 hi"))
    assert world.run("amy", "ticket reply! 3 hi").data["ticket"]["claimed_by"] == "Wei"


def test_a_changed_account_counts_at_once(world: World) -> None:
    world.request(requests.ChangeGM(None, "amy", servers=("s2",)))
    assert isinstance(world.refusal("amy", "ticket claim 1"), NotAllowed)
    world.request(requests.ChangeGM(None, "amy", disabled=True))
    assert isinstance(world.refusal("amy", "help"), NotAllowed)


def test_whoever_has_no_account_may_nothing(world: World) -> None:
    operator = Caller("operator", "en")
    failed(world.dispatcher.run(operator, "ticket list", None), NotAllowed)
    assert world.dispatcher.describe(operator) == []


def test_describe_offers_what_the_gm_may_run(world: World) -> None:
    def names(gm: str) -> set[str]:
        return {row["name"] for row in world.dispatcher.describe(world.caller(gm))}

    assert names("off") == set()
    assert "ticket reply" in names("amy") and "announce" not in names("amy")
    assert "announce" in names("lea") and "gm add" not in names("lea")
    assert names("root") == {c.name for c in load_commands()}


def test_a_command_acts_in_the_name_of_its_caller_only() -> None:
    async def sly(call: Call) -> Answer:
        await call.do(requests.Note("root", 1, "hi"))
        return Answer()

    world = world_with(sly)
    world.run("amy", "try")
    assert world.submitted == [requests.Note("amy", 1, "hi")]


def test_a_ticket_goes_to_nobody_who_may_not_answer_it(world: World) -> None:
    assert "bo may not answer tickets of s1" in str(world.refusal("lea", "ticket assign 1 bo"))
    assert "no GM account xi" in str(world.refusal("lea", "ticket assign 1 xi"))
    assert "disabled" in str(world.refusal("lea", "ticket assign 1 off"))


# --- players and servers ------------------------------------------------------------------------


async def where(call: Call, player: Target) -> Answer:
    server, found = await call.player(player)
    return Answer([server, found.id])


PLAYER = Argument("player", "player", "")


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("阿宝", ["s1", "p1"]),
        ("ada", ["s1", "p2"]),
        ("@p3", ["s2", "p3"]),
        ("s2:Bob", ["s2", "p3"]),
        ('"gone girl"', ["s3", "p5"]),
        ("s3:@p5", ["s3", "p5"]),
    ],
)
def test_targets(target: str, found: list[str]) -> None:
    assert world_with(where, PLAYER).run("amy", f"try {target}").data == found


@pytest.mark.parametrize("target", ["ad", "nobody", "s2:ada", "@p9", "s9:ada", '"; drop"'])
def test_a_target_that_is_nobody_picks_nobody(target: str) -> None:
    assert isinstance(world_with(where, PLAYER).refusal("amy", f"try {target}"), Unknown)


def test_a_similar_name_is_suggested() -> None:
    assert "Similar names: Ada" in str(world_with(where, PLAYER).refusal("amy", "try adda"))


def test_an_ambiguous_target_lists_the_candidates_and_does_nothing(world: World) -> None:
    world.online["s1"] = (*ONLINE["s1"], TWIN)
    fault = world.refusal("amy", "pm bob hello")
    assert isinstance(fault, Ambiguous)
    assert "s1:bob (@p4), s2:Bob (@p3)" in str(fault)
    assert not world.submitted
    assert world.run("amy", "pm @p3 hello").data["server"] == "s2"
    assert world.run("amy", "pm s1:bob hello").data["player_id"] == "p4"


def test_many_candidates_are_cut_short() -> None:
    world = world_with(where, PLAYER)
    world.online["s1"] = [ABAO._replace(id=f"x{n}") for n in range(30)]
    assert str(world.refusal("amy", "try 阿宝")).count("@x") == 10


def test_players_of_servers_not_covered_do_not_exist() -> None:
    assert isinstance(world_with(where, PLAYER).refusal("bo", "try 阿宝"), Unknown)
    assert isinstance(world_with(where, PLAYER).refusal("bo", 'try "gone girl"'), Unknown)
    assert isinstance(world_with(where, PLAYER).refusal("bo", "try @p5"), Unknown)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*", ["s1", "s2", "s3"]),
        ("s1", ["s1"]),
        ("s*", ["s1", "s2", "s3"]),
        ("tag:us", ["s2", "s3"]),
        ("s3,tag:eu", ["s1", "s3"]),
    ],
)
def test_server_patterns(world: World, pattern: str, names: list[str]) -> None:
    assert [row["name"] for row in world.run("amy", f"servers {pattern}").data] == names


def test_an_unknown_server_suggests_the_nearest(world: World) -> None:
    assert "Did you mean s1" in str(world.refusal("amy", "servers s11"))
    assert "There is no server tag:asia" in str(world.refusal("amy", "servers tag:asia,s1"))
    assert isinstance(world.refusal("bo", "servers s1"), Unknown)
    assert world.run("nil", "servers").data == []


# --- acting on players --------------------------------------------------------------------------


async def kick(call: Call, player: Target) -> Answer:
    server, found = await call.player(player)
    await call.act(server, "kick", found, "spam")
    return Answer()


def test_acting_uses_the_server() -> None:
    world = world_with(kick, PLAYER, needs="kick")
    world.run("amy", "try 阿宝")
    assert world.acted == [("s1", "kick", ABAO, "spam")]


def test_what_a_server_cannot_is_refused_and_not_offered() -> None:
    world = world_with(kick, PLAYER, needs="kick")
    assert isinstance(world.refusal("amy", "try bob"), Unable)
    assert [row["name"] for row in world.dispatcher.describe(world.caller("amy"))] == ["try"]
    assert world.dispatcher.describe(world.caller("bo")) == []


def test_a_server_that_is_down_refuses_with_its_reason() -> None:
    world = world_with(kick, PLAYER, needs="kick")
    fault = world.refusal("amy", 'try "Gone Girl"')
    assert isinstance(fault, NotConnected) and "connection refused" in str(fault)


def test_a_server_that_does_not_answer_is_given_up() -> None:
    world = world_with(kick, PLAYER)
    world.dispatcher.act = lambda *arguments: Deferred()
    answer = world.start("amy", "try 阿宝")
    world.clock.advance(9.9)
    pending(answer)
    world.clock.advance(0.2)
    failed(answer, NoAnswer)


def test_the_games_own_refusal_is_told() -> None:
    async def gone(call: Call, player: Target) -> Answer:
        raise Gone

    assert isinstance(world_with(gone, PLAYER).refusal("amy", "try ada"), Gone)


# --- faults -------------------------------------------------------------------------------------


def test_a_command_that_takes_too_long_is_given_up() -> None:
    async def sleep(call: Call) -> Answer:
        await Deferred()
        return Answer()

    world = world_with(sleep)
    answers = [world.start("amy", "try", SOURCE) for _ in range(2)]
    world.clock.advance(30)
    for answer in answers:
        failed(answer, TookTooLong)
    assert not world.clock.getDelayedCalls()


def test_a_fault_in_a_command_is_logged_and_told_as_a_sentence(
    logged_failures: list[LogEvent],
) -> None:
    async def broken(call: Call) -> Answer:
        raise ZeroDivisionError("secret details")

    fault = world_with(broken).refusal("amy", "try")
    assert isinstance(fault, CommandFailed) and "secret" not in str(fault)
    assert logged_failures
    logged_failures.clear()


def test_commands_come_and_go_with_their_owner(world: World) -> None:
    async def hello(call: Call) -> Answer:
        return Answer("hello")

    greet: Command = command("greet", about="", permission="player.pm")(hello)
    world.dispatcher.add(greet, "plugin")
    assert world.run("amy", "greet").data == "hello"
    world.dispatcher.remove("plugin")
    assert isinstance(world.refusal("amy", "greet"), Unknown)


# --- each of the checks on its own --------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        requests.Note("bo", 1, "x"),
        requests.Tell("bo", "s1", ABAO, "x"),
        requests.Announce("bo", ("s2", "s1"), "x"),
        requests.Act("bo", "s1", ABAO, "kick", "", "done"),
    ],
)
def test_whatever_a_command_asks_of_the_desk_is_checked_for_its_server(
    request_: requests.Request,
) -> None:
    async def act(call: Call) -> Answer:
        await call.do(request_)
        return Answer()

    world = world_with(act)
    fault = world.refusal("bo", "try")
    assert isinstance(fault, NotAllowed) and fault.facts["server"] == "s1"
    assert not world.submitted
    assert world.refused == [("bo", "try", "s1")]


def test_a_command_that_only_reads_a_ticket_is_checked_for_its_server() -> None:
    async def read(call: Call, ticket: int) -> Answer:
        return Answer(ticket)

    world = world_with(read, Argument("ticket", "ticket", ""))
    assert isinstance(world.refusal("bo", "try 1"), NotAllowed)
    assert world.run("bo", "try 3").data == 3


def test_a_ticket_that_only_the_archive_knows_is_checked_too(world: World) -> None:
    world.dispatcher.desk = Desk()
    for event in world.events.replay(0):
        if event.ticket is None:
            world.dispatcher.desk.apply(event)
    assert world.run("amy", "ticket view 2").data["ticket"]["server"] == "s1"
    assert isinstance(world.refusal("bo", "ticket view 2"), NotAllowed)
