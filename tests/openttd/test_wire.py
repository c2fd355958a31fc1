"""The admin protocol's bytes: recorded ones, generated ones, broken ones."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmkit.adapters.openttd import wire

from .recorded import MEANING, SESSION


def test_a_recorded_session_is_understood() -> None:
    assert wire.Decoder().feed(SESSION) == MEANING


def test_it_may_be_cut_at_every_byte() -> None:
    for cut in range(len(SESSION) + 1):
        decoder = wire.Decoder()
        assert decoder.feed(SESSION[:cut]) + decoder.feed(SESSION[cut:]) == MEANING


def test_it_may_come_byte_by_byte() -> None:
    decoder = wire.Decoder()
    assert [p for byte in SESSION for p in decoder.feed(bytes([byte]))] == MEANING


@given(st.lists(st.integers(0, len(SESSION)), max_size=30))
def test_it_may_come_in_any_pieces(cuts: list[int]) -> None:
    decoder = wire.Decoder()
    edges = sorted({0, *cuts, len(SESSION)})
    assert [p for a, b in pairwise(edges) for p in decoder.feed(SESSION[a:b])] == MEANING


@given(st.binary(max_size=400))
def test_any_bytes_give_packets_or_a_sentence(data: bytes) -> None:
    try:
        wire.Decoder().feed(data)
    except wire.BadPacket as fault:
        assert "admin protocol" in str(fault)


@given(st.integers(100, 127), st.binary(max_size=60))
def test_any_body_gives_a_packet_or_a_sentence(kind: int, body: bytes) -> None:
    try:
        packets = wire.Decoder().feed(wire.frame(kind, body))
    except wire.BadPacket:
        return
    assert len(packets) <= 1


@pytest.mark.parametrize("kind", [100, 101, 102, 104, 108, 109, 110, 114, 117, 118, 119, 120, 126])
def test_a_body_that_grows_with_a_later_version_is_read_all_the_same(kind: int) -> None:
    body = b"\1\0" * 40
    one = wire.Decoder().feed(wire.frame(kind, body))
    more = wire.Decoder().feed(wire.frame(kind, body, b"more"))
    assert len(one) == 1 and one == more


def test_packets_of_no_use_are_passed_over() -> None:
    data = wire.frame(107, b"\0\0\0\0") + wire.frame(200) + wire.frame(126, b"\7\0\0\0")
    assert wire.Decoder().feed(data) == [wire.Pong(7)]


@pytest.mark.parametrize("size", [0, 1, 2])
def test_a_frame_shorter_than_its_head_is_refused(size: int) -> None:
    with pytest.raises(wire.BadPacket, match=f"{size} bytes"):
        wire.Decoder().feed(struct.pack("<HB", size, 126))


def test_what_a_server_never_sends_is_refused_at_once() -> None:
    with pytest.raises(wire.BadPacket, match="type 84"):
        wire.Decoder().feed(b"HTTP/1.1")


def test_the_longest_frame_is_held_and_no_more() -> None:
    decoder = wire.Decoder()
    longest = struct.pack("<HB", 0xFFFF, 119) + bytes(0xFFFF - 3)
    assert decoder.feed(longest[:-1]) == []
    assert decoder.feed(longest[-1:] + wire.frame(126, b"\1\0\0\0"))[1:] == [wire.Pong(1)]


def test_a_body_that_ends_early_is_refused() -> None:
    with pytest.raises(wire.BadPacket, match="inside a number"):
        wire.Decoder().feed(wire.frame(126, b"\1\2"))
    with pytest.raises(wire.BadPacket, match="inside a text"):
        wire.Decoder().feed(wire.frame(119, b"\3\0\2\0\0\0", b"no end"))


def test_broken_utf8_stays_visible() -> None:
    (packet,) = wire.Decoder().feed(wire.frame(119, b"\3\0\2\0\0\0", b"a\xff\xe6\x88b\0"))
    assert packet == wire.Chat(3, 0, 2, "a\\xff\\xe6\\x88b")


def test_what_is_sent() -> None:
    assert wire.join("pw", "gmkit", "0.1") == b"\x10\0\0pw\0gmkit\0000.1\0"
    assert wire.subscribe(wire.Update.CHAT) == b"\7\0\2\5\0\x40\0"
    assert wire.poll(wire.Update.CLIENTS) == b"\x08\0\3\1\xff\xff\xff\xff"
    line = wire.chat(wire.Action.CHAT_CLIENT, wire.Dest.CLIENT, 2, "我")
    assert line == b"\x0d\0\4\5\2\2\0\0\0\xe6\x88\x91\0"
    assert wire.ping(258) == b"\7\0\7\2\1\0\0"
    assert wire.rcon("kick 2") == b"\x0a\0\5kick 2\0"


@given(st.text())
def test_a_text_is_one_string_whatever_is_in_it(text: str) -> None:
    sent = wire.string(text)
    assert sent.count(0) == 1 and sent.endswith(b"\0")


def console(line: str) -> list[str]:
    """The tokens of a console line, by OpenTTD's rules (``IConsoleCmdExec``)."""
    tokens: list[str] = []
    inside = found = False
    at = 0
    while at < len(line):
        c = line[at]
        if c == " " and not inside:
            found = False
        else:
            if c == '"':
                inside = not inside
                c = ""
            elif c == "\\" and line[at + 1 : at + 2] == '"':
                at += 1
                c = '"'
            if not found:
                tokens.append("")
                found = True
            tokens[-1] += c
        at += 1
    return tokens


HOSTILE = st.text(st.sampled_from('\\"; %#\n\r\0ab我\u202e\x1b'), max_size=40) | st.text()


@given(HOSTILE)
def test_a_quoted_text_is_one_argument(text: str) -> None:
    line = f"kick 2 {wire.quoted(text)} end"
    tokens = console(line)
    assert tokens[:2] == ["kick", "2"] and tokens[3:] == ["end"]
    assert line.isprintable()


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=60))
def test_a_quoted_text_says_the_same(text: str) -> None:
    cut = text.encode()[:200].decode("utf-8", "ignore")
    assert console(wire.quoted(text))[0].rstrip() == cut


@given(HOSTILE)
def test_a_quoted_text_fits_a_command(text: str) -> None:
    assert len(f"kick 4294967295 {wire.quoted(text)}".encode()) < 500
