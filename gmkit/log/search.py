"""Full-text search that finds words of languages written without spaces.

FTS5 sees a run of Chinese characters as one word. So a space is put around each of them before
indexing, and what is searched for becomes a phrase of single characters.
"""

from __future__ import annotations

import re
import unicodedata

from .rows import escaped

MOST_TERMS = 16
MOST_CHARACTERS = 200

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u312f\u31a0-\u31ff"  # radicals, kana, bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"  # Han, Hangul
    "\U00020000-\U0003ffff"  # Han outside the basic plane
)
_PICTURES = "\u2190-\u2bff\U0001f000-\U0001faff"
_ALONE = re.compile(f"([{_UNSPACED}{_PICTURES}])")
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
_PREFIX = re.compile(r"[a-z0-9]+$", re.IGNORECASE)


def spaced(text: str) -> str:
    """``text`` as it is indexed: every character of an unspaced script a word of its own."""
    if text.isascii():
        return text
    return " ".join(_ALONE.split(unicodedata.normalize("NFKC", text)))


def match(text: str) -> str | None:
    """The FTS5 query for what somebody typed: words and "quoted phrases", all of which must occur.

    Letter case does not matter, and a last word in Latin letters may be unfinished. None when
    there is nothing in it to look for. Nothing that is typed can be an error.
    """
    typed = unicodedata.normalize("NFKC", escaped(text[:MOST_CHARACTERS])).replace("\0", " ")
    terms = []
    for found in list(_TERM.finditer(typed))[:MOST_TERMS]:
        words = spaced(found[1] if found[1] is not None else found[2])
        if any(_is_word(character) for character in words):
            terms.append(f'"{words}"')
    if not terms:
        return None
    if _PREFIX.search(typed):
        terms[-1] += " *"
    return " ".join(terms)


def _is_word(character: str) -> bool:
    """Whether the index keeps the character: letters, digits, private use, pictures."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category in ("Co", "So")
