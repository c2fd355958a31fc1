"""A snapshot is the desk, whatever was typed."""

from __future__ import annotations

import pytest

from gmkit.desk import Desk
from gmkit.desk.requests import Ask
from gmkit.model import Player, Source


def asked(text: str) -> Desk:
    desk = Desk()
    for event in desk.decide(Ask("s1", Player("1", text, locale=text), text, Source("x", 1)), 1.0):  # type: ignore[union-attr]
        desk.apply(event)
    return desk


@pytest.mark.parametrize("text", ["sword", "剑不见了", "\udcff half a character", "\ud800"])
def test_texts_come_back_as_they_were(text: str) -> None:
    desk, again = asked(text), Desk()
    again.load(desk.dump())
    assert again.ticket(1) == desk.ticket(1)
    assert again.ticket(1).text == text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "state", [b"", b"\x80", b"\x81\xa6format\x09", b"\x93\x01\x02\x03", b"\xc1"]
)
def test_what_is_no_snapshot_is_refused(state: bytes) -> None:
    desk = asked("kept")
    with pytest.raises(ValueError):
        desk.load(state)
    assert desk.ticket(1) is not None
