"""gmkit.permissions and gmkit.patterns."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmkit.patterns import fits
from gmkit.permissions import Permissions, Role, roles


class Account(NamedTuple):
    role: str
    servers: tuple[str, ...] = ("*",)
    disabled: bool = False


TAGS = {"s1": ("eu",), "s2": ("us",)}
PERMISSIONS = Permissions(tags_of=lambda server: TAGS.get(server, ()))


@pytest.mark.parametrize(
    ("pattern", "name", "yes"),
    [
        ("s1", "s1", True),
        ("s1", "s10", False),
        ("s1*", "s10", True),
        ("*1", "s1", True),
        ("s*1*x", "s01ax", True),
        ("ab*ba", "aba", False),
        ("*", "", True),
        ("tag:eu", "s1", True),
        ("tag:us", "s1", False),
        ("s[1]", "s1", False),
        ("S1", "s1", False),
        ("", "s1", False),
    ],
)
def test_server_patterns(pattern: str, name: str, yes: bool) -> None:
    assert fits(pattern, name, TAGS.get(name, ())) is yes


@given(st.lists(st.text("ab", max_size=3), min_size=1), st.text("ab", max_size=9))
def test_a_pattern_fits_what_it_was_made_of(parts: list[str], gap: str) -> None:
    assert fits("*".join(parts), gap.join(parts))


MATRIX = {
    "ticket.list": "gm lead admin",
    "ticket.reply": "gm lead admin",
    "ticket.assign": "gm lead admin",
    "ticket.force": "lead admin",
    "player.pm": "gm lead admin",
    "player.ban": "lead admin",
    "server.list": "gm lead admin",
    "server.announce": "lead admin",
    "staff.list": "gm lead admin",
    "staff.duty": "gm lead admin",
    "staff.manage": "admin",
    "plugin.reload": "admin",
}


@pytest.mark.parametrize("permission", MATRIX)
def test_the_matrix(permission: str) -> None:
    covers = [("*",), ("s1*",), ("tag:eu",), ("tag:us", "s9"), ()]
    for role, servers, disabled in product(
        ["gm", "lead", "admin", "nobody", ""], covers, [False, True]
    ):
        check(permission, role, servers, disabled)


def check(permission: str, role: str, servers: tuple[str, ...], disabled: bool) -> None:
    account = Account(role, servers, disabled)
    held = role in MATRIX[permission].split() and not disabled
    assert PERMISSIONS.may(account, permission) is held
    for server, patterns in {"s1": {"*", "s1*", "tag:eu"}, "s2": {"*", "tag:us"}}.items():
        covered = bool(patterns & set(servers))
        assert PERMISSIONS.covers(account, server) is covered
        assert PERMISSIONS.may(account, permission, server) is (held and covered)
    known = role in ("gm", "lead", "admin")
    assert PERMISSIONS.visible(account) == (servers if known and not disabled else ())


class Rules(NamedTuple):
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


def test_configured_roles_join_and_replace_the_ready_made() -> None:
    configured = {"trainee": Rules(("ticket.*",), ("ticket.reply",)), "gm": Rules(("staff.help",))}
    permissions = Permissions(roles(configured))
    assert permissions.may(Account("trainee"), "ticket.view")
    assert not permissions.may(Account("trainee"), "ticket.reply")
    assert not permissions.may(Account("gm"), "ticket.view")
    assert permissions.may(Account("lead"), "ticket.view")


def test_denied_wins_over_allowed() -> None:
    assert not Role("x", allow=("*",), deny=("a.b",)).allows("a.b")


def test_a_tag_in_a_permission_pattern_means_nothing() -> None:
    assert not Role("x", allow=("tag:eu",)).allows("ticket.view")
