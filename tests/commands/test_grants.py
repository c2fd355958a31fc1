"""Nobody hands out more than they have, nor changes an account above their own."""

from __future__ import annotations

import pytest

from gmkit.channel_server.dispatch.grants import NotYourServers, check_grant
from gmkit.command import NotAllowed
from gmkit.desk.requests import AddGM, ChangeGM
from gmkit.permissions import READY_MADE, Permissions, Role

from .world import TAGS, World

HASH = "scrypt$15$8$1$c2FsdA==$aGFzaA=="


@pytest.fixture
def manager(world: World) -> World:
    """``mia`` is a lead who manages staff on s1*; ``ron`` is admin of s2."""
    head = Role("head", ("ticket.*", "player.*", "server.*", "staff.*"))
    world.permissions = Permissions([*READY_MADE, head], lambda server: TAGS.get(server, ()))
    world.request(AddGM(None, "mia", "head", ("s1*", "tag:eu", "s3")))
    world.request(AddGM(None, "ron", "admin", ("s2",)))
    return world


@pytest.mark.parametrize(
    "line",
    [
        "gm add Lin gm s1*",
        "gm add Lin gm s3 tag:eu",
        "gm add Lin lead s10",
        "gm add Lin head s1",
        f"gm passwd mia {HASH}",
    ],
)
def test_as_much_as_one_has(manager: World, line: str) -> None:
    manager.request(AddGM(None, "old", "gm", ("s3",)))
    assert manager.run("mia", line)
    assert manager.run("mia", "gm role old lead s1")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("gm add Lin gm", NotYourServers),
        ("gm add Lin gm s*", NotYourServers),
        ("gm add Lin gm s2", NotYourServers),
        ("gm add Lin gm tag:us", NotYourServers),
        ("gm add Lin gm s1,s2", NotYourServers),
        ("gm disable amy", NotYourServers),
        (f"gm passwd root {HASH}", NotYourServers),
        ("gm role bo lead s1", NotYourServers),
    ],
)
def test_no_more_than_one_has(manager: World, line: str, error: type[Exception]) -> None:
    assert isinstance(manager.refusal("mia", line), error)
    assert not [r for r in manager.submitted if getattr(r, "name", "") in ("Lin", "amy", "root")]


def test_a_role_above_ones_own_is_not_given(manager: World) -> None:
    plain = Role("boss", ("staff.manage", "staff.help"))
    manager.permissions = Permissions([*READY_MADE, plain])
    manager.request(AddGM(None, "ben", "boss", ("*",)))
    for line in ("gm add Lin admin", "gm role ron gm", f"gm passwd root {HASH}"):
        assert isinstance(manager.refusal("ben", line), NotAllowed)
    assert manager.refused


def test_nobody_widens_their_own_account(manager: World) -> None:
    request = ChangeGM("mia", "mia", servers=("*",))
    account = manager.desk.account("mia")
    assert account is not None
    with pytest.raises(NotYourServers):
        check_grant(request, account, desk=manager.desk, permissions=manager.permissions, known=())
