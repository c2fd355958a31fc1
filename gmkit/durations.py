"""Spans of time as GMs write them: ``4d20h3s``."""

from __future__ import annotations

import re

from gmkit.errors import GMError

UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
"""Seconds of each unit, the largest first."""

LONGEST = 100 * 366 * UNITS["d"]
"""The longest span that is taken, in seconds: a hundred years."""

_FORM = re.compile("".join(rf"(?:([0-9]{{1,10}}){unit})?" for unit in UNITS), re.ASCII)


class BadDuration(GMError):
    """{text} is no duration. Write it like 30m, 12h or 4d20h3s (w d h m s), at most 100 years."""


def parse_duration(text: str) -> int:
    """Seconds of ``4d20h3s``: numbers with the units w, d, h, m, s, the largest first.

    A bare ``0`` is nothing at all. Raises BadDuration for anything else.
    """
    form = _FORM.fullmatch(text.strip().lower())
    if text.strip() == "0":
        return 0
    if form is None or not any(form.groups()):
        raise BadDuration(text=text)
    counts = (int(count or 0) for count in form.groups())
    seconds = sum(count * size for count, size in zip(counts, UNITS.values(), strict=True))
    if seconds > LONGEST:
        raise BadDuration(text=text)
    return seconds


def format_duration(seconds: float, parts: int = len(UNITS)) -> str:
    """``4d20h3s`` for a number of seconds, whole ones, in at most ``parts`` of the units.

    What is smaller than a second, or negative, is ``0s``.
    """
    rest = max(0, int(seconds))
    words = []
    for unit, size in UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count}{unit}")
    return "".join(words[:parts]) or "0s"
