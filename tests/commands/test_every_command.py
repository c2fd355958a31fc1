"""What holds for every command: examples run, permissions bind, declarations are whole."""

from __future__ import annotations

import inspect
import json
from functools import partial
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.python.failure import Failure

from gmkit.channel_server.dispatch.catalogue import load_commands
from gmkit.channel_server.dispatch.commandline import parse_line
from gmkit.channel_server.dispatch.dispatcher import CommandFailed
from gmkit.command import Answer, Command, GMError, NotAllowed
from gmkit.desk.requests import AddGM, Claim

from .world import STAFF, World, failed

COMMANDS = list(load_commands())
WORLD = World()
EXAMPLES = [(one.name, line) for one in COMMANDS for line in one.examples]
# Who may run what, by permission; * stands for all three roles.
ROLES = {
    "player.find": "*",
    "player.pm": "*",
    "player.who": "*",
    "server.announce": "lead admin",
    "server.list": "*",
    "staff.duty": "*",
    "staff.help": "*",
    "staff.list": "*",
    "staff.manage": "admin",
    "staff.password": "*",
    "ticket.assign": "*",
    "ticket.claim": "*",
    "ticket.close": "*",
    "ticket.complete": "*",
    "ticket.history": "*",
    "ticket.list": "*",
    "ticket.note": "*",
    "ticket.reopen": "*",
    "ticket.reply": "*",
    "ticket.search": "*",
    "ticket.unassign": "*",
    "ticket.view": "*",
}
WITHOUT_EXAMPLE = {"gm passwd"}
"""``gmkit gm passwd`` sends it; nobody types a hash."""


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_examples_parse_and_run(world: World, name: str, line: str) -> None:
    if name == "gm add":
        line = line.replace("Wei", "Wang")
    else:
        world.request(AddGM(None, "Lin", "gm"))
    if name == "ticket unassign" and "!" not in line:
        world.request(Claim("root", 1))
    if name == "ticket unassign" and "!" in line:
        world.request(Claim("amy", 1))
    assert parse_line(line, world.dispatcher.commands)[0].name == name
    answer = world.run("root", line)
    assert answer.sentence.format(**answer.facts) is not None
    assert json.loads(json.dumps(answer.data)) == msgpack.unpackb(msgpack.packb(answer.data))


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.name)
def test_the_permission_matrix(one: Command) -> None:
    for gm in ("amy", "lea", "root", "off", "nil"):
        check(World(), one, gm)


def check(world: World, one: Command, gm: str) -> None:
    role = STAFF[gm][0]
    roles = ROLES[one.permission].replace("*", "gm lead admin").split()
    may = role in roles and gm != "off"
    example = one.examples[0] if one.examples else f"{one.name} {gm} x"
    outcome = world.start(gm, example)
    for _ in range(5):
        world.clock.advance(0)
    refused: list[BaseException] = []
    outcome.addErrback(partial(_keep, refused))
    denied = any(isinstance(fault, NotAllowed) for fault in refused)
    if gm == "nil" and any(a.kind == "ticket" for a in one.arguments):
        assert denied
    else:
        assert denied is not may
    assert bool(world.refused) is denied
    assert not any(isinstance(fault, CommandFailed) for fault in refused)
    if denied:
        assert not world.submitted


def _keep(refused: list[BaseException], failure: Failure) -> None:
    refused.append(failure.value or AssertionError())


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.name)
def test_declarations_are_whole(one: Command) -> None:
    area, _, verb = one.permission.partition(".")
    assert area in ("ticket", "player", "server", "staff") and verb
    assert one.about.endswith(".") and all(argument.about for argument in one.arguments)
    assert one.examples or one.name in WITHOUT_EXAMPLE
    assert 1 <= len(one.name.split()) <= 2 and one.name == one.name.lower()
    assert inspect.getdoc(one.run)
    assert json.dumps(one.described()) and msgpack.packb(one.described())


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.name)
def test_declared_arguments_are_those_of_the_function(one: Command) -> None:
    parameters = list(inspect.signature(one.run).parameters.values())[1:]
    required = {p.name for p in parameters if p.default is p.empty}
    assert {p.name for p in parameters} == {argument.name for argument in one.arguments}
    assert required == {argument.name for argument in one.arguments if argument.required}


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.name)
def test_without_arguments_a_command_answers_or_says_its_usage(world: World, one: Command) -> None:
    outcome = world.start("root", one.name)
    if any(argument.required for argument in one.arguments):
        assert one.usage() in str(failed(outcome, GMError).value)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([name for one in COMMANDS for name in (one.name, *one.aliases)]),
    st.text(max_size=30),
)
def test_any_line_is_answered_or_refused_with_a_sentence(name: str, rest: str) -> None:
    outcome = WORLD.start("root", f"{name} {rest}")
    for _ in range(5):
        WORLD.clock.advance(0)
    results: list[Any] = []
    outcome.addBoth(results.append)
    (result,) = results
    if isinstance(result, Failure):
        assert isinstance(result.value, GMError) and not isinstance(result.value, CommandFailed)
        assert result.value.sentence()
    else:
        assert isinstance(result, Answer)
        assert result.sentence.format(**result.facts) is not None
        assert json.dumps(result.data)
