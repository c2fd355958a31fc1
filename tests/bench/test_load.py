"""The generator counts what it gets, wherever reads cut it, and says what games say."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bench.bridge_dialect import GmkitDialect
from bench.dialect import TEXT, stamp, text
from bench.load import Counter, Stamps
from bench.result import Goal
from gmkit.wire.frames import Decoder
from gmkit.wire.messages import number, said


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


BETWEEN = st.binary(max_size=40).map(lambda noise: noise.replace(b"^", b"."))
"""What servers put around a text: anything but a part of the mark."""


@given(st.integers(0, 20), st.lists(st.integers(0, 5000), max_size=30), BETWEEN)
def test_every_line_counts_once_however_it_is_cut(
    lines: int, cuts: list[int], between: bytes
) -> None:
    data = (between + text(stamp()) + b"\r\n") * lines
    counter, ages = Counter(), list[float]()
    stamps = Stamps(ages)
    assert sum(counter.count(piece) for piece in pieces(data, cuts)) == lines
    assert sum(stamps.count(piece) for piece in pieces(data, cuts)) == lines
    assert len(ages) == lines


def test_lines_are_what_games_say() -> None:
    dialect = GmkitDialect({}, {"players": 3})
    dialect.prepare(2)
    messages = Decoder().feed(dialect.lines(1, 4, stamp()) + dialect.lines(1, 2, stamp()))
    assert [number(message) for message in messages] == [1, 2, 3, 4, 5, 6]
    assert len({said(message)[0].id for message in messages}) == 3
    assert all(len(said(m)[1].removeprefix("!help ").encode()) == TEXT for m in messages)


def test_goals_know_which_way_is_better() -> None:
    assert Goal(2.5, 3.5, more_is_better=True).verdict(3.0) == "must"
    assert Goal(2.5, 3.5, more_is_better=True).verdict(2.0) == "below"
    assert Goal(3.0, 2.0).verdict(2.5) == "must"
    assert Goal(3.0, 2.0).verdict(1.0) == "aim"
