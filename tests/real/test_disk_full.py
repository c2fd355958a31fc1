"""A disk that is full: the daemon stops at once and loudly, and has promised nothing it cannot keep."""

from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from .realdaemon import PATIENCE, RawGame, RawTerminal, running

pytestmark = pytest.mark.real

ROOM = 300_000
"""Bytes that its files may still grow by."""


def heard(peer: RawGame | RawTerminal) -> list[dict[str, Any]]:
    """Everything up to the end of the connection."""
    messages = []
    while (message := peer.next()) is not None:
        messages.append(message)
    return messages


def test_what_was_acknowledged_is_on_disk_and_nothing_else_was(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        assert daemon.process is not None
        with RawGame.tcp(daemon.port) as game, RawTerminal.unix(daemon.gate) as terminal:
            game.enter("s0")
            terminal.enter("anna")
            for n in range(1, 6):
                game.say(n, f"!help {n} before", player=f"p{n}")
            first = game.until("ack", upto=5)["upto"]
            data = daemon.folder / "data"
            largest = max(file.stat().st_size for file in data.iterdir())
            limit = (largest + ROOM, resource.RLIM_INFINITY)
            resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, limit)
            for n in range(6, 401):
                try:
                    game.say(n, f"!help {n} " + "x" * 1900, player=f"p{n}")
                except OSError:
                    break
            told = heard(game)
            seen = [m["text"].split()[0] for m in heard(terminal) if m.get("kind") == "asked"]
        assert daemon.process.wait(PATIENCE) == 1
        assert "cannot be written" in daemon.logged()
        daemon.process = None
        daemon.start()
        lines = daemon.gmkit("db", "export", "events").decode().splitlines()
        events = [json.loads(line) for line in lines]
        kept = [event["text"].split()[0] for event in events if event["kind"] == "asked"]
        acked = max((m["upto"] for m in told if m["type"] == "ack"), default=first)
        assert 5 <= acked < 400
        assert kept[:acked] == [str(n) for n in range(1, acked + 1)]
        assert seen and seen == kept[: len(seen)]
