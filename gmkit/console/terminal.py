"""The GM's terminal as a whole: what comes from the daemon, what the GM types."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

from gmkit.errors import GMError
from gmkit.i18n import N_
from gmkit.text import safe

from .batch import Who
from .board import Board
from .client import GateClient
from .completing import CommandBook
from .core import Message
from .lines import LineMaker, Span
from .render import NO_TICKET, Views, renderables
from .screen import Screen
from .toolbar import Toolbar

HIDDEN = frozenset({"sent", "delivered"})
"""Kinds that would only be noise: whether a line arrived is seen in ``ticket view``."""

FIRST_TICKETS = 12
LEAVE = frozenset({"exit", "quit"})
SHORT_HELP = N_(
    "Tab completes, ↑ brings back what you typed, Ctrl-C clears the line, Ctrl-D leaves. "
    "All commands: help"
)


class Terminal:
    """Everything but the keyboard. ``client`` is set by whoever wires it."""

    client: GateClient

    def __init__(self, who: Who, screen: Screen, gettext: Callable[[str], str]) -> None:
        self._who = who
        self._screen = screen
        self.gettext = self._ = gettext
        self.board = Board()
        self.book = CommandBook()
        self.toolbar = Toolbar(self.board, gettext)
        self.lines = LineMaker(gettext)
        self._tasks: set[asyncio.Task[None]] = set()
        self._shown = False

    # --- from the daemon ----------------------------------------------------------------------

    def heard(self, message: Message) -> None:
        """One message of the daemon that is no answer."""
        match message["type"]:
            case "event":
                self._event(message["event"])
            case "welcome":
                self._welcome(message)
            case "snapshot":
                self._snapshot(message)
            case "notice":
                self.say("alert", message["sentence"])

    def down(self, why: GMError) -> None:
        """The link is lost."""
        if self.toolbar.lost_since is None:
            lost = self._(N_("The link to the daemon is lost: {why} It is tried again."))
            self.say("link", lost.format(why=why.sentence(self._)))
        self.toolbar.lost()

    def _welcome(self, message: Message) -> None:
        if self.toolbar.lost_since is not None and self._shown:
            back = self._(N_("The link to {where} is back; nothing was missed."))
            self.say("linked", back.format(where=self._who.where))
        self.toolbar.linked()
        self.board.gm = str(message["gm"])
        self.spawn(self._learn_commands())

    async def _learn_commands(self) -> None:
        answer = await self.client.ask("commands", lang=self._who.lang)
        self.book.learn(answer["commands"])

    def _snapshot(self, snapshot: Message) -> None:
        self.board.reset(self.board.gm, snapshot)
        for row in snapshot["tickets"]:
            self.lines.learn(row)
        if self._shown and snapshot.get("reset"):
            self.say("alert", self._(N_("The daemon has another log now; this is its present.")))
        self._shown = True
        self._screen.show(self._opening())

    def _opening(self) -> Iterable[Any]:
        from rich.text import Text

        welcome = self.client.core.welcome or {}
        head = self._(N_("{daemon}: you are {gm} ({role}), {servers} servers"))
        yield Text(safe(head.format(**welcome | {"servers": len(self.board.servers)})), "bold")
        yield Text(self._(SHORT_HELP), "dim")
        rows = [row for row in self.board.by_interest() if row["waiting_since"]]
        if not rows:
            yield Text(self._(NO_TICKET))
            return
        yield Views(self._, time.time()).tickets(rows[:FIRST_TICKETS])
        if self.board.waiting > FIRST_TICKETS:
            more = self._(N_("{n} wait in all: ticket list"))
            yield Text(more.format(n=self.board.waiting), "dim")

    def _event(self, event: Message) -> None:
        self.board.apply(event)
        spans = self.lines.spans(event)
        if event["kind"] not in HIDDEN:
            self._screen.line(self._marked(event, spans))

    def _marked(self, event: Message, spans: list[Span]) -> list[Span]:
        """With a mark before what concerns my tickets."""
        row = self.board.tickets.get(event.get("ticket") or 0)
        mine = row is not None and row["claimed_by"] == self.board.gm
        return [Span("mine", "▌") if mine else Span("", " "), *spans]

    def say(self, role: str, sentence: str) -> None:
        """A line of the terminal's own."""
        clock = time.strftime("%H:%M:%S")
        self._screen.line([Span("", " "), Span("time", f"{clock} "), Span(role, safe(sentence))])

    # --- from the keyboard --------------------------------------------------------------------

    def typed(self, line: str) -> bool:
        """Take a line; False when the GM wants to leave."""
        line = line.strip()
        if line.lower().lstrip("/.!") in LEAVE:
            return False
        if line:
            self.spawn(self._run("help" if line in ("?", "？") else line))
        return True

    async def _run(self, line: str) -> None:
        if self.toolbar.linked_since is None:
            self.say("link", self._(N_("There is no link; this is sent as soon as it is back.")))
        answer = await self.client.do(line)
        if answer["type"] == "refused":
            self._screen.line([Span("refused", "✗ " + safe(answer["sentence"]))])
        elif answer["view"] == "done":
            self._screen.line([Span("done", "✓ " + safe(answer["sentence"]))])
        else:
            self._screen.show(renderables(answer, lang=self._who.lang, now=time.time()))

    async def players(self, part: str) -> list[Message]:
        """Players online, for completion."""
        if self.toolbar.linked_since is None:
            return []
        rows: list[Message] = (await self.client.ask("players", part=part, limit=30))["players"]
        return rows

    def spawn(self, work: Any) -> None:
        """Do something beside the keyboard."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Give up what is still being done."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
