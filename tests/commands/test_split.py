"""gmkit.split: texts cut to a game's limits, never inside a character."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from gmkit.split import split

ENCODINGS = st.sampled_from(["utf-8", "gbk", "gb18030", "latin-1", "ascii", "utf-16-le", "big5"])
TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("阿宝你好，。！ abcd é ́👨‍👩‍👧🇨🇳한"),
    ),
    max_size=200,
)
NUMBER = re.compile(r"\((\d+)/(\d+)\) ")


def test_short_text_is_one_line() -> None:
    assert split("hello", characters=80) == ["hello"]
    assert split("hello") == ["hello"]
    assert split("  ") == []


def test_lines_end_at_spaces_and_are_numbered() -> None:
    assert split("one two three four five six", characters=20) == [
        "(1/2) one two three",
        "(2/2) four five six",
    ]


def test_chinese_lines_end_behind_punctuation() -> None:
    text = "您的剑已经找回，请查看邮箱。如果还有问题，请再联系我们！"
    lines = split(text, bytes=60, encoding="utf-8")
    assert [NUMBER.sub("", line) for line in lines] == [
        "您的剑已经找回，请查看邮箱。",
        "如果还有问题，请再联系我们！",
    ]


def test_numbers_and_addresses_stay_whole() -> None:
    assert all("3.14159" in line for line in split("pi is about 3.14159", characters=18)[-1:])


def test_what_the_encoding_lacks_becomes_a_question_mark() -> None:
    assert split("阿宝 ok 👍", encoding="gbk") == ["阿宝 ok ?"]
    assert split("e\u0301", encoding="latin-1") == ["é"]
    assert split("👨‍👩‍👧!", encoding="ascii") == ["?!"]
    assert split("\ud800") == ["?"]


def test_more_than_nine_lines_have_wider_numbers() -> None:
    lines = split("word " * 60, characters=20)
    assert lines[0].startswith(f"(1/{len(lines)}) ") and len(lines) > 9
    assert all(len(line) <= 20 for line in lines)


def test_a_tower_of_accents_longer_than_a_line_is_cut_between_code_points() -> None:
    lines = split("a" + "\u0301" * 100, characters=30)
    assert all(len(line) <= 30 for line in lines)
    assert sum(line.count("\u0301") for line in lines) == 100


@pytest.mark.parametrize("limit", range(1, 12))
def test_tiny_limits_still_end(limit: int) -> None:
    assert all(len(line.encode()) <= limit for line in split("你好 world", bytes=limit))


@settings(max_examples=300)
@given(TEXTS, st.integers(20, 80), st.integers(30, 120), ENCODINGS)
def test_every_line_is_within_both_limits(
    text: str, characters: int, size: int, encoding: str
) -> None:
    for line in split(text, characters, size, encoding):
        assert len(line) <= characters
        assert len(line.encode(encoding)) <= size


@settings(max_examples=300)
@given(TEXTS, st.integers(20, 80))
def test_nothing_but_spaces_is_lost_and_no_cluster_is_torn(text: str, characters: int) -> None:
    lines = split(text, characters)
    bare = [NUMBER.sub("", line, count=1) if len(lines) > 1 else line for line in lines]
    expected = [c.replace("\ud800", "?") for c in iter_graphemes(text.strip())]
    if all(len(cluster) <= characters // 3 for cluster in expected):
        clusters = [cluster for line in bare for cluster in iter_graphemes(line)]
        solid = [c for c in expected if not c.isspace()]
        told = [c for c in clusters if not c.isspace()]
        assert len(told) == len(solid)
    numbers = [NUMBER.match(line) for line in lines] if len(lines) > 1 else []
    assert [int(m[1]) for m in numbers if m] == list(range(1, len(numbers) + 1))
    assert all(m and int(m[2]) == len(lines) for m in numbers)
