"""Hostile text is shown harmlessly."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmkit.text import MOST_MARKS, clip, game_safe, safe, width

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40) | st.text(
    st.sampled_from(
        "a我\x1b[\x9b\x00\n\r\u202e\u2066\u200b\u200d\ufe0f\u0301\u0300👨💥\ud800 \u3000\u00ad"
    ),
    max_size=40,
)
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("我的火车卡住了", "我的火车卡住了"),
        ("plain", "plain"),
        ("\x1b[31mred\x1b]0;title\x07", "␛[31mred␛]0;title␇"),
        ("a\r\nb\tc\x7f", "a␍␊b␉c␡"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("阿\u200b宝", "阿\\u200b宝"),
        ("\u2028x\ufeff", "\\u2028x\\ufeff"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨👩👧 ❤"),
        ("z" + "\u0301" * 50, "z" + "\u0301" * MOST_MARKS),
        ("\u0301x", "◌\u0301x"),
        ("\ud83d", "\\ud83d"),
        ("\U000e0041", "\\U000e0041"),
        ("nb\u00a0sp", "nb sp"),
        ("full\u3000width", "full\u3000width"),
        ("\u3164", "\\u3164"),
        ("[bold]x[/]", "[bold]x[/]"),
        ("สวัสดี", "สวัสดี"),
    ],
)
def test_what_a_terminal_shows(typed: str, shown: str) -> None:
    assert safe(typed) == shown


@given(ANY_TEXT)
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    shown = safe(text)
    assert not OBEYED & {unicodedata.category(char) for char in shown}
    assert safe(shown) == shown
    shown.encode("utf-8")


@given(ANY_TEXT)
def test_marks_do_not_pile_up(text: str) -> None:
    run = 0
    for char in safe(text):
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        assert run <= MOST_MARKS


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("hi; kick all\nrcon quit\r", "hi; kick all rcon quit"),
        ("\x1b[31mred", "[31mred"),
        ("a\u202eb\u200bc\u2066", "abc"),
        ("👨\u200d👩 ❤\ufe0f", "👨\u200d👩 ❤\ufe0f"),
        ("\u0301x", "x"),
        ("x" + "\u0301" * 9, "x" + "\u0301" * MOST_MARKS),
        ("\ud800", "\ufffd"),
        ("  a \t b  ", "a b"),
        ("我的\u3000剑", "我的\u3000剑"),
        ("", ""),
    ],
)
def test_what_a_game_gets(typed: str, sent: str) -> None:
    assert game_safe(typed) == sent


@given(ANY_TEXT)
def test_a_game_gets_one_line(text: str) -> None:
    sent = game_safe(text)
    assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(char) for char in sent}
    assert not set(sent) & set("\u202e\u2066\u200b\u00ad")
    assert game_safe(sent) == sent
    sent.encode("utf-8")


@given(ANY_TEXT, st.integers(0, 30))
def test_clip_keeps_to_columns(text: str, columns: int) -> None:
    shown = safe(text)
    assert width(clip(shown, columns)) <= columns
    if width(shown) <= columns and columns:
        assert clip(shown, columns) == shown


def test_clip_does_not_cut_a_wide_character() -> None:
    assert clip("我的火车", 5) == "我的…"
    assert clip("我的火车", 4) == "我…"
    assert clip("我的火车", 8) == "我的火车"
