"""Search: Chinese words of any length, Latin words, phrases, hostile queries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmkit.log import Query
from gmkit.log.search import match, spaced

from .log_samples import T0, asked, by_gm, in_memory, result

LINES = [
    "我的火车卡住了，救命",
    "My Sword vanished in the CAFÉ",
    "ログインできません",
    "sword of ＤＡＷＮ 等级99",
    "thanks 😀 bye",
    "𠮷野家 closed",
]


@pytest.fixture
def archive() -> Any:
    events = [asked(n, line) for n, line in enumerate(LINES, 1)]
    events.append(by_gm("noted", 2, text="the sword was sold", at=T0 + 50))
    return in_memory(events).archive


@pytest.mark.parametrize(
    ("text", "tickets"),
    [
        ("火车", [1]),
        ("车卡", [1]),
        ("车火", []),
        ("命", [1]),
        ("火车 救命", [1]),
        ("火车 sword", []),
        ("sword", [2, 4, 2]),
        ("SWORD van", [2]),
        ("vani", [2]),
        ("vani my", []),
        ('"sword vanished"', [2]),
        ('"vanished sword"', []),
        ("cafe", [2]),
        ("dawn", [4]),
        ("等级99", [4]),
        ("イン", [3]),
        ("😀", [5]),
        ("𠮷野", [6]),
        ("sold", [2]),
        ("!!! ,,, …", []),
        ('"', []),
        ("\0", []),
    ],
)
def test_what_finds_what(archive: Any, text: str, tickets: list[int]) -> None:
    assert [row["ticket"] for row in result(archive.search(Query(text)))] == tickets


def test_without_words_the_filters_alone_decide(archive: Any) -> None:
    def texts(**query: Any) -> list[str]:
        return [row["text"] for row in result(archive.search(Query(**query)))]

    assert texts() == ["the sword was sold", *LINES[::-1]]
    assert texts(gm="mei") == ["the sword was sold"]
    assert texts(text="sword", gm="mei") == ["the sword was sold"]
    assert texts(text="sword", until=T0 + 3) == [LINES[1]]
    assert texts(text="sword", since=T0 + 3) == ["the sword was sold", LINES[3]]
    assert texts(text="sword", server="s2*") == []
    assert texts(text="sword", servers=["x", "s?"]) == []
    assert len(texts(text="sword", servers=["x", "s*"])) == 3
    assert len(texts(text="sword", player="ann", state="open")) == 3
    assert texts(text="sword", state="closed") == []


NASTY = st.text(
    st.sampled_from('"*(){}[]:^-+.,\\/\0\n\t abNOTANDORNEAR火车😀\ud800é%_') | st.characters(),
    max_size=300,
)


@given(text=NASTY, other=NASTY)
@settings(deadline=None)
def test_no_query_is_ever_an_error(text: str, other: str) -> None:
    archive = _shared()
    query = Query(text, server=other, player=other, gm=other, state=other, servers=[other])
    assert type(result(archive.search(Query(text)))) is list
    assert type(result(archive.search(query))) is list
    assert type(result(archive.tickets(query))) is list
    assert type(result(archive.history(other, text))) is list
    assert type(result(archive.players(text))) is list


_kept: list[Any] = []


def _shared() -> Any:
    if not _kept:
        _kept.append(in_memory([asked(n, line) for n, line in enumerate(LINES, 1)]).archive)
    return _kept[0]


@given(st.text("火车卡住了ab c", min_size=1, max_size=12), st.data())
@settings(deadline=None)
def test_any_part_of_a_chinese_line_finds_it(line: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(line) - 1))
    part = line[start : start + data.draw(st.integers(1, 4))]
    if part.isascii():
        return
    log = in_memory([asked(1, "前面" + line + "后面")])
    left = " " if start and line[start - 1].isascii() and part[0].isascii() else ""
    found = result(log.archive.search(Query(left + part)))
    whole_words = not (part[0].isascii() and left) and not (
        part[-1].isascii() and line[start + len(part) : start + len(part) + 1].isascii()
    )
    assert found or not whole_words
    result(log.close())


def test_the_index_sees_single_characters() -> None:
    assert spaced("plain text") == "plain text"
    assert spaced("我a").split() == ["我", "a"]
    assert match("  ") is None
    assert match("a" * 10_000) is not None
