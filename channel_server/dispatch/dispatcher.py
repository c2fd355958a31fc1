"""Runs the GMs' commands: reads the line, checks the permission, runs it once and in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.logger import Logger
from twisted.python.failure import Failure

from gmkit.command import N_, Answer, Archive, Command, DeskView, GMError, NotAllowed, ServerView
from gmkit.desk.requests import Request
from gmkit.desk.view import AccountView
from gmkit.model import Event, Source
from gmkit.permissions import Permissions

from .call import RunningCall, account_of
from .caller import Caller
from .catalogue import Catalogue
from .commandline import parse_line

LIMIT = 30.0
"""Seconds one command may take."""


class TookTooLong(GMError):
    """The command {command} took more than {seconds} s and was given up. What it began may still
    happen: look before you repeat it."""


class CommandFailed(GMError):
    """The command {command} failed because of a fault in it, which the daemon's log describes."""


class Desk(DeskView, Protocol):
    """The desk, which also remembers what a GM has done already."""

    def seen(self, gm: str, source: Source) -> bool: ...


class Dispatcher:
    """Commands of GMs in, answers out.

    One line with one ``source`` is run once: a repetition joins the one that still runs, or is
    told that it was done.
    """

    log = Logger()

    def __init__(
        self,
        *,
        commands: Catalogue,
        desk: Desk,
        archive: Archive,
        permissions: Callable[[], Permissions],
        servers: Callable[[], Sequence[ServerView]],
        server: Callable[[str], ServerView | None],
        submit: Callable[[Request], Deferred[list[Event]]],
        settled: Callable[[], Deferred[None]],
        act: Callable[..., Deferred[Any]],
        refused: Callable[[Caller, str, str | None, GMError], None],
        clock: Any,
        limit: float = LIMIT,
    ) -> None:
        """``servers`` gives a view of each game server, ``server`` of the one that is called so.

        ``act(server, verb, player, *arguments)`` uses a capability of a game server.

        ``settled`` fires once everything decided so far is durable.

        ``refused(caller, command, server, error)`` hears of every attempt at what the GM may not
        do. ``limit`` is in seconds; ``clock`` gives the time and calls later.
        """
        self.commands = commands
        self.desk = desk
        self.archive = archive
        self.permissions = permissions
        self.servers = servers
        self.server = server
        self.submit = submit
        self._settled = settled
        self.act = act
        self.clock = clock
        self._refused = refused
        self._limit = limit
        self._joined: dict[tuple[str, Source], list[Deferred[Answer]]] = {}

    # --- commands that come and go -----------------------------------------------------------

    def add(self, command: Command, owner: str) -> None:
        """Offer a command. Raises DuplicateCommand if its name or an alias is taken."""
        self.commands.add(command, owner)

    def remove(self, owner: str) -> None:
        """Offer nothing of this owner any longer; what runs goes on."""
        self.commands.remove(owner)

    def describe(self, caller: Caller) -> list[dict[str, Any]]:
        """The commands this GM may run somewhere, as ``Command.described`` gives them."""
        return [c.described() for c in self.offered(account_of(caller, self.desk))]

    def offered(self, account: AccountView) -> list[Command]:
        """The commands the account may run, without those no server of its own is able to do."""
        permissions = self.permissions()
        able: set[str] = set()
        for server in self.servers():
            if permissions.covers(account, server.name):
                able |= server.can
        return [
            command
            for command in self.commands
            if permissions.may(account, command.permission)
            and (command.needs is None or command.needs in able)
        ]

    # --- running -----------------------------------------------------------------------------

    def run(self, caller: Caller, line: str, source: Source | None = None) -> Deferred[Answer]:
        """Run one line; fires with the answer, what it did being durable, or fails with GMError."""
        if source is None:
            return self._run(caller, line, None)
        key = (caller.gm, source)
        answer: Deferred[Answer] = Deferred()
        if key in self._joined:
            self._joined[key].append(answer)
            return answer
        if self.desk.seen(caller.gm, source):
            done = Answer(view="done", sentence=N_("That was done already."))
            return self._settled().addCallback(lambda _: done)
        self._joined[key] = [answer]
        self._run(caller, line, source).addBoth(self._answer_all, key)
        return answer

    def _answer_all(self, result: Answer | Failure, key: tuple[str, Source]) -> None:
        for answer in self._joined.pop(key):
            if isinstance(result, Failure):
                answer.errback(result.value)  # each its own: a Failure is cleaned by its reader
            else:
                answer.callback(result)

    def _run(self, caller: Caller, line: str, source: Source | None) -> Deferred[Answer]:
        try:
            command, values = parse_line(line, self.commands)
        except GMError as fault:
            failed: Deferred[Answer] = Deferred()
            failed.errback(fault)
            return failed
        running = Deferred.fromCoroutine(self._call(caller, command, values, source))
        running.addTimeout(self._limit, self.clock)
        return running.addErrback(self._explain, caller, command)

    async def _call(
        self, caller: Caller, command: Command, values: dict[str, Any], source: Source | None
    ) -> Answer:
        call = RunningCall(caller, command, source, self)
        call.check([values.get(argument.name) for argument in command.arguments])
        return await command.run(call, **values)

    def _explain(self, failure: Failure, caller: Caller, command: Command) -> Failure:
        """What went wrong, as something that a GM can read."""
        fault = failure.value
        if isinstance(fault, NotAllowed):
            server = fault.facts.get("server")
            self._refused(caller, command.name, None if server == "*" else server, fault)
        if isinstance(fault, GMError):
            return failure
        if isinstance(fault, TimeoutError | CancelledError):
            raise TookTooLong(command=command.name, seconds=int(self._limit)) from None
        self.log.failure("the command {command} failed", failure, command=command.name)
        raise CommandFailed(command=command.name) from None
