"""gmkit.durations: 4d20h3s and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmkit.durations import LONGEST, BadDuration, format_duration, parse_duration
from gmkit.errors import GMError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("4d20h3s", 4 * 86400 + 20 * 3600 + 3),
        ("30m", 1800),
        ("90m", 5400),
        ("2w", 1209600),
        (" 1H ", 3600),
        ("0", 0),
        ("0s", 0),
    ],
)
def test_parse(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "h", "3s4d", "1.5h", "-3s", "4d 20h", "9999999999w", "٣s"]
)
def test_what_is_no_duration_says_how_to_write_one(text: str) -> None:
    with pytest.raises(BadDuration, match="30m"):
        parse_duration(text)


@given(st.integers(0, LONGEST))
def test_there_and_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text())
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        assert 0 <= parse_duration(text) <= LONGEST
    except GMError:
        pass


def test_format_in_few_parts() -> None:
    assert format_duration(4 * 86400 + 20 * 3600 + 3, parts=2) == "4d20h"
    assert format_duration(-3) == format_duration(0.4) == "0s"
