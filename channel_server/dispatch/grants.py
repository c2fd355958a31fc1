"""Nobody hands out more than they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gmkit.command import DeskView, Refused, requests
from gmkit.desk.view import AccountView
from gmkit.errors import NotAllowedAnywhere
from gmkit.permissions import FORCE, Permissions, Role


class NotYourServers(Refused):
    """You do not cover {servers} yourself, so you cannot give or change an account that does."""


def check_grant(
    request: requests.AddGM | requests.ChangeGM,
    account: AccountView,
    *,
    desk: DeskView,
    permissions: Permissions,
    known: Iterable[str],
) -> None:
    """Raise NotAllowed or NotYourServers if the account would be, or is, above the one who acts.

    ``known`` are the permissions that commands ask for. Everybody may set their own password.
    """
    there = desk.account(request.name)
    raised = (request.role, request.servers) != (None, None)
    if there is not None and there.name == account.name and not raised:
        return
    wanted = [permissions.roles.get(name) for name in (request.role, there and there.role) if name]
    for role in filter(None, wanted):
        _check_role(role, account, permissions, {*known, FORCE})
    _check_servers((request.servers or ()), account, permissions)
    _check_servers(there.servers if there is not None else (), account, permissions)


def _check_role(
    role: Role, account: AccountView, permissions: Permissions, known: Iterable[str]
) -> None:
    for permission in sorted(known):
        if role.allows(permission) and not permissions.may(account, permission):
            raise NotAllowedAnywhere(permission=permission, server="*")


def _check_servers(patterns: Sequence[str], account: AccountView, permissions: Permissions) -> None:
    if "*" in account.servers:
        return
    beyond = [
        pattern
        for pattern in patterns
        if pattern not in account.servers
        and ("*" in pattern or ":" in pattern or not permissions.covers(account, pattern))
    ]
    if beyond:
        raise NotYourServers(servers=", ".join(beyond))
