"""Who a terminal speaks as, and who is kept out."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from zope.interface import provider

from gmkit.channel_server.gate.gate import (
    HELLO_WITHIN,
    MOST_PER_ACCOUNT,
    MOST_STRANGERS_PER_ADDRESS,
)
from gmkit.channel_server.gate.lockout import FREE_TRIES, LONGEST_WAIT
from gmkit.channel_server.gate.tokens import LIFETIME
from gmkit.desk.requests import AddGM, ChangeGM
from gmkit.wire.frames import encode
from gmkit.wire.gate import SILENCE
from tests.gate.world import OWN_UID, World


@pytest.fixture
def world() -> World:
    return World()


def test_the_daemons_own_user_is_the_only_admin(world: World) -> None:
    end = world.terminal(uid=OWN_UID).connect()
    assert end.core.welcome and end.core.welcome["gm"] == "ama"
    assert end.core.welcome["role"] == "admin"


@pytest.mark.parametrize("uid", [0, OWN_UID])
def test_root_and_the_daemons_user_may_be_anybody(world: World, uid: int) -> None:
    end = world.terminal(uid=uid, user="bo").connect()
    assert end.core.welcome and end.core.welcome["gm"] == "bo"


def test_an_account_called_like_the_user_comes_before_the_admin(world: World) -> None:
    world.users[OWN_UID] = "bo"
    end = world.terminal(uid=OWN_UID).connect()
    assert end.core.welcome and end.core.welcome["gm"] == "bo"


def test_with_two_admins_a_name_is_needed(world: World) -> None:
    world.do(AddGM(None, "cy", "admin"))
    end = world.terminal(uid=OWN_UID).connect()
    assert end.away and "--user" in end.away.sentence()


def test_root_cannot_be_an_account_that_does_not_exist(world: World) -> None:
    end = world.terminal(uid=0, user="zed").connect()
    assert end.away and end.away.sentence().startswith("There is no GM account zed.")


def test_another_user_is_the_account_of_that_name_only(world: World) -> None:
    assert world.terminal(uid=1001).connect().core.welcome
    assert world.terminal(uid=1001, user="bo").connect().core.welcome
    end = world.terminal(uid=1001, user="ama").connect()
    assert end.away and end.away.facts["reason"] == "login-failed"
    assert world.terminal(uid=1001, user="ama", password="ama").connect().core.welcome
    assert world.terminal(uid=1002).connect().away


def test_a_password_logs_in_over_tls(world: World) -> None:
    end = world.terminal(user="ama", password="ama").connect()
    assert end.core.welcome and end.core.welcome["gm"] == "ama"


@pytest.mark.parametrize(
    ("user", "password"), [("ama", "wrong"), ("ama", None), ("zed", "zed"), ("ama", "")]
)
def test_who_does_not_know_the_password_learns_nothing(
    world: World, user: str, password: str | None
) -> None:
    end = world.terminal(user=user, password=password).connect()
    assert end.away and end.away.sentence() == "The name or the password is wrong."
    assert end.away.facts["retry"] is False
    assert end.wire.disconnecting


def test_the_sentence_is_in_the_terminals_language(world: World) -> None:
    session = world.terminal(user="ama", password="x", lang="zh_CN").connect()
    assert session.away  # the catalogue's completeness has a test of its own


def test_an_account_without_a_password_is_for_local_use_only(world: World) -> None:
    world.do(AddGM(None, "cy", "gm"))
    assert world.terminal(user="cy", password="None").connect().away
    assert world.terminal(uid=0, user="cy").connect().core.welcome


def test_guessing_is_slowed_down_more_and_more(world: World) -> None:
    def guess(password: str) -> str | None:
        end = world.terminal(user="ama", password=password).connect()
        return end.away.facts["reason"] if end.away else None

    for _ in range(FREE_TRIES):
        assert guess("wrong") == "login-failed"
    waits: list[Any] = []
    for _ in range(14):
        assert guess("ama") == "locked-out", "even the right password has to wait"
        waited = 0
        while guess("ama") == "locked-out" and waited < 2 * LONGEST_WAIT:
            if waits and waited == 0 and waits[-1] > 1:
                world.clock.advance(waits[-1] - 1)
                waited += waits[-1] - 1
            world.clock.advance(1)
            waited += 1
            if guess("wrong") == "login-failed":
                break
        waits.append(waited)
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert waits[-1] == LONGEST_WAIT


def test_the_right_password_after_the_wait_ends_it(world: World) -> None:
    for _ in range(FREE_TRIES):
        world.terminal(user="ama", password="wrong").connect()
    end = world.terminal(user="ama", password="ama").connect()
    assert end.away and end.away.sentence() == "Too many wrong passwords. Try again in 2 seconds."
    assert end.away.facts["retry"] is True
    world.clock.advance(2)
    assert world.terminal(user="ama", password="ama").connect().core.welcome
    assert (
        world.terminal(user="ama", password="wrong")
        .connect()
        .away.facts[  # type: ignore[union-attr]
            "reason"
        ]
        == "login-failed"
    )


def test_an_address_is_slowed_down_over_many_accounts(world: World) -> None:
    for n in range(FREE_TRIES):
        world.terminal(user=f"guess{n}", password="x", host="198.51.100.9").connect()
    end = world.terminal(user="ama", password="ama", host="198.51.100.9").connect()
    assert end.away and end.away.facts["reason"] == "locked-out"
    assert world.terminal(user="ama", password="ama").connect().core.welcome


def test_many_guesses_at_once_count_before_they_are_checked(world: World) -> None:
    world.checks = []
    for n in range(FREE_TRIES + 3):
        world.terminal(user="ama", password="wrong", host=f"198.51.100.{n}").connect()
    assert len(world.checks) == FREE_TRIES


def test_a_token_spares_the_password_and_is_not_locked_out(world: World) -> None:
    end = world.terminal(user="ama", password="ama").connect()
    end.disconnect()
    for _ in range(FREE_TRIES):
        world.terminal(user="ama", password="wrong").connect()
    world.checks = []
    assert end.connect().core.welcome
    assert not world.checks


def test_a_token_is_of_no_use_for_another_account(world: World) -> None:
    end = world.terminal(user="bo", password="bo").connect()
    end.disconnect()
    end.core._user = "ama"
    end.connect()
    assert end.away and end.away.facts["reason"] == "token-expired"


def test_a_token_expires_and_the_password_is_used_again(world: World) -> None:
    end = world.terminal(user="ama", password="ama").connect()
    end.disconnect()
    world.clock.advance(LIFETIME + 1)
    assert end.connect().away.facts["retry"] is True  # type: ignore[union-attr]
    assert end.connect().core.welcome


def test_a_new_password_ends_the_tokens(world: World) -> None:
    end = world.terminal(user="bo", password="bo").connect()
    end.disconnect()
    world.do(ChangeGM("ama", "bo", password="hash of new"))
    assert end.connect().away.facts["reason"] == "token-expired"  # type: ignore[union-attr]
    assert end.connect().away.facts["reason"] == "login-failed"  # type: ignore[union-attr]


def test_a_disabled_account_is_thrown_out_at_once(world: World) -> None:
    end = world.terminal(user="bo", password="bo").connect()
    world.do(ChangeGM("ama", "bo", disabled=True))
    end.talk()
    assert end.away and end.away.sentence() == "The GM account bo is disabled."
    assert end.connect().away.facts["reason"] == "token-expired"  # type: ignore[union-attr]
    assert end.connect().away.facts["reason"] == "account-disabled"  # type: ignore[union-attr]


def test_disabled_while_the_password_was_checked(world: World) -> None:
    world.checks = []
    end = world.terminal(user="bo", password="bo").connect()
    world.do(ChangeGM("ama", "bo", disabled=True))
    world.checks[0].callback(None)
    end.talk()
    assert end.away and end.away.facts["reason"] == "account-disabled"


def test_an_account_has_so_many_terminals_at_most(world: World) -> None:
    ends = [world.terminal(user="bo", password="bo").connect() for _ in range(MOST_PER_ACCOUNT)]
    assert all(end.core.welcome for end in ends)
    end = world.terminal(user="bo", password="bo").connect()
    assert end.away and end.away.facts["reason"] == "too-many"
    ends[0].disconnect()
    assert end.connect().core.welcome


def test_an_address_has_so_many_strangers_at_most(world: World) -> None:
    world.checks = []
    for n in range(MOST_STRANGERS_PER_ADDRESS):
        end = world.terminal(user=f"u{n}", password="x")
        end.core.connected = lambda: None  # type: ignore[method-assign]
        end.connect()
    assert world.terminal(user="ama", password="ama").connect().away
    other = world.terminal(user="ama", password="ama", host="198.51.100.9").connect()
    assert not other.away


def test_whoever_says_nothing_is_dropped(world: World) -> None:
    end = world.terminal(user="ama", password="ama")
    end.core.connected = lambda: None  # type: ignore[method-assign]
    end.connect()
    world.clock.pump([1.0] * int(HELLO_WITHIN + 4))
    end.talk()
    assert end.away and end.away.sentence() == "No hello came within 10 seconds."


def test_whoever_falls_silent_is_dropped_and_cut_off(world: World) -> None:
    end = world.terminal(user="ama", password="ama").connect()
    world.clock.pump([1.0] * int(SILENCE + 4))
    assert end.wire.disconnecting and not end.wire.aborted
    world.clock.advance(6)
    assert end.wire.aborted
    end.talk()
    assert end.away and end.away.facts["reason"] == "silent" and end.away.facts["retry"] is True


def test_pings_keep_a_quiet_terminal(world: World) -> None:
    end = world.terminal(user="ama", password="ama").connect()
    for _ in range(int(3 * SILENCE)):
        world.clock.advance(1)
        assert end.core.tick()
        end.talk()
    assert not end.away


@pytest.mark.parametrize(
    ("hello", "sentence"),
    [
        ({"type": "hello", "version": 2}, "speaks version 1 of the gate protocol, your terminal"),
        ({"type": "hello", "version": "x" * 500}, "your terminal version ?"),
        ({"type": "do", "id": 1, "line": "x"}, "did not begin with a hello"),
        ({}, "did not begin with a hello"),
        ({"type": ["hello"]}, "did not begin with a hello"),
        ({"type": "hello", "version": 1, "name": "a" * 9000}, "did not begin with a hello"),
        ({"type": "hello", "version": 1, "name": 7, "password": 8, "lang": 9}, "--user"),
    ],
)
def test_a_wrong_greeting_gets_a_sentence(
    world: World, hello: dict[str, object], sentence: str
) -> None:
    end = world.terminal()
    end.core.connected = lambda: end.core._out.extend(encode(hello))  # type: ignore[method-assign]
    end.connect()
    assert end.away and sentence in end.away.sentence()
    assert end.wire.disconnecting


def test_what_follows_the_greeting_waits_for_the_login(world: World) -> None:
    world.checks = []
    end = world.terminal(user="ama", password="ama")
    end.core.do("ticket list")
    end.core.connected()
    hello = end.core.take()
    end.core.connected = lambda: end.core._out.extend(  # type: ignore[method-assign]
        hello + encode({"type": "do", "id": 1, "line": "ticket list"})
    )
    end.connect()
    assert not world.lines
    world.checks[0].callback(None)
    end.talk()
    assert [line for _, line, _ in world.lines][:1] == ["ticket list"]


def test_gone_while_the_password_was_checked(world: World) -> None:
    world.checks = []
    end = world.terminal(user="ama", password="ama", duty=True).connect()
    end.disconnect()
    world.checks[0].callback(None)
    assert world.gate.terminals("ama") == 0 and not world.present


def test_duty_begins_with_the_first_terminal_and_ends_with_the_last(world: World) -> None:
    one = world.terminal(user="bo", password="bo", duty=True).connect()
    two = world.terminal(user="bo", password="bo", duty=True).connect()
    world.terminal(user="bo", password="bo").connect()
    assert world.present == [("bo", True)]
    one.disconnect()
    assert world.present == [("bo", True)]
    two.core.duty(False)
    two.talk()
    assert world.present == [("bo", True), ("bo", False)]


def test_the_daemon_says_goodbye_when_it_stops(world: World) -> None:
    end = world.terminal(user="bo", password="bo").connect()
    world.gate.stop()
    end.talk()
    assert end.away and end.away.facts == {
        "sentence": "The daemon is being stopped.",
        "reason": "stopping",
        "retry": True,
    }


def test_a_fault_in_the_login_is_logged_and_ends_the_connection(
    world: World, logged_failures: list[object]
) -> None:
    def broken(password: str, hashed: str | None) -> Deferred[bool]:
        raise RuntimeError("disk on fire")

    world.gate.login._check = broken
    end = world.terminal(user="bo", password="bo").connect()
    assert end.away and "inside gmkit" in end.away.sentence()
    assert len(logged_failures) == 1
    logged_failures.clear()


def test_what_a_stranger_says_does_not_write_lines_into_the_log(world: World) -> None:
    logged: list[str] = []

    @provider(ILogObserver)
    def watch(event: LogEvent) -> None:
        logged.append(formatEvent(event))

    globalLogPublisher.addObserver(watch)
    try:
        world.terminal(uid=OWN_UID, user="x\n2030 gate: \x1b[2Jama came").connect()
    finally:
        globalLogPublisher.removeObserver(watch)
    (line,) = [line for line in logged if "turned away" in line]
    assert line.isprintable() and "ama came" in line
