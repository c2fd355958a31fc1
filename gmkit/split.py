"""One text as the lines that a game's chat can hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from wcwidth import iter_graphemes

# Where a reader of Chinese or Japanese pauses: a line may well end behind one of these.
_PAUSES = frozenset("，。！？；：、…）」』】》〉”’,.!?;:)")

_SURROGATE = re.compile("[\ud800-\udfff]")


def split(text: str, characters: int = 0, bytes: int = 0, encoding: str = "utf-8") -> list[str]:
    """The lines to send for ``text``, none of them longer than the limits; 0 means no limit.

    ``characters`` counts code points, ``bytes`` the line in ``encoding``. What that encoding
    cannot hold becomes ``?``. A character is never torn, nor what belongs to it (accents, emoji
    joined into one), unless it alone is longer than a line. Lines end at a space or behind
    punctuation where one is near, and are numbered ``(1/3)`` when there are several. A text of
    nothing but spaces gives no line.
    """
    text = text.strip()
    if encoding == "utf-8" and _surely_fits(text, characters, bytes):
        return [text] if text else []
    within = _Limits(characters, bytes, encoding)
    clusters = [_encodable(cluster, encoding) for cluster in iter_graphemes(text)]
    whole = "".join(clusters)
    if within.holds(whole):
        return [whole] if whole else []
    for digits in range(1, 7):
        room = within.less(len(f"({'9' * digits}/{'9' * digits}) "))
        if room is None:
            break
        lines = list(_lines(clusters, room))
        if len(str(len(lines))) <= digits:
            return [f"({n}/{len(lines)}) {line}" for n, line in enumerate(lines, 1)]
    return list(_lines(clusters, within))  # so short a line has no room for numbers


def _surely_fits(text: str, characters: int, bytes: int) -> bool:
    """Whether the text fits without a closer look: the common case. Four bytes are the most that
    UTF-8 needs for a character; a lone surrogate it cannot hold at all."""
    if 0 < characters < len(text) or 0 < bytes < 4 * len(text):
        return False
    return text.isascii() or _SURROGATE.search(text) is None


class _Limits:
    """The two limits of a line, and the measure of a piece."""

    def __init__(self, characters: int, bytes: int, encoding: str) -> None:
        self.characters = characters
        self.bytes = bytes
        self.encoding = encoding
        self.size = lru_cache(maxsize=1024)(self._size)

    def _size(self, piece: str) -> int:
        return len(piece.encode(self.encoding))

    def holds(self, line: str) -> bool:
        return not (0 < self.characters < len(line) or 0 < self.bytes < self._size(line))

    def less(self, room: int) -> _Limits | None:
        """What is left of a line that begins with ``room`` ASCII characters.

        None where that is less than the beginning itself.
        """
        taken = self._size(" " * room)
        if 0 < self.characters <= 2 * room or 0 < self.bytes <= 2 * taken:
            return None
        return _Limits(
            self.characters and self.characters - room,
            self.bytes and self.bytes - taken,
            self.encoding,
        )

    def torn(self, cluster: str) -> Iterator[str]:
        """The cluster, in several pieces only if it is longer than a line."""
        if self.holds(cluster):
            yield cluster
            return
        for char in cluster:
            yield char if self.holds(char) else "?"


def _encodable(cluster: str, encoding: str) -> str:
    """The cluster with what cannot be encoded left out, or ``?`` when its base is lost."""
    for form in (cluster, unicodedata.normalize("NFC", cluster)):
        if _can(form, encoding):
            return form
    if not _can(cluster[0], encoding):
        return "?"
    return "".join(char for char in cluster if _can(char, encoding))


def _can(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _lines(clusters: list[str], within: _Limits) -> Iterator[str]:
    pieces = [piece for cluster in clusters for piece in within.torn(cluster)]
    start = 0
    while start < len(pieces):
        end = _furthest(pieces, start, within)
        if end < len(pieces):
            end = _good_end(pieces, start, end)
        line = "".join(pieces[start:end]).strip()
        if line:
            yield line
        start = end


def _furthest(pieces: list[str], start: int, within: _Limits) -> int:
    """How far a line from ``start`` can reach; at least one piece."""
    characters = size = 0
    for at in range(start, len(pieces)):
        characters += len(pieces[at])
        size += within.size(pieces[at]) if within.bytes else 0
        if 0 < within.characters < characters or 0 < within.bytes < size:
            return max(at, start + 1)
    return len(pieces)


def _good_end(pieces: list[str], start: int, end: int) -> int:
    """The last place of the line's second half to end it at, or ``end``."""
    if pieces[end].isspace():
        return end
    for at in range(end, start + (end - start) // 2, -1):
        last = pieces[at - 1]
        if last.isspace() or (last in _PAUSES and not _inside_word(pieces, at)):
            return at
    return end


def _inside_word(pieces: list[str], at: int) -> bool:
    """Whether the punctuation before ``at`` is part of something like ``3.14`` or ``a:b``."""
    return pieces[at - 1].isascii() and pieces[at].isascii() and pieces[at].isalnum()
