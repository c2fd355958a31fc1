"""The example in Node.js, written from docs/bridge-protocol.md alone, against the real daemon."""

from __future__ import annotations

from pathlib import Path

import pytest

from .bridge_house import House, asks_and_is_answered, survives_the_daemon

pytestmark = pytest.mark.real


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
def test_a_question_and_its_answer(tmp_path: Path, scheme: str) -> None:
    house = House(tmp_path)
    house.start()
    try:
        asks_and_is_answered(house, tmp_path, "node", scheme, ())
    finally:
        house.stop()
    house.check()


def test_the_daemon_dies_and_comes_back(tmp_path: Path) -> None:
    survives_the_daemon(tmp_path, "node", "tcp")
