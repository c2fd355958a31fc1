"""One command being run for one GM: what the command may see and do."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred, TimeoutError

from gmkit.adapter import Unable
from gmkit.command import (
    Archive,
    Call,
    Command,
    DeskView,
    Event,
    NotAllowed,
    Player,
    Refused,
    ServerView,
    Target,
    Unknown,
    requests,
)
from gmkit.desk.view import AccountView
from gmkit.errors import NotAllowedAnywhere
from gmkit.model import Source
from gmkit.patterns import fits
from gmkit.permissions import Permissions

from .caller import Caller
from .catalogue import Catalogue
from .grants import check_grant
from .targets import find_player

ACT_SECONDS = 10.0
"""How long a game may take for one action on a player."""


class NoSuchServer(Unknown):
    """There is no server {name} among those you cover. All of them: servers"""


class MisspeltServer(NoSuchServer):
    """There is no server {name} among those you cover. Did you mean {near}?"""


class NotConnected(Refused):
    """{server} is not connected now: {state}. {reason}"""


class NoAnswer(Refused):
    """{server} gave no answer within {seconds} s. It may have done it all the same: look first."""


class CannotServe(Refused):
    """{gm} may not answer tickets of {server}: give the account the role or the server first."""


class Surroundings(Protocol):
    """What the dispatcher lends to the commands it runs."""

    archive: Archive
    clock: Any
    commands: Catalogue

    @property
    def desk(self) -> DeskView: ...
    def permissions(self) -> Permissions: ...
    def servers(self) -> Sequence[ServerView]: ...
    def server(self, name: str) -> ServerView | None: ...
    def submit(self, request: requests.Request) -> Deferred[list[Event]]: ...
    def act(self, server: str, verb: str, player: Player, *arguments: Any) -> Deferred[Any]: ...
    def offered(self, account: AccountView) -> list[Command]: ...


class NoAccount:
    """Stands in for the account of somebody who has none: may nothing, and covers nothing."""

    role = ""
    servers: tuple[str, ...] = ()
    disabled = True
    on_duty_since = None

    def __init__(self, name: str) -> None:
        self.name = name


class RunningCall(Call):
    """See gmkit.command.Call."""

    def __init__(
        self, caller: Caller, command: Command, source: Source | None, given: Surroundings
    ) -> None:
        self.gm = caller.gm
        self.lang = caller.lang
        self.now = given.clock.seconds()
        self.desk = given.desk
        self.archive = given.archive
        self.account = account_of(caller, given.desk)
        self.role = self.account.role
        self._command = command
        self._source = source
        self._given = given

    @property
    def commands(self) -> Sequence[Command]:  # type: ignore[override]
        return self._given.offered(self.account)

    @property
    def roles(self) -> Sequence[str]:  # type: ignore[override]
        return list(self._given.permissions().roles)

    @property
    def covered(self) -> Sequence[str]:  # type: ignore[override]
        patterns = self._given.permissions().visible(self.account)
        if "*" in patterns:
            return ()
        tagged = [
            server.name
            for server in self._given.servers()
            if any(p.startswith("tag:") and fits(p, server.name, server.tags) for p in patterns)
        ]
        # An empty pattern names no server: an empty list would mean all of them.
        return (*(p for p in patterns if not p.startswith("tag:")), *tagged) or ("",)

    def may(self, permission: str, server: str | None = None) -> bool:
        return self._given.permissions().may(self.account, permission, server)

    def require(self, permission: str, server: str | None = None) -> None:
        if not self.may(permission, server):
            if server is None:
                raise NotAllowedAnywhere(permission=permission, server="*")
            raise NotAllowed(permission=permission, server=server)

    def check(self, values: Sequence[Any]) -> None:
        """Raise NotAllowed unless the GM may run the command, also on the tickets it names."""
        self.require(self._command.permission)
        for argument, value in zip(self._command.arguments, values, strict=True):
            ticket = self.desk.ticket(value) if argument.kind == "ticket" and value else None
            if ticket is not None:
                self.require(self._command.permission, ticket.server)

    async def do(self, request: requests.Request) -> list[Event]:
        for server in self._servers_of(request):
            self.require(self._command.permission, server)
        self._check_accounts(request)
        return await self._given.submit(self._signed(request))

    def servers(self, pattern: str = "*") -> list[ServerView]:
        covers = self._given.permissions().covers
        named = self._given.server(pattern)  # a view of every one of a thousand takes long
        if named is not None and covers(self.account, named.name):
            return [named]
        seen = [s for s in self._given.servers() if covers(self.account, s.name)]
        wanted = [part for part in pattern.split(",") if part]
        for part in wanted or [pattern]:
            if part != "*" and not any(fits(part, s.name, s.tags) for s in seen):
                raise _no_server(part, [s.name for s in seen])
        return [s for s in seen if any(fits(part, s.name, s.tags) for part in wanted)]

    async def player(self, target: Target) -> tuple[str, Player]:
        return await find_player(
            target,
            servers=self.servers(),
            archive=self.archive,
            covered=self.covered,
            may=lambda server: self.may(self._command.permission, server),
        )

    async def act(self, server: str, verb: str, player: Player, *arguments: Any) -> Any:
        self.require(self._command.permission, server)
        (view,) = self.servers(server)
        if view.state not in ("up", "degraded"):
            raise NotConnected(server=server, state=view.state, reason=view.reason)
        if verb not in view.can:
            raise Unable(server=server, verb=verb)
        acting = self._given.act(server, verb, player, *arguments)
        try:
            return await acting.addTimeout(ACT_SECONDS, self._given.clock)
        except TimeoutError:
            raise NoAnswer(server=server, seconds=int(ACT_SECONDS)) from None

    def _servers_of(self, request: requests.Request) -> Sequence[str]:
        """Where a request takes effect."""
        if isinstance(request, requests.Announce):
            return request.servers
        server = getattr(request, "server", None)
        if server is not None:
            return (server,)
        ticket = self.desk.ticket(getattr(request, "ticket", None) or 0)
        return () if ticket is None else (ticket.server,)

    def _check_accounts(self, request: requests.Request) -> None:
        """What a request does to another account must not go beyond what is allowed there."""
        if isinstance(request, requests.Assign):
            self._check_assignee(request)
        elif isinstance(request, requests.AddGM | requests.ChangeGM):
            check_grant(
                request,
                self.account,
                desk=self.desk,
                permissions=self._given.permissions(),
                known=[one.permission for one in self._given.commands],
            )

    def _check_assignee(self, request: requests.Assign) -> None:
        account, ticket = self.desk.account(request.to), self.desk.ticket(request.ticket)
        if account is None or account.disabled or ticket is None:
            return  # the desk says so better
        if not self._given.permissions().may(account, "ticket.reply", ticket.server):
            raise CannotServe(gm=request.to, server=ticket.server)

    def _signed(self, request: requests.Request) -> requests.Request:
        """The request in this GM's name. The first one carries the line's source."""
        changes: dict[str, Any] = {}
        if getattr(request, "gm", None) is not None:
            changes["gm"] = self.gm
        if hasattr(request, "by"):
            changes["by"] = self.gm
        if self._source is not None and getattr(request, "source", self) is None:
            changes["source"] = self._source
            self._source = None
        if isinstance(request, tuple):
            return request._replace(**changes)
        return dataclasses.replace(request, **changes)


def account_of(caller: Caller, desk: DeskView) -> AccountView:
    """The caller's account as it is now."""
    return desk.account(caller.gm) or NoAccount(caller.gm)


def _no_server(name: str, known: Sequence[str]) -> NoSuchServer:
    name = name[:64]
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return MisspeltServer(what="server", name=name, near=near[0])
    return NoSuchServer(what="server", name=name)
