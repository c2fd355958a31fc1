"""The line below the prompt: the link, who is on duty, who waits, what is mine."""

from __future__ import annotations

import time
from collections.abc import Callable

from gmkit.i18n import N_
from gmkit.text import clip, safe, width

from .board import Board
from .when import age

Fragments = list[tuple[str, str]]

MOST_MINE = 6
NAME = 12


class Toolbar:
    """Makes the toolbar's text. ``linked_since``: None while there is no link."""

    def __init__(self, board: Board, gettext: Callable[[str], str]) -> None:
        self._board = board
        self._ = gettext
        self.linked_since: float | None = None
        self.lost_since: float | None = None

    def linked(self) -> None:
        """The link works."""
        self.linked_since, self.lost_since = time.time(), None

    def lost(self) -> None:
        """The link is lost."""
        self.linked_since, self.lost_since = None, self.lost_since or time.time()

    def fragments(self, columns: int, now: float) -> Fragments:
        """The line, for prompt_toolkit, at most so many columns wide; the last parts go first."""
        parts = [self._link(), self._waiting(), self._mine(now), self._duty()]
        line: Fragments = []
        used = 0
        for style, text in (part for part in parts if part[1]):
            between = " │ " if line else " "
            room = columns - used - width(between)
            if room < 8:
                break
            shown = clip(text, room)
            line += [("class:between", between), (style, shown)]
            used += width(between) + width(shown)
        return line

    def _link(self) -> tuple[str, str]:
        if self.linked_since is not None:
            since = time.strftime("%H:%M:%S", time.localtime(self.linked_since))
            return "class:linked", self._(N_("● linked since {at}")).format(at=since)
        if self.lost_since is None:
            return "class:lost", self._(N_("○ connecting …"))
        since = time.strftime("%H:%M:%S", time.localtime(self.lost_since))
        lost = N_("○ no link since {at}; what you type is sent when it is back")
        return "class:lost", self._(lost).format(at=since)

    def _waiting(self) -> tuple[str, str]:
        count = self._board.waiting
        if not count:
            return "class:calm", self._(N_("nobody waits"))
        return "class:waiting", self._(N_("{n} waiting")).format(n=count)

    def _mine(self, now: float) -> tuple[str, str]:
        mine = self._board.mine()
        if not mine:
            return "class:calm", self._(N_("you hold none"))
        shown = [self._ticket(row, now) for row in mine[:MOST_MINE]]
        more = f" +{len(mine) - MOST_MINE}" if len(mine) > MOST_MINE else ""
        return "class:mine", self._(N_("yours: {tickets}")).format(tickets=" ".join(shown) + more)

    def _ticket(self, row: dict[str, object], now: float) -> str:
        name = clip(safe(str(row.get("player") or "")), NAME)
        waits = age(row.get("waiting_since"), now, self._)
        return f"#{row['ticket']} {name}" + (f" ({waits})" if waits else "")

    def _duty(self) -> tuple[str, str]:
        if not self._board.on_duty:
            return "class:waiting", self._(N_("nobody is on duty"))
        names = ", ".join(safe(name) for name in self._board.on_duty)
        return "class:calm", self._(N_("on duty: {names}")).format(names=names)
