"""What players type: the lines of ``player_lines.jsonl``, sorted by what they are for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from random import Random
from typing import NamedTuple

NOISE = ("smalltalk", "abuse", "gm_impersonation_check", "thanks_or_done")
"""Causes that are no case for a GM; all but small talk still turn up in help channels."""

TRIGGERS = {True: ("!help", "求助", "@GM"), False: ("!help", "/help", "@GM")}
"""How players call for help, by whether they write Chinese."""

NUDGES = {
    True: ("还在吗？", "有人处理吗", "补充一下，重启过了还是一样"),
    False: ("are you still there?", "any news?", "I restarted and it is the same"),
}
"""What a player adds to an open ticket when nothing else comes to mind."""


class Line(NamedTuple):
    """One line of the corpus. ``cause`` is its entry in the answer key."""

    text: str
    chinese: bool
    cause: str


class Corpus:
    """Lines by language and purpose."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._by: dict[tuple[bool, str], list[str]] = {}
        for line in lines:
            self._by.setdefault((line.chinese, line.cause), []).append(line.text)
        self._causes = {
            chinese: sorted({c for z, c in self._by if z is chinese} - set(NOISE))
            for chinese in (True, False)
        }

    def ask(self, rng: Random, chinese: bool) -> Line:
        """A call for help; one in ten is rude or asks whether the GM is real."""
        cause = rng.choice(self._causes[chinese])
        if rng.random() < 0.1:
            cause = rng.choice(("abuse", "gm_impersonation_check"))
        return self._of(rng, chinese, cause)

    def more(self, rng: Random, about: Line) -> str:
        """Something to add to an open ticket."""
        if rng.random() < 0.5:
            return rng.choice(NUDGES[about.chinese])
        return self._of(rng, about.chinese, about.cause).text

    def chat(self, rng: Random, chinese: bool) -> str:
        """Small talk that is meant for nobody in particular."""
        return self._of(rng, chinese, "smalltalk").text

    def thanks(self, rng: Random, chinese: bool) -> str:
        """What a player says who has been helped, or has given up."""
        return self._of(rng, chinese, "thanks_or_done").text

    def _of(self, rng: Random, chinese: bool, cause: str) -> Line:
        return Line(rng.choice(self._by[chinese, cause]), chinese, cause)


@cache
def shipped() -> Corpus:
    """The corpus that comes with the package; it never changes, so that servers share it."""
    text = (files(__package__) / "player_lines.jsonl").read_text("utf-8")
    rows = map(json.loads, text.splitlines())
    return Corpus(Line(row["text"], row["lang"] != "en", row["cause"]) for row in rows)
