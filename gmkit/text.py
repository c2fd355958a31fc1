"""Text of players and peers, made harmless for terminals and for games.

What somebody typed is stored as it came. Where it is shown it goes through :func:`safe`; where it
is sent into a game, through :func:`game_safe`.
"""

from __future__ import annotations

import re
import unicodedata

MOST_MARKS = 3
"""Combining marks shown on one character; more would climb over the neighbouring lines."""

# Letters, digits, punctuation and ideographs that need no second look: the common case.
_PLAIN = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u3000-\u3029\u3041-\u3096"
    "\u30a1-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff9f\uffe0-\uffe6]*"
)
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing although Unicode does not call them controls."""
_SPACES = frozenset("\u3000")
_JOINER = "\u200d"
_PICTURE_STYLE = frozenset("\ufe0e\ufe0f")


def safe(text: str) -> str:
    """``text`` as one line that any terminal shows without obeying any of it.

    Control characters become their pictures (``␛``, ``␊``); characters that turn, hide or join
    the text become ``\\u202e``; at most MOST_MARKS marks stay on one character. The result has
    no character of the Unicode categories Cc, Cf, Cs, Zl and Zp. Applied twice it changes nothing.
    """
    if _PLAIN.fullmatch(text):
        return text
    shown: list[str] = []
    marks = MOST_MARKS  # a mark without a base would sit on what stands to the left
    before = ""
    for char in text:
        kind = unicodedata.category(char)
        if kind in ("Mn", "Me") and char not in _BLANKS:
            if char in _PICTURE_STYLE:
                continue
            if not shown:
                shown.append("◌")
                marks = 0
            if marks < MOST_MARKS:
                shown.append(char)
                marks += 1
            continue
        if char == _JOINER and _is_picture(before):
            continue
        shown.append(_visible(char, kind))
        before = char
        marks = 0
    return "".join(shown)


def _visible(char: str, kind: str) -> str:
    if char in _SPACES:
        return char
    if kind == "Zs":
        return " "
    code = ord(char)
    if kind == "Cc":
        if code < 0x20:
            return chr(0x2400 + code)
        return "␡" if code == 0x7F else f"\\x{code:02x}"
    if kind in ("Cf", "Cs", "Zl", "Zp") or char in _BLANKS or _is_noncharacter(code):
        return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return char


def _is_picture(char: str) -> bool:
    """Whether a joiner after it only joins emoji, as in a family of three."""
    return "\u2600" <= char <= "\u27bf" or "\U0001f000" <= char <= "\U0001faff"


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def game_safe(text: str) -> str:
    """``text`` as one line for a game: nothing in it can end the line or hide.

    Controls and line breaks become spaces; what is invisible or turns the text is dropped, but for
    the joiner inside emoji; runs of spaces become one.
    """
    if "  " not in text and ((text.isascii() and text.isprintable()) or _PLAIN.fullmatch(text)):
        return text.strip(" ")
    kept: list[str] = []
    marks = 0
    for char in text:
        kind = unicodedata.category(char)
        if kind in ("Mn", "Me"):
            marks += 1
            if marks <= MOST_MARKS and char not in _BLANKS and kept and kept[-1] != " ":
                kept.append(char)
            continue
        if kind in ("Cc", "Zl", "Zp", "Zs") and char not in _SPACES:
            char = " "
        elif kind == "Cs":
            char = "\ufffd"
        elif char == _JOINER and kept and (_is_picture(kept[-1]) or kept[-1] in _PICTURE_STYLE):
            pass
        elif kind == "Cf" or char in _BLANKS or _is_noncharacter(ord(char)):
            continue
        marks = 0
        kept.append(char)
    return re.sub(" {2,}", " ", "".join(kept)).strip(" ")


def width(text: str) -> int:
    """Columns that ``text``, already safe, takes on a terminal."""
    if text.isascii():
        return len(text)
    from wcwidth import wcwidth

    return sum(max(0, wcwidth(char)) for char in text)


def clip(text: str, columns: int) -> str:
    """``text``, already safe, cut to ``columns`` with ``…`` where something was cut."""
    if columns <= 0:
        return ""
    if width(text) <= columns:
        return text
    used = 1  # the ellipsis
    for at, char in enumerate(text):
        used += width(char)
        if used > columns:
            return text[:at] + "…"
    return text
