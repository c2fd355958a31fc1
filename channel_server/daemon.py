"""The daemon, wired in one place: what stands where, and in which order it starts and stops."""

from __future__ import annotations

import os
import pwd
import random
from contextlib import ExitStack
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool

from gmkit import discovery
from gmkit.adapter import Adapter, Link
from gmkit.config import Config, ServerConfig
from gmkit.config_check import check_roles
from gmkit.desk import Rules
from gmkit.desk.requests import Notify
from gmkit.errors import GMError
from gmkit.log import LogFailed
from gmkit.log.sqlite import SQLiteLog
from gmkit.passwords import check_password
from gmkit.permissions import BUILT_IN, Permissions, roles
from gmkit.problems import NoFolder, NotAFolder

from .bridge.guard import BridgeLimits
from .bridge.port import BridgePort
from .deliveries.notices import Notices
from .deliveries.outbox import Outbox
from .dispatch.caller import Caller
from .dispatch.catalogue import load_commands
from .dispatch.dispatcher import Dispatcher
from .duty import DutyRoster
from .fleet import Fleet
from .gate.gate import Gate
from .gate.lockout import Lockout
from .gate.login import Login
from .gate.tokens import Tokens
from .links import ServerLink
from .listening import open_port, open_unix
from .players.intake import Intake
from .plugins import BadPluginOption, Plugins
from .reloading import Reloaded, needs_restart
from .revival import revived
from .rosters import Rosters
from .turn import Turn

HEARTBEAT = 6.0
"""Seconds between two signs of life of a game that dials in; it is given up after 2.5 of them."""
SWEEP = 5.0
"""Seconds between two looks for deliveries that can be tried again or have expired."""


class Daemon:
    """One running gmkit: made from a configuration, started, reloaded, stopped."""

    log = Logger()

    def __init__(self, config: Config, reactor: Any, rng: random.Random | None = None) -> None:
        """``rng`` gives jitter, phrases and the like; tests hand in a seeded one."""
        self.config = config
        self.reactor = reactor
        self.random = rng or random.SystemRandom()
        self.failed: Deferred[None] = Deferred()
        """Fails with LogFailed when the log cannot be written any more."""
        self.ports: list[Any] = []
        self._sweeping = LoopingCall(self._sweep)
        self._sweeping.clock = reactor

    # --- start --------------------------------------------------------------------------------

    def start(self) -> None:
        """Open the log, replay it, and listen. Blocking while the log is read.

        Raises a GMError or OSError that tells the operator what to do; nothing runs on then, and
        nothing is left open.
        """
        self._make_folder()
        with ExitStack() as undo:
            self.events_log = SQLiteLog(
                self.config.database, self.reactor, on_failure=self._log_failed
            ).open()
            undo.callback(self.events_log.close)
            self._wire()
            undo.callback(self._hashing.stop)
            undo.callback(self._fall_silent)
            undo.callback(lambda: [port.stopListening() for port in self.ports])
            self._listen()
            self._run()
            undo.pop_all()

    def _make_folder(self) -> None:
        folder = self.config.data_dir
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as fault:
            problem = (
                NotAFolder(path=folder)
                if isinstance(fault, FileExistsError | NotADirectoryError)
                else NoFolder(path=folder, reason=fault.strerror)
            )
            raise self.config.fault(("daemon", "data_dir"), problem) from None

    def _wire(self) -> None:
        """Everything that the daemon is made of; nothing runs yet."""
        self.desk, snapshot_at = revived(self.events_log, rules(self.config))
        self.turn = Turn(
            desk=self.desk, log=self.events_log, reactor=self.reactor, snapshot_at=snapshot_at
        )
        self._wire_games()
        self._wire_players()
        self._wire_gms()
        self.plugins = Plugins(
            desk=self.desk,
            turn=self.turn,
            commands=self.dispatcher,
            servers=self.fleet.names,
            reactor=self.reactor,
            load=partial(discovery.load, "plugins"),
            locale=lambda: self.config.help.locale,
        )

    def _wire_games(self) -> None:
        self.rosters = Rosters()
        self.fleet = Fleet(make_link=self._link, rosters=self.rosters)
        self._at_start = {name: (stream.name, stream.last) for name, stream in self.desk.streams()}
        self.door = BridgePort(
            self.reactor, self._settled_up_to, limits=BridgeLimits(heartbeat=HEARTBEAT)
        )

    def _wire_players(self) -> None:
        settings = self.config.help
        self.outbox = Outbox(
            desk=self.desk,
            turn=self.turn,
            links=self.fleet.links,
            rosters=self.rosters,
            reactor=self.reactor,
            expires=settings.expires_seconds,
        )
        self.notices = Notices(self.fleet.links)
        self.turn.on_durable(self.notices.announce)
        self.intake = Intake(
            desk=self.desk,
            turn=self.turn,
            settings=settings,
            notify=self.notices.notify,
            random=self.random,
            run=f"{self.random.getrandbits(40):x}",
        )

    def _wire_gms(self) -> None:
        self.permissions = Permissions(roles(self.config.roles), self.fleet.tags_of)
        self.dispatcher = Dispatcher(
            commands=load_commands(),
            desk=self.desk,
            archive=self.events_log.archive,
            permissions=lambda: self.permissions,
            servers=self.fleet.views,
            server=self.fleet.view,
            submit=self.turn.submit,
            settled=self.turn.settled,
            act=self.fleet.act,
            refused=self._refused,
            clock=self.reactor,
        )
        self.duty = DutyRoster(desk=self.desk, turn=self.turn, reactor=self.reactor)
        self.gate = Gate(
            clock=self.reactor,
            log=self.events_log,
            desk=self.desk,
            position=self.turn.position,
            settled=self.turn.settled,
            permissions=lambda: self.permissions,
            login=self._login(),
            run_command=self.dispatcher.run,
            describe=self.dispatcher.describe,
            on_presence=self.duty.presence,
            servers=self.fleet.rows,
            online=self.fleet.online,
            name=self.config.daemon.name,
        )
        self.turn.on_durable(self.gate.publish)

    def _login(self) -> Login:
        self._hashing = ThreadPool(0, 2, name="passwords")
        return Login(
            desk=self.desk,
            hash_of=self.desk.password_of,
            check_password=lambda password, hashed: deferToThreadPool(
                self.reactor, self._hashing, check_password, password, hashed
            ),
            lockout=Lockout(self.reactor.seconds),
            tokens=Tokens(self.reactor.seconds),
            own_uid=os.getuid(),
            user_of=_user_of,
        )

    def _link(self, server: ServerConfig) -> ServerLink:
        adapter_class = discovery.load("adapters", server.adapter)
        options = self.config.server_options(server, adapter_class.Options)

        def make_adapter(link: Link) -> Adapter:
            try:
                adapter: Adapter = adapter_class(options, link, self.reactor)
            except GMError as fault:
                raise self.config.fault(("server", server.index), fault.sentence()) from None
            return adapter

        return ServerLink(
            server,
            make_adapter=make_adapter,
            turn=self.turn,
            intake=self.intake,
            rosters=self.rosters,
            door=self.door,
            settled=self._settled_at_start,
            on_ready=self.outbox.server_ready,
            on_joined=self.outbox.player_joined,
            reactor=self.reactor,
            random=self.random,
        )

    def _settled_at_start(self, server: str, stream: str) -> int:
        """What the log held when the daemon started: the one ground for a new link."""
        name, last = self._at_start.get(server, ("", 0))
        return last if name == stream else 0

    def _settled_up_to(self, server: str, stream: str) -> int:
        link = self.fleet.links.get(server)
        return link.settled_up_to(stream) if link is not None else 0

    def _listen(self) -> None:
        config = self.config
        self.ports.append(open_unix(self.reactor, config.socket, self.gate.unix_factory()))
        for addresses, factory in (
            (config.gate, self.gate.tls_factory),
            (config.bridge, self.door.factory),
            (config.bridge_http, self.door.site),
        ):
            for address in addresses:
                port = open_port(self.reactor, address, factory(), config.tls_cert, config.tls_key)
                self.ports.append(port)

    def _run(self) -> None:
        self._hashing.start()
        self._configure_plugins()
        self.gate.start()
        self.fleet.apply(self.fleet.prepare(self.config.servers))
        self._sweeping.start(SWEEP, now=False)

    # --- while it runs ------------------------------------------------------------------------

    def reload(self, config: Config) -> Reloaded:
        """Apply a changed configuration: servers, roles, plugins. Returns what changed.

        Raises a GMError with everything as it was.
        """
        before, self.config = self.config, config
        try:
            change = self.fleet.prepare(config.servers)
            self._configure_plugins()
        except BaseException:
            self.config = before
            self.plugins.configure(before.plugins)
            raise
        started, stopped = self.fleet.apply(change)
        self.permissions = Permissions(roles(config.roles), self.fleet.tags_of)
        self.gate.refresh()
        self.desk.rules = rules(config)
        self.intake.configure(config.help)
        self.outbox.expires = config.help.expires_seconds
        kept = len(self.fleet.links) - len(started)
        done = Reloaded(len(started), len(stopped), kept, needs_restart(before, config))
        self.turn.decide(Notify("reloaded", str(done)))
        return done

    def _configure_plugins(self) -> None:
        """Run the plugins that are on; then it is known what roles can allow. Raises GMError."""
        config = self.config
        try:
            self.plugins.configure(config.plugins)
        except BadPluginOption as bad:
            key = ("plugins", bad.facts["name"], bad.facts["key"])
            raise config.fault(key, bad.facts["problem"]) from None
        commands = {command.permission for command in self.dispatcher.commands}
        check_roles(config, {*commands, *BUILT_IN})

    def _sweep(self) -> None:
        self.outbox.retry()
        self.outbox.expire()

    def _refused(self, caller: Caller, command: str, server: str | None, error: GMError) -> None:
        self.log.info(
            "{gm} may not run {command}: {error}", gm=caller.gm, command=command, error=error
        )

    def _log_failed(self, failure: LogFailed) -> None:
        self.log.critical("{failure}", failure=failure)
        if not self.failed.called:
            self.failed.errback(failure)

    # --- stop ---------------------------------------------------------------------------------

    async def stop(self) -> None:
        """Stop listening, let the games go, write what is decided, close the log."""
        for port in self.ports:
            await port.stopListening()
        self._fall_silent()
        try:
            await self.turn.finish()
            await self.events_log.close()
        except LogFailed:
            self.log.info("The log was lost before; what was acknowledged is on disk.")
        self._hashing.stop()

    def _fall_silent(self) -> None:
        """End everything that acts by itself, and every connection."""
        if self._sweeping.running:
            self._sweeping.stop()
        self.door.stop()
        self.plugins.stop_all()
        self.duty.stop()
        self.fleet.stop()
        self.gate.stop()


def rules(config: Config) -> Rules:
    """The desk's settings out of ``[help]``."""
    help = config.help
    return Rules(help.open_per_player, help.reopen_hours * 3600)


def _user_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
