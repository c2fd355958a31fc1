"""A GM's line, word by word."""

from __future__ import annotations

from typing import NamedTuple

from .usage import OpenQuote

# Chinese keyboards give the slanted pair, in either order.
_CLOSED_BY = {'"': '"', "“": "”", "”": "”"}


class Word(NamedTuple):
    """One word: what stands bare, and what follows it in quotation marks, None without any."""

    bare: str
    quoted: str | None = None

    def __str__(self) -> str:
        return self.bare + (self.quoted or "")


class Words:
    """Reads words off a line from the left.

    A quotation mark opens at the start of a word or behind ``:`` or ``@``; inside of it a
    backslash takes the next quotation mark or backslash as it is.
    """

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0

    def rest(self) -> str:
        """All that is left, without spaces around it; nothing is left afterwards."""
        rest = self._line[self._at :].strip()
        self._at = len(self._line)
        return rest

    def left(self) -> bool:
        """Whether there is another word."""
        return bool(self._line[self._at :].strip())

    def peek(self) -> Word | None:
        """The next word, without taking it."""
        at = self._at
        word = self.next()
        self._at = at
        return word

    def next(self) -> Word | None:
        """Take the next word; None at the end. Raises OpenQuote."""
        line = self._line
        start = self._at
        while start < len(line) and line[start].isspace():
            start += 1
        if start == len(line):
            return None
        end = start
        while end < len(line) and not line[end].isspace():
            if line[end] in _CLOSED_BY and (end == start or line[end - 1] in ":：@"):
                return Word(line[start:end], self._quoted(end))
            end += 1
        self._at = end
        return Word(line[start:end])

    def _quoted(self, start: int) -> str:
        """What stands between the quotation mark at ``start`` and its end."""
        line, closing = self._line, _CLOSED_BY[self._line[start]]
        text: list[str] = []
        at = start + 1
        while at < len(line) and line[at] != closing:
            if line[at] == "\\" and line[at + 1 : at + 2] in ("\\", closing):
                at += 1
            text.append(line[at])
            at += 1
        if at == len(line):
            raise OpenQuote
        self._at = at + 1
        return "".join(text)
