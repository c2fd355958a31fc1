"""What a plugin declares: its options and commands, learnt without a daemon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gmkit.command import Command
from gmkit.options import BadOption, like, unknown


class Declared(NamedTuple):
    """One option, with its default."""

    name: str
    default: Any
    help: str


class Recorder:
    """Stands in for a plugin's ``gm``, does nothing, and notes what the plugin declares."""

    def __init__(self, plugin: Any, given: Mapping[str, Any] | None = None) -> None:
        """Runs the plugin's ``setup`` with the options ``given``. Raises BadOption, and whatever
        the plugin raises."""
        self.options: list[Declared] = []
        self.commands: list[Command] = []
        self._given = given or {}
        plugin.setup(self)
        check_keys(self._given, [option.name for option in self.options])

    def option(self, name: str, default: Any, help: str) -> Any:
        self.options.append(Declared(name, default, help))
        return read_option(self._given, name, default)

    def command(self, command: Command) -> Command:
        self.commands.append(command)
        return command

    def __getattr__(self, name: str) -> Any:
        """Everything else a plugin may register, as a method or a decorator: passed over."""
        return lambda *arguments, **named: lambda function: function


def read_option(given: Mapping[str, Any], name: str, default: Any) -> Any:
    """The value of ``[plugins.NAME]``, or the default. Raises BadOption for another type."""
    return like(default, given[name], name) if name in given else default


def check_keys(given: Iterable[str], declared: Iterable[str]) -> None:
    """Raise BadOption for a key that the plugin did not declare."""
    names = list(declared)
    for key in given:
        if key not in names:
            raise BadOption(key=key, problem=unknown(key, names))
