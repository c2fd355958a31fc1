"""Search and a player's history, asked of the archive as the daemon's readers ask it."""

from __future__ import annotations

from .context import Context
from .log_engine import archive
from .result import Goal, Result

_SEARCH = Goal(5.0, 1.0, "ms")
_HISTORY = Goal(2.0, 0.2, "ms")


def questions(ctx: Context) -> list[Result]:
    """Newest 50 messages with a word, and a player's newest 50, medians."""
    count = 12_000_000 if ctx.big else ctx.size(1_200_000, 6_000)  # five in six have a text
    folder = ctx.folder / "archive"
    folder.mkdir()
    figures = archive(folder, count)
    row = f"archive, {figures['messages_with_text']:,} messages"
    results = [
        Result(row, what, figures[key]["p50_ms"], goal, note=_slowest(figures[key]))
        for what, key, goal in (
            ("search, a word of two Chinese characters", "search_chinese_two_characters", _SEARCH),
            ("search, a rare word", "search_rare_word", _SEARCH),
            ("search, a rare Chinese word", "search_chinese_rare", _SEARCH),
            ("a player's history", "history", _HISTORY),
        )
    ]
    results[-1].detail = figures
    return results


def _slowest(figures: dict[str, float]) -> str:
    return f"p99 {figures['p99_ms']:.3g} ms"
