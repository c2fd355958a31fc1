"""GM accounts as commands: who may, what is refused, what the log keeps."""

from __future__ import annotations

import pytest

from gmkit.passwords import hash_password

from .world import World

HASH = "scrypt$15$8$1$c2FsdA==$aGFzaA=="


def said(world: World, gm: str, line: str) -> str:
    answer = world.run(gm, line)
    return answer.sentence.format(**answer.facts)


def test_an_account_is_made_and_changed(world: World) -> None:
    assert said(world, "root", "gm add Lin gm") == "Lin is a GM account with the role gm."
    account = world.desk.account("Lin")
    assert account is not None
    assert (account.role, account.servers) == ("gm", ("*",))
    assert world.run("root", "gm role Lin lead eu-*, tag:us").data == {
        "name": "Lin",
        "role": "lead",
        "servers": ["eu-*", "tag:us"],
        "disabled": False,
    }
    world.run("root", "gm role Lin gm")
    account = world.desk.account("Lin")
    assert account is not None
    assert account.servers == ("eu-*", "tag:us"), "without servers it keeps those it has"


def test_disabled_and_enabled(world: World) -> None:
    assert said(world, "root", "gm disable Wei") == "Wei is disabled."
    ticket = world.desk.ticket(3)
    assert ticket is not None
    assert ticket.claimed_by is None, "what the GM held is in the queue again"
    assert said(world, "root", "gm enable Wei") == "Wei is enabled."


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("gm add Wei gm", "There is a GM account Wei already."),
        ("gm add Lin boss", "There is no role boss; there are: admin, gm, lead."),
        ("gm add -x gm", "'-x' is no name for an account"),
        ("gm role None gm", "There is no GM account None."),
        ("gm role root gm", "You cannot take your own rights away"),
        ("gm disable root", "You cannot take your own rights away"),
        ("gm passwd Wei secret123", "That is no password hash."),
    ],
)
def test_what_is_refused_changes_nothing(world: World, line: str, sentence: str) -> None:
    before = world.desk.dump()
    assert sentence in str(world.refusal("root", line))
    assert world.desk.dump() == before


@pytest.mark.parametrize("line", ["gm add Lin gm", "gm role Wei gm", "gm disable Wei"])
@pytest.mark.parametrize("gm", ["amy", "lea"])
def test_only_admins_manage(world: World, gm: str, line: str) -> None:
    assert world.refusal(gm, line).code == "not-allowed"


def test_everybody_sets_their_own_password(world: World) -> None:
    assert said(world, "amy", f"gm passwd amy {HASH}") == "amy has a new password."
    assert world.refusal("amy", f"gm passwd Wei {HASH}").code == "not-allowed"
    assert said(world, "root", f"gm passwd Wei {HASH}") == "Wei has a new password."


def test_what_the_command_line_sends_is_taken(world: World) -> None:
    hashed = hash_password("correct horse")
    world.run("amy", f"gm passwd amy {hashed}")
    assert world.desk.password_of("amy") == hashed
