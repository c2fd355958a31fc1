"""``gmkit console``: the live channel above a prompt."""

from __future__ import annotations

import asyncio
import os
import random
import time
from typing import TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import StdoutProxy
from prompt_toolkit.shortcuts import CompleteStyle
from prompt_toolkit.styles import Style

from gmkit.i18n import language
from gmkit.text import safe

from .batch import Who
from .client import GateClient
from .completing import GateCompleter
from .core import GateCore
from .history import history
from .screen import Screen, columns
from .terminal import Terminal

GULP = 0.1
"""Seconds between two redraws for new lines."""

STYLE = {
    "prompt": "ansigreen bold",
    "prompt.lost": "ansired bold",
    "bottom-toolbar": "noreverse bg:ansibrightblack fg:ansiwhite",
    "bottom-toolbar.text": "",
    "linked": "fg:ansibrightgreen",
    "lost": "bg:ansired fg:ansiwhite bold",
    "waiting": "fg:ansibrightyellow bold",
    "mine": "fg:ansiwhite bold",
    "calm": "fg:ansigray",
    "between": "fg:ansigray",
    "auto-suggestion": "fg:ansibrightblack",
    "completion-menu.completion": "bg:ansibrightblack fg:ansiwhite",
    "completion-menu.completion.current": "bg:ansicyan fg:ansiblack",
    "completion-menu.meta.completion": "bg:ansibrightblack fg:ansiwhite italic",
    "completion-menu.meta.completion.current": "bg:ansicyan fg:ansiblack",
}


def console(who: Who, *, duty: bool = True) -> int:
    """Open the terminal; returns when the GM leaves. Raises GMError when the gate is shut."""
    return asyncio.run(_console(who, duty))


async def _console(who: Who, duty: bool) -> int:
    proxy = StdoutProxy(sleep_between_writes=GULP, raw=True)
    screen = Screen(cast(TextIO, proxy), colours=not os.environ.get("NO_COLOR"), columns=columns)
    terminal = Terminal(who, screen, language(who.lang).gettext)
    core = GateCore(time.monotonic, user=who.user, password=who.password, lang=who.lang, duty=duty)
    terminal.client = GateClient(
        core,
        who.where,
        on_message=terminal.heard,
        on_down=terminal.down,
        jitter=random.Random(),
    )
    link = asyncio.create_task(terminal.client.run())
    with proxy:
        typing = asyncio.create_task(_type(terminal, _session(terminal)))
        try:
            await asyncio.wait({link, typing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = link if link.done() else typing
            for task in {link, typing} - {ended}:
                task.cancel()
            await asyncio.gather(link, typing, return_exceptions=True)
            await terminal.close()
    await ended
    return 0


async def _type(terminal: Terminal, session: PromptSession[str]) -> None:
    """Read lines until the GM leaves."""
    while True:
        try:
            line = await session.prompt_async(lambda: _prompt(terminal), handle_sigint=False)
        except EOFError:
            return
        if not terminal.typed(line):
            return


def _session(terminal: Terminal) -> PromptSession[str]:
    return PromptSession(
        completer=GateCompleter(terminal.book, terminal.board, terminal.players, terminal.gettext),
        complete_while_typing=True,
        complete_style=CompleteStyle.COLUMN,
        reserve_space_for_menu=6,
        auto_suggest=AutoSuggestFromHistory(),
        history=history(),
        bottom_toolbar=lambda: FormattedText(terminal.toolbar.fragments(columns(), time.time())),
        key_bindings=_keys(),
        style=Style.from_dict(STYLE),
        refresh_interval=1.0,
        enable_suspend=True,
    )


def _prompt(terminal: Terminal) -> FormattedText:
    style = "class:prompt" if terminal.toolbar.linked_since else "class:prompt.lost"
    name = safe(terminal.board.gm or "gmkit")
    return FormattedText([(style, f"{name} › ")])


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("c-c")
    def clear(event: KeyPressEvent) -> None:
        """Clear the line; leaving is Ctrl-D."""
        event.current_buffer.reset()

    return keys
