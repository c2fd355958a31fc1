"""Completion from declarations and from the board."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from gmkit.channel_server.dispatch.catalogue import load_commands
from gmkit.console.board import Board
from gmkit.console.completing import CommandBook, GateCompleter
from tests.gate.world import OWN_UID, World

ONLINE = [
    {"name": "阿宝", "id": "1", "server": "s1"},
    {"name": "南 歌", "id": "2", "server": "s1"},
    {"name": "Bob", "id": "3", "server": "s1"},
    {"name": "Bob", "id": "4", "server": "s2"},
    {"name": "evil\x1b[2J\n/close 1", "id": "5", "server": "s1"},
    {"name": "evil\nid", "id": "\n6", "server": "s1"},
]


@pytest.fixture(scope="module")
def book() -> CommandBook:
    book = CommandBook()
    book.learn([command.described() for command in load_commands()])
    return book


@pytest.fixture
def completer(book: CommandBook) -> GateCompleter:
    world = World()
    world.ask("s1", "p1", "我的火车\x1b[31m卡住了")
    world.ask("s2", "p2", "stuck")
    for n in range(30):
        world.ask("s2", f"q{n}", "more")
    board = Board()
    board.reset("ama", world.terminal(uid=OWN_UID).connect().of("snapshot")[0])

    async def players(part: str) -> list[dict[str, Any]]:
        return [row for row in ONLINE if part in row["name"]]

    return GateCompleter(book, board, players, str)


def offered(completer: GateCompleter, line: str) -> list[str]:
    async def collect() -> list[str]:
        document = Document(line, len(line))
        event = CompleteEvent()
        return [c.text async for c in completer.get_completions_async(document, event)]

    return asyncio.run(collect())


def test_names_of_commands(completer: GateCompleter) -> None:
    assert "ticket reply " in offered(completer, "ti")
    assert "ticket claim " in offered(completer, "/tick")
    assert "servers " in offered(completer, ".se")
    assert offered(completer, "ticket cl") == ["ticket claim ", "ticket close "]
    assert offered(completer, "zzz") == []


def test_tickets_the_most_urgent_first(completer: GateCompleter) -> None:
    assert offered(completer, "ticket view ")[:3] == ["1 ", "2 ", "3 "]
    assert offered(completer, "r #2") == ["2 ", *(f"{n} " for n in range(20, 30))]
    assert offered(completer, "ticket claim! 31") == ["31 "]


def test_what_a_player_wrote_is_harmless_in_the_menu(completer: GateCompleter) -> None:
    document = Document("ticket view 1", 13)
    first = next(iter(completer.get_completions(document, CompleteEvent())))
    assert first.display_meta_text == "name of p1 s1: 我的火车␛[31m卡住了"


def test_nothing_is_offered_inside_a_text(completer: GateCompleter) -> None:
    assert offered(completer, "ticket reply 1 ti") == []


def test_players_servers_and_gms(completer: GateCompleter) -> None:
    assert offered(completer, "pm 阿") == ["阿宝 "]
    assert offered(completer, "pm 南") == ['"南 歌" ']
    assert offered(completer, "pm Bob") == ["s1:Bob ", "s2:Bob "]
    assert offered(completer, "pm evil") == ["s1:@5 "], "nothing that the terminal would obey"
    assert offered(completer, "who s") == ["s1", "s2"]
    assert offered(completer, "ticket assign 1 B") == ["bo"]


def test_filters(completer: GateCompleter) -> None:
    assert offered(completer, "ticket list se") == ["server:"]
    assert offered(completer, "ticket list mine server:s2") == ["s2"]
    assert offered(completer, "ticket list state:c") == ["completed", "closed", "cancelled"]


def test_help(completer: GateCompleter) -> None:
    assert offered(completer, "help ticket cl") == ["ticket claim ", "ticket close "]
