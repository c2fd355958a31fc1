"""Completion of commands: from their declarations, and from what is on the board."""

from __future__ import annotations

import asyncio
import re
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any, NamedTuple

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from gmkit.i18n import N_
from gmkit.text import clip, safe

from .board import Board

Json = Mapping[str, Any]
Ask = Callable[[str], Awaitable[Sequence[Json]]]

LEADS = "/.!／．。！"
MOST = 50
_PLAIN_ID = re.compile(r"[\w.-]+")
META = 40


class Spot(NamedTuple):
    """Where in a command the cursor is: the word being typed, and the argument it belongs to."""

    word: str
    argument: Json | None
    command: Json | None


class CommandBook:
    """The commands this GM may run."""

    def __init__(self) -> None:
        self.commands: list[Json] = []
        self._by_name: dict[str, Json] = {}

    def learn(self, commands: list[Json]) -> None:
        """Take the daemon's description."""
        self.commands = commands
        self._by_name = {
            name: command for command in commands for name in (command["name"], *command["aliases"])
        }

    def spot(self, line: str) -> Spot:
        """Look at the line up to the cursor."""
        line = line.lstrip()
        line = line[1:] if line[:1] and line[0] in LEADS else line
        words = line.split(" ")
        for count in (2, 1):
            name = " ".join(words[:count]).rstrip("!！").lower()
            if len(words) > count and name in self._by_name:
                command = self._by_name[name]
                first = _argument(command, 0)
                if first is not None and first["name"] == "command":
                    return Spot(" ".join(words[count:]), first, command)
                rest = [word for word in words[count:-1] if word]
                return Spot(words[-1], _argument(command, len(rest)), command)
        return Spot(line, None, None)

    def named(self, typed: str) -> Iterator[tuple[str, Json]]:
        """Commands whose name begins as typed; failing these, short forms."""
        typed = typed.lower()
        found = False
        for command in self.commands:
            if command["name"].startswith(typed):
                found = True
                yield command["name"], command
        if not found:
            for name, command in self._by_name.items():
                if name.startswith(typed):
                    yield name, command


def _argument(command: Json, index: int) -> Json | None:
    """The argument at this place; the last one may take many words."""
    arguments = [a for a in command["arguments"] if a["kind"] != "force"]
    if not arguments:
        return None
    last = arguments[-1]
    if index < len(arguments):
        return arguments[index]  # type: ignore[no-any-return]
    return last if last["kind"] == "filters" else None


class GateCompleter(Completer):
    """Offers what fits at the cursor."""

    def __init__(
        self, book: CommandBook, board: Board, players: Ask, gettext: Callable[[str], str]
    ) -> None:
        """``players`` finds players online by a part of their name."""
        self._book = book
        self._board = board
        self._players = players
        self._ = gettext

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """What is known here, without asking the daemon."""
        spot = self._book.spot(document.text_before_cursor)
        if spot.command is None:
            return list(self._commands(spot.word))
        kind = spot.argument["kind"] if spot.argument else ""
        offer = self._KINDS.get(kind)
        return list(offer(self, spot))[:MOST] if offer is not None else []

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """The same, and players online, for whom the daemon is asked."""
        spot = self._book.spot(document.text_before_cursor)
        if spot.argument is not None and spot.argument["kind"] == "player":
            for completion in await self._online(spot.word):
                yield completion
            return
        for completion in self.get_completions(document, complete_event):
            yield completion

    async def _online(self, word: str) -> list[Completion]:
        if word.startswith("@"):
            return []
        try:
            async with asyncio.timeout(1.0):
                rows = await self._players(word.lstrip('"'))
        except TimeoutError:
            return []
        names = [row["name"] for row in rows]
        return [
            Completion(
                named, -len(word), display=safe(row["name"]), display_meta=safe(row["server"])
            )
            for row in rows
            if (named := _named(row, names.count(row["name"]) > 1)) is not None
        ]

    def _commands(self, typed: str) -> Iterator[Completion]:
        for name, command in self._book.named(typed):
            yield Completion(
                name + (" " if command["arguments"] else ""),
                -len(typed),
                display=name,
                display_meta=self._(command["about"]),
            )

    def _tickets(self, spot: Spot) -> Iterator[Completion]:
        typed = spot.word.lstrip("#＃")
        for row in self._board.by_interest():
            number = str(row["ticket"])
            if number.startswith(typed):
                about = f"{row['player'] or ''} {row['server'] or ''}: {row['text'] or ''}"
                meta = clip(safe(about), META)
                yield Completion(number + " ", -len(spot.word), f"#{number}", meta)

    def _servers(self, spot: Spot) -> Iterator[Completion]:
        for name, state in sorted(self._board.servers.items()):
            if name.startswith(spot.word):
                yield Completion(name, -len(spot.word), safe(name), state)

    def _gms(self, spot: Spot) -> Iterator[Completion]:
        for name in sorted(self._board.staff):
            if name.lower().startswith(spot.word.lower()):
                meta = self._(N_("on duty")) if name in self._board.on_duty else ""
                yield Completion(name, -len(spot.word), safe(name), meta)

    def _choices(self, spot: Spot) -> Iterator[Completion]:
        choices = spot.argument["choices"] if spot.argument else ()
        for choice in choices:
            if choice.startswith(spot.word):
                yield Completion(choice, -len(spot.word))

    def _filters(self, spot: Spot) -> Iterator[Completion]:
        key, colon, value = spot.word.partition(":")
        within = spot._replace(word=value)
        if not colon:
            yield from self._choices(spot) if spot.word else ()
        elif key == "server":
            yield from self._servers(within)
        elif key == "gm":
            yield from self._gms(within)
        elif key == "state":
            states = ("open", "completed", "closed", "cancelled", "any")
            yield from (Completion(s, -len(value)) for s in states if s.startswith(value))

    def _help(self, spot: Spot) -> Iterator[Completion]:
        if spot.argument is not None and spot.argument["name"] == "command":
            yield from self._commands(spot.word)

    _KINDS: Mapping[str, Callable[[GateCompleter, Spot], Iterator[Completion]]] = {
        "ticket": _tickets,
        "server": _servers,
        "gm": _gms,
        "choice": _choices,
        "filters": _filters,
        "text": _help,
    }


def _named(row: Json, ambiguous: bool) -> str | None:
    """How to name the player so that only this one is meant; None where it cannot be typed."""
    name, id = row["name"], str(row["id"])
    if safe(name) != name or '"' in name or not name.strip():
        return f"{row['server']}:@{id} " if _PLAIN_ID.fullmatch(id) else None
    quoted = name if name.isalnum() else f'"{name}"'
    return f"{row['server']}:{quoted} " if ambiguous else f"{quoted} "
