"""Every driver of the SDK against the real daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .bridge_house import House, Player, asks_and_is_answered, command, survives_the_daemon
from .realdaemon import wait_for

pytestmark = pytest.mark.real

DRIVERS = [
    ("threaded", "tcp", ()),
    ("threaded", "tls", ("--polled",)),
    ("asyncio", "tcp", ()),
    ("asyncio", "tls", ()),
    ("twisted", "tcp", ()),
    ("twisted", "tls", ()),
    ("http", "http", ()),
    ("http", "https", ("--polled",)),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    house.start()
    yield house
    house.stop()
    house.check()
    assert "Traceback" not in house.logged()


@pytest.mark.parametrize(("driver", "scheme", "more"), DRIVERS)
def test_a_question_and_its_answer(
    house: House, tmp_path: Path, driver: str, scheme: str, more: tuple[str, ...]
) -> None:
    asks_and_is_answered(house, tmp_path, driver, scheme, more)


@pytest.mark.parametrize(("driver", "scheme"), [(d, s) for d, s, _ in DRIVERS if s[-1] != "s"])
def test_the_daemon_dies_and_comes_back(tmp_path: Path, driver: str, scheme: str) -> None:
    survives_the_daemon(tmp_path, driver, scheme)


@pytest.mark.parametrize(
    ("driver", "scheme"), [("threaded", "tcp"), ("asyncio", "tcp"), ("http", "http")]
)
def test_a_game_is_killed_and_has_a_spool(tmp_path: Path, driver: str, scheme: str) -> None:
    house = House(tmp_path)
    spool = ("--spool", str(tmp_path / "game.spool"))
    game = Player(tmp_path, command(house, driver, scheme, spool), {})
    try:
        for n in range(3):
            game.say(f"Ann{n}: !help before {n}")
        wait_for(lambda: len(game.events("took")) == 3, "the spool")
        game.kill()
        house.start()
        game.start()
        wait_for(lambda: len(house.do("ticket list")) == 3, "all tickets")
        texts = sorted(t["text"] for t in house.do("ticket list"))
        assert texts == ["before 0", "before 1", "before 2"]
    finally:
        game.kill()
        house.stop()
    house.check()
