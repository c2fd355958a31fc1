"""How lines look on a terminal: colours by what a piece of text is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import IO

from .lines import Span

STYLES: dict[str, str] = {
    "time": "2",
    "server": "36",
    "ticket": "1;33",
    "player": "1",
    "question": "",
    "gm": "32",
    "answer": "32",
    "note": "35",
    "event": "34",
    "quiet": "2",
    "alert": "1;31",
    "link": "1;31",
    "linked": "1;32",
    "mine": "1;32",
    "done": "32",
    "refused": "31",
}
"""SGR parameters (ECMA-48), from the 8 colours that every terminal and every theme has."""


def coloured(spans: Iterable[Span]) -> str:
    """The spans with colours; their text must be safe already."""
    return "".join(
        f"\x1b[{code}m{text}\x1b[0m" if (code := STYLES.get(role, "")) else text
        for role, text in spans
    )


def plain(spans: Iterable[Span]) -> str:
    """The spans without colours."""
    return "".join(text for _, text in spans)


def wants_colour(stream: IO[str]) -> bool:
    """Whether the stream is a terminal and nobody asked for none (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
