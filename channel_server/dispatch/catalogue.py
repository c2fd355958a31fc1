"""The commands there are, by name, alias and abbreviation."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from gmkit import discovery
from gmkit.command import Command, GMError

from .usage import (
    AmbiguousCommand,
    DuplicateCommand,
    MisspeltCommand,
    NoSuchVerb,
    NothingTyped,
    UnknownCommand,
)

LEADS = "/.!／．。！"
"""What GMs are used to type before a command; one of them is passed over."""
MARKS = ("!", "！")
"""At the end of a command's name: go on although somebody else is at it."""
SHOWN = 40
"""Characters of a wrong name that are compared and repeated."""

_FIRST_WORDS = re.compile(r"\s*(\S+)(?:\s+(\S+))?")


class Catalogue:
    """Commands with their owners; iterating gives the commands by name."""

    def __init__(self) -> None:
        self._commands: dict[str, Command] = {}
        self._by_name: dict[str, Command] = {}
        self._owners: dict[str, str] = {}

    def __iter__(self) -> Iterator[Command]:
        return iter([self._commands[name] for name in sorted(self._commands)])

    def __len__(self) -> int:
        return len(self._commands)

    def add(self, command: Command, owner: str) -> None:
        """Offer a command. Raises DuplicateCommand if its name or an alias is taken."""
        for name in _names(command):
            if name in self._by_name:
                other = self._owners[self._by_name[name].name]
                raise DuplicateCommand(name=name, one=other, other=owner)
        self._commands[command.name] = command
        self._owners[command.name] = owner
        self._by_name.update(dict.fromkeys(_names(command), command))

    def remove(self, owner: str) -> None:
        """Offer nothing of this owner any longer."""
        for name in [name for name, whose in self._owners.items() if whose == owner]:
            del self._owners[name]
            for called in _names(self._commands.pop(name)):
                del self._by_name[called]

    def find(self, line: str) -> tuple[Command, bool, str]:
        """The command a line begins with, whether ``!`` stood behind its name, and the rest.

        The whole name or an alias wins; otherwise each word may be cut short as long as only one
        command fits. Raises UnknownCommand, with the nearest right name, or AmbiguousCommand.
        """
        line = line.lstrip()
        line = line[1:] if line[:1] and line[0] in LEADS else line
        words = _FIRST_WORDS.match(line)
        if words is None:
            raise NothingTyped
        first, second = words.group(1), words.group(2)
        if second is not None:
            command = self._called(f"{first} {second}")
            if command is not None:
                return command, second.endswith(MARKS), line[words.end(2) :]
            group = _unmarked(first)  # ``t l`` is not ``t`` with an argument, but ``t mine`` is
            if self._is_group(group) and not _is_filter(self._by_name.get(group), second):
                raise self._unknown(first, second)
        command = self._called(first)
        if command is None:
            raise self._unknown(first, second)
        return command, first.endswith(MARKS), line[words.end(1) :]

    def _called(self, typed: str) -> Command | None:
        name = _unmarked(typed)
        if not name:
            raise NothingTyped
        return self._by_name.get(name) or self._abbreviated(name)

    def _is_group(self, first: str) -> bool:
        return any(name.startswith(first + " ") for name in self._by_name)

    def _abbreviated(self, typed: str) -> Command | None:
        """The one command whose name or alias begins, word by word, as typed."""
        words = typed.split()
        fitting = {
            self._by_name[name].name: self._by_name[name]
            for name in self._by_name
            if _begins(name.split(), words)
        }
        if len(fitting) > 1:
            candidates = ", ".join(sorted(fitting))
            raise AmbiguousCommand(name=typed[:SHOWN], what="command", candidates=candidates)
        return next(iter(fitting.values()), None)

    def _unknown(self, first: str, second: str | None) -> GMError:
        first = _unmarked(first[:SHOWN])
        grouped = second is not None and self._is_group(first)
        both = f"{first} {_unmarked(second[:SHOWN])}" if second else first
        for typed in (both,) if grouped else dict.fromkeys((both, first)):
            near = self._nearest(typed)
            if near is not None:
                return MisspeltCommand(what="command", name=typed, near=near.name)
        if grouped:
            own = any(command.name.startswith(first + " ") for command in self)
            meant = (c.name for n, c in self._by_name.items() if n.startswith(first + " "))
            group = first if own else min(meant).partition(" ")[0]
            return NoSuchVerb(what="command", name=both, group=group)
        if self._is_group(first):
            verbs = sorted(c.name for c in self if c.name.startswith(first + " "))
            return AmbiguousCommand(name=first, what="command", candidates=", ".join(verbs))
        return UnknownCommand(what="command", name=first)

    def _nearest(self, typed: str) -> Command | None:
        """The command that was probably meant: a name much like it, or one that ends in it."""
        alike = [name for name in self._by_name if (" " in name) == (" " in typed)]
        near = difflib.get_close_matches(typed, alike, n=1, cutoff=0.7)
        near += [name for name in self._commands if name.endswith(f" {typed}")]
        return self._by_name[near[0]] if near else None


def load_commands() -> Catalogue:
    """Every command of every installed module of commands.

    Raises DuplicateCommand, or gmkit.discovery.Broken for a module that cannot be imported.
    """
    catalogue = Catalogue()
    for name, point in discovery.commands().items():
        module = discovery.load("commands", name)
        for command in commands_of(module):
            catalogue.add(command, point.value)
    return catalogue


def commands_of(module: object) -> Iterable[Command]:
    """The commands that a module declares at its top level."""
    return [value for value in vars(module).values() if isinstance(value, Command)]


def _names(command: Command) -> list[str]:
    return list(dict.fromkeys((command.name, *command.aliases)))


def _is_filter(command: Command | None, word: str) -> bool:
    """Whether the word is a filter that the command takes, as ``mine`` or ``state:any``."""
    filters = [a for a in command.arguments if a.kind == "filters"] if command else []
    key, colon, _ = word.replace("：", ":").partition(":")
    return any(key.lower() + colon in argument.choices for argument in filters)


def _unmarked(name: str) -> str:
    return name.rstrip("".join(MARKS)).lower()


def _begins(name: list[str], typed: list[str]) -> bool:
    """Whether ``tic cl`` begins ``ticket claim``; fewer words than the name's fit too."""
    return len(typed) <= len(name) and all(
        whole.startswith(part) for whole, part in zip(name, typed, strict=False)
    )
