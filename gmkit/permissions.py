"""Who may do what where: roles, permissions and the servers an account covers.

A permission is named ``area.verb``, such as ``ticket.reply``. A role allows and denies
permissions by pattern (``ticket.*``); an account has one role, and covers servers by pattern.
What nobody allows is denied.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

from gmkit.patterns import fits

FORCE = "ticket.force"
"""What it takes, besides the command's own permission, to go on against another GM's hold."""


BUILT_IN = (FORCE, "daemon.reload")
"""Permissions that no installed command declares."""


class Account(Protocol):
    """What is asked of a GM account; gmkit.desk.view.AccountView has it."""

    @property
    def role(self) -> str: ...
    @property
    def servers(self) -> tuple[str, ...]: ...
    @property
    def disabled(self) -> bool: ...


class Role(NamedTuple):
    """A named set of permissions. ``allow`` and ``deny`` hold patterns; ``deny`` wins."""

    name: str
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def allows(self, permission: str) -> bool:
        """Whether some pattern allows the permission and none denies it."""
        return any(fits(p, permission) for p in self.allow) and not any(
            fits(p, permission) for p in self.deny
        )


READY_MADE = (
    Role(
        "gm",
        allow=("ticket.*", "player.find", "player.who", "player.pm", "server.list", "staff.*"),
        deny=("ticket.force", "staff.manage"),
    ),
    Role("lead", allow=("ticket.*", "player.*", "server.*", "staff.*"), deny=("staff.manage",)),
    Role("admin", allow=("*",)),
)
"""The roles that exist without any configuration; one of the same name replaces them."""


class Rules(Protocol):
    """A role as the configuration gives it: ``[roles.NAME] allow = […], deny = […]``."""

    @property
    def allow(self) -> tuple[str, ...]: ...
    @property
    def deny(self) -> tuple[str, ...]: ...


def roles(configured: Mapping[str, Rules]) -> list[Role]:
    """The ready-made roles, and those of the configuration, which replace them by name."""
    known = {role.name: role for role in READY_MADE}
    for name, rules in configured.items():
        known[name] = Role(name, tuple(rules.allow), tuple(rules.deny))
    return list(known.values())


class Permissions:
    """Answers to "may this account do that there". Made anew when the configuration changes."""

    def __init__(
        self,
        roles: Iterable[Role] = READY_MADE,
        tags_of: Callable[[str], Collection[str]] = lambda server: (),
    ) -> None:
        """``tags_of`` gives the tags of a server by its name, none for an unknown one."""
        self.roles = {role.name: role for role in roles}
        self._tags_of = tags_of
        self._allowed: dict[tuple[str, str], bool] = {}

    def may(self, account: Account, permission: str, server: str | None = None) -> bool:
        """Whether the account has the permission: on that server, or with None at all.

        A disabled account and one of an unknown role may nothing.
        """
        if account.disabled or not self._role_allows(account.role, permission):
            return False
        return server is None or self.covers(account, server)

    def covers(self, account: Account, server: str) -> bool:
        """Whether the server is one of those the account serves."""
        if "*" in account.servers:
            return True
        tags = self._tags_of(server)
        return any(fits(pattern, server, tags) for pattern in account.servers)

    def visible(self, account: Account) -> tuple[str, ...]:
        """The patterns of the servers whose tickets the account may see.

        None for a disabled account and one of an unknown role.
        """
        return () if account.disabled or account.role not in self.roles else account.servers

    def _role_allows(self, role: str, permission: str) -> bool:
        known = self._allowed.get((role, permission))
        if known is None:
            known = role in self.roles and self.roles[role].allows(permission)
            self._allowed[role, permission] = known
        return known
