"""The pipeline goes on whatever becomes of the snapshots."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from gmkit.channel_server import turn as pipeline

from .conftest import ANN, Inside


@pytest.mark.parametrize("fails", ["dump", "save"])
def test_a_snapshot_that_fails_costs_no_acknowledgement(
    inside: Inside, fails: str, monkeypatch: pytest.MonkeyPatch, logged_failures: list[object]
) -> None:
    def fail(*_: object) -> Deferred[None]:
        raise OverflowError("a number of an adapter")

    target = inside.desk if fails == "dump" else inside.log
    monkeypatch.setattr(target, "dump" if fails == "dump" else "save_snapshot", fail)
    monkeypatch.setattr(pipeline, "SNAPSHOT_EVERY", 1)
    inside.say("!help me")
    assert len(inside.game().told) == 1
    inside.links["s1"].said(ANN, "!help more")
    done: list[object] = []
    inside.turn.finish().addBoth(done.append)
    inside.pass_time()
    assert done == [None] and len(inside.game().told) == 2
    assert len(logged_failures) >= 2
    logged_failures.clear()
