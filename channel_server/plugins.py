"""The plugin host: gives each plugin its ``gm``, and undoes everything it registered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from types import ModuleType
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from gmkit.command import Command
from gmkit.desk import requests
from gmkit.desk.view import DeskView
from gmkit.errors import GMError
from gmkit.i18n import language
from gmkit.model import Event
from gmkit.options import BadOption
from gmkit.plugin import GM, Handler

from .declared import check_keys, read_option
from .turn import Turn


class PluginFailed(GMError):
    """The plugin {name} was not started: {problem}"""


class BadPluginOption(PluginFailed):
    """The plugin {name} was not started: {key}: {problem}"""


class CommandTable(Protocol):
    """Where commands are offered: gmkit.channel_server.dispatch.dispatcher.Dispatcher."""

    def add(self, command: Command, owner: str) -> None: ...
    def remove(self, owner: str) -> None: ...


class Plugins:
    """The plugins that are on, by name."""

    def __init__(
        self,
        *,
        desk: DeskView,
        turn: Turn,
        commands: CommandTable,
        servers: Callable[[], Sequence[str]],
        reactor: Any,
        load: Callable[[str], ModuleType],
        locale: Callable[[], str],
    ) -> None:
        """``load`` gives a plugin's module by the plugin's name, or raises a GMError. ``locale``
        is the language of readers who are not known."""
        self._desk = desk
        self._turn = turn
        self._commands = commands
        self._servers = servers
        self._reactor = reactor
        self._load = load
        self._locale = locale
        self._running: dict[str, Handle] = {}
        turn.on_durable(self._events)

    def configure(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """Run exactly these plugins, with these options; those that do so already go on.

        Raises a GMError for the first that cannot be started; then those that ran before run.
        """
        before = {name: gm.options for name, gm in self._running.items()}
        try:
            self._change(wanted)
        except BaseException:
            self._change(before)
            raise

    def _change(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        # What is gone goes first: a plugin that comes may offer a command of the same name.
        for name in [n for n, gm in self._running.items() if wanted.get(n) != gm.options]:
            self.stop(name)
        for name in wanted:
            if name not in self._running:
                self.start(name, wanted[name])

    def start(self, name: str, options: Mapping[str, Any]) -> None:
        """Run the plugin's ``setup``. Raises PluginFailed, with nothing left registered, or what
        keeps its module from being loaded."""
        module = self._load(name)
        gm = Handle(
            name,
            options,
            self._desk,
            self._turn,
            self._commands,
            self._servers,
            self._reactor,
            self._locale,
        )
        try:
            module.setup(gm)
            gm.check_options()
        except BadOption as bad:
            gm.stop()
            raise BadPluginOption(name=name, **bad.facts) from None
        except Exception as fault:
            gm.stop()
            problem = fault if isinstance(fault, GMError) else f"{type(fault).__name__}: {fault}"
            raise PluginFailed(name=name, problem=problem) from fault
        self._running[name] = gm

    def stop(self, name: str) -> None:
        """Undo everything the plugin registered."""
        self._running.pop(name).stop()

    def stop_all(self) -> None:
        for name in list(self._running):
            self.stop(name)

    def _events(self, events: Sequence[Event]) -> None:
        for gm in list(self._running.values()):
            gm.hear(events)


class Handle(GM):
    """One plugin's view of the daemon; keeps the undo of all it did."""

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        desk: DeskView,
        turn: Turn,
        commands: CommandTable,
        servers: Callable[[], Sequence[str]],
        reactor: Any,
        locale: Callable[[], str],
    ) -> None:
        self.name = name
        self.desk = desk
        self.log = Logger(namespace=f"gmkit.plugin.{name}")
        self.options = options
        self._declared: list[str] = []
        self._turn = turn
        self._commands = commands
        self._names = servers
        self._locale = locale
        self._reactor = reactor
        self._handlers: dict[str, list[Handler]] = {}
        self._undo = ExitStack()

    # --- the contract -------------------------------------------------------------------------

    def option(self, name: str, default: Any, help: str) -> Any:
        self._declared.append(name)
        return read_option(self.options, name, default)

    def on(self, *kinds: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            for kind in kinds:
                self._handlers.setdefault(kind, []).append(handler)
            return handler

        return register

    def every(self, seconds: float) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
        def register(action: Callable[[], Any]) -> Callable[[], Any]:
            loop = LoopingCall(lambda: self._guarded(action))
            loop.clock = self._reactor
            loop.start(seconds, now=False)
            self._undo.callback(loop.stop)
            return action

        return register

    def command(self, command: Command) -> Command:
        owner = f"plugins.{self.name}"
        self._commands.add(command, owner)
        self._undo.callback(self._commands.remove, owner)
        return command

    def at_stop(self, undo: Callable[[], Any]) -> None:
        self._undo.callback(self._guarded, undo)

    async def do(self, request: requests.Request) -> list[Event]:
        return await self._turn.submit(request)

    def now(self) -> float:
        return self._turn.now()

    def say(self, message: str, lang: str | None, **facts: Any) -> str:
        return language(lang or self._locale()).gettext(message).format(**facts)

    def servers(self) -> Sequence[str]:
        return self._names()

    # --- the host's side ----------------------------------------------------------------------

    def check_options(self) -> None:
        """Raises BadOption for a key of the configuration that the plugin did not declare."""
        check_keys(self.options, self._declared)

    def hear(self, events: Sequence[Event]) -> None:
        """Hand the events on to the handlers of their kinds, in order."""
        if self._handlers:
            for event in events:
                for handler in self._handlers.get(event.kind, ()):
                    self._guarded(handler, event)

    def stop(self) -> None:
        self._handlers.clear()
        self._undo.close()

    def _guarded(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """Run a plugin's code; its failure is logged and harms nobody."""
        try:
            result = action(*arguments)
        except Exception:  # noqa: BLE001 - a plugin's fault harms nobody else
            self.log.failure("the plugin {name} failed", name=self.name)
            return None
        if isinstance(result, Awaitable):
            running = Deferred.fromCoroutine(_awaiting(result))
            return running.addErrback(
                lambda fault: self.log.failure("the plugin {name} failed", fault, name=self.name)
            )
        return result


async def _awaiting(result: Awaitable[Any]) -> Any:
    return await result
