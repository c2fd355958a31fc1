"""Turns overlap when the disk is slow: what is acknowledged is what is on disk, and no more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from twisted.internet.defer import Deferred

from gmkit.model import Event, Source

from .conftest import ANN, Inside


def test_a_line_is_not_settled_with_an_earlier_turn(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[Deferred[None]] = []
    settled: list[Source] = []

    def append(events: Sequence[Event]) -> Deferred[None]:
        writes.append(Deferred())
        return writes[-1]

    monkeypatch.setattr(inside.log, "append", append)
    monkeypatch.setattr(inside.game(), "settled", settled.append)
    link = inside.links["s1"]
    link.said(ANN, "!help one", Source("run", 1))
    inside.pass_time(0.1)
    link.said(ANN, "!help two", Source("run", 2))
    inside.pass_time(0.1)
    assert len(writes) == 2
    assert settled == []
    writes[0].callback(None)
    inside.pass_time()
    assert settled == [Source("run", 1)]
    assert link.settled_up_to("run") == 1
    writes[1].callback(None)
    inside.pass_time()
    assert settled == [Source("run", 1), Source("run", 2)]
