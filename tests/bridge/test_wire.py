"""Frames and messages, without any connection."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmkit.model import Player
from gmkit.wire import messages
from gmkit.wire.frames import (
    MAX_FRAME,
    BadFrame,
    Decoder,
    FrameTooLong,
    encode,
    frame,
    frames,
    pack,
)

maps = st.lists(st.dictionaries(st.text(max_size=5), st.integers(0, 9) | st.text()), max_size=20)


@given(maps, st.lists(st.integers(1, 40), max_size=40))
def test_frames_survive_being_cut_anywhere(sent: list[dict[str, Any]], cuts: list[int]) -> None:
    data = encode(*sent) + encode() + encode(*sent)
    decoder, got = Decoder(), []
    for size in cuts:
        got += decoder.feed(data[:size])
        data = data[size:]
    got += decoder.feed(data)
    assert got == sent + sent


@pytest.mark.parametrize("count", [0, 1, 15, 16, 65_535, 65_536])
def test_frames_of_any_number_of_messages(count: int) -> None:
    one = pack({})
    assert Decoder().feed(frame([one] * count)) == [{}] * count


def test_many_messages_become_as_few_frames_as_fit() -> None:
    packed = [pack({"n": n, "x": "x" * 300_000}) for n in range(10)]
    data = frames(packed)
    assert [m["n"] for m in Decoder().feed(data)] == list(range(10))
    assert len(data) == sum(map(len, packed)) + 4 * (4 + 1), "three fit into one"
    assert frames(packed[:2]) == frame(packed[:2])
    assert frames([]) == encode()
    largest = pack({"x": "x" * (MAX_FRAME - 16)})
    assert len(Decoder().feed(frames([largest, pack({}), largest]))) == 3


def test_a_decoder_that_allows_less_at_first() -> None:
    decoder = Decoder(10)
    with pytest.raises(FrameTooLong, match="100 bytes was announced; the most is 10"):
        decoder.feed((100).to_bytes(4, "big"))
    decoder = Decoder(10)
    decoder.most = 1000
    assert decoder.feed(encode({"x": "x" * 100})) == [{"x": "x" * 100}]


@given(st.binary(max_size=60))
def test_any_body(body: bytes) -> None:
    try:
        got = Decoder().feed(len(body).to_bytes(4, "big") + body)
    except BadFrame:
        return
    assert all(isinstance(message, dict) for message in got)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_plain_values_are_told_from_others(value: Any) -> None:
    try:
        messages.plain(value, "facts")
    except messages.Unfit:
        return
    pack({"facts": value})


def test_a_value_is_looked_at_only_so_far() -> None:
    messages.plain([[[[[[[1]]]]]]], "x")
    with pytest.raises(messages.TooLong, match="x is too long: the most is 8 levels"):
        messages.plain([[[[[[[[1]]]]]]]], "x")
    messages.plain([0] * 9_999, "x")
    with pytest.raises(messages.TooLong, match="10000 values"):
        messages.plain([[0] * 5_000, [0] * 5_000], "x")


@given(
    st.builds(
        Player,
        st.text(min_size=1, max_size=128),
        st.text(min_size=1, max_size=256),
        st.none() | st.text(min_size=1, max_size=128),
        st.integers(0, 1000),
        st.none() | st.text(max_size=32),
    ),
    st.text(max_size=4096),
)
def test_players_and_lines_arrive_as_they_were(player: Player, text: str) -> None:
    fields = {"player": player.id, **player._asdict(), "text": text}
    assert messages.said(fields) == (player, text)


@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 16_384, 1), ("x" * 16_385, 0), ("剑" * 5_462, 0)]
)
def test_texts_are_measured_in_bytes(text: str, fits: int) -> None:
    message = {"player": "u1", "name": "Ann", "text": text}
    if fits:
        assert messages.said(message)[1] == text
    else:
        with pytest.raises(messages.TooLong):
            messages.said(message)
