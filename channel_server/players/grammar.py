"""What a player's chat line asks of gmkit, if anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

ASK, EXPLAIN, STATUS, CANCEL, VERIFY, RATE = "ask", "explain", "status", "cancel", "verify", "rate"

WORDS = {
    "status": STATUS,
    "状态": STATUS,
    "狀態": STATUS,
    "cancel": CANCEL,
    "取消": CANCEL,
    "verify": VERIFY,
    "验证": VERIFY,
    "驗證": VERIFY,
}
_HALF_WIDTH = str.maketrans({chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)})
_FULL_WIDTH = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_PREFIXES = "!/.@"


class Line(NamedTuple):
    """A line that gmkit answers. ``text`` is the question, or the digit of a rating."""

    what: str
    text: str = ""


class Grammar:
    """Recognises one server's help words. Full-width forms and letter case do not matter."""

    def __init__(self, triggers: Sequence[str]) -> None:
        self.triggers = tuple(triggers)
        self.prefix = next((t[0] for t in triggers if t[0] in _PREFIXES), "!")
        self._exact = sorted(triggers, key=len, reverse=True)  # as nearly everybody types them
        self._folded = sorted((t.translate(_HALF_WIDTH).lower() for t in triggers), key=len)[::-1]
        self._enough = max(16, *(len(t) + 1 for t in triggers))  # characters that decide
        starts = {t[0] for t in self._folded} | set("!/12345")
        starts |= {s.upper() for s in starts} | {_FULL_WIDTH[s] for s in starts if s in _FULL_WIDTH}
        self._starts = frozenset(starts)

    def read(self, text: str) -> Line | None:
        """What the line asks for; None for ordinary chat."""
        text = text.strip()
        if not text or text[0] not in self._starts:
            return None
        for trigger in self._exact:
            if text.startswith(trigger) and _ends_word(trigger, text[len(trigger) :]):
                return _question(text[len(trigger) :])
        head = text[: self._enough].translate(_HALF_WIDTH).lower()
        for trigger in self._folded:
            if head.startswith(trigger) and _ends_word(trigger, head[len(trigger) :]):
                return _question(text[len(trigger) :])
        bare = head.lstrip("!/")
        if bare in WORDS and bare != head:
            return Line(WORDS[bare])
        if bare in ("1", "2", "3", "4", "5"):
            return Line(RATE, bare)
        return None


def _question(rest: str) -> Line:
    question = rest.lstrip(" :,，：、\t\u3000")
    return Line(ASK, question) if question else Line(EXPLAIN)


def _ends_word(trigger: str, rest: str) -> bool:
    """``!helpme`` is not ``!help me``, but ``求助我卡住了`` is a question."""
    return not (rest and trigger[-1].isascii() and rest[0].isascii() and rest[0].isalnum())
