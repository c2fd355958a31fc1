"""The terminal's picture of the channel agrees with the desk's."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gmkit.console.board import Board
from gmkit.desk.requests import (
    Ask,
    Assign,
    Cancel,
    Claim,
    Close,
    Complete,
    Duty,
    LinkChanged,
    Note,
    Reopen,
    Reply,
    Request,
    Unassign,
)
from gmkit.model import Player
from tests.gate.world import OWN_UID, World

TICKETS = st.integers(1, 6)
GMS = st.sampled_from(["ama", "bo"])
PLAYERS = st.sampled_from(["p1", "p2", "p3"])
REQUESTS = st.one_of(
    st.builds(lambda p: Ask("s1", Player(p, p), "help"), PLAYERS),
    st.builds(lambda p: Cancel("s1", p), PLAYERS),
    st.builds(Claim, GMS, TICKETS, st.just(True)),
    st.builds(Assign, st.just("ama"), TICKETS, GMS, st.just(True)),
    st.builds(Unassign, GMS, TICKETS, st.just(True)),
    st.builds(Reply, GMS, TICKETS, st.just("hi"), st.just(True)),
    st.builds(Note, GMS, TICKETS, st.just("note")),
    st.builds(Complete, GMS, TICKETS, st.just("done"), st.just(True)),
    st.builds(Close, GMS, TICKETS, st.just("why"), st.just(True)),
    st.builds(Reopen, GMS, TICKETS),
    st.builds(Duty, GMS, st.booleans()),
    st.builds(LinkChanged, st.sampled_from(["s1", "s2"]), st.sampled_from(["up", "down"])),
)


@settings(max_examples=150, deadline=None)
@given(before=st.lists(REQUESTS, max_size=15), after=st.lists(REQUESTS, max_size=25))
def test_the_board_is_what_the_desk_says(before: list[Request], after: list[Request]) -> None:
    world = World()
    for request in before:
        world.turn.decide(request)
        world.clock.advance(1)
    end = world.terminal(uid=OWN_UID).connect()
    (shown,) = end.of("snapshot")
    board = Board()
    board.reset("ama", shown)
    for request in after:
        world.turn.decide(request)
        world.clock.advance(1)
    end.talk()
    for message in end.of("event"):
        board.apply(message["event"])
    desk = world.desk
    assert set(board.tickets) == {t.number for t in desk.open_tickets()}
    assert {r["ticket"] for r in board.queue()} == {t.number for t in desk.queue()}
    assert board.waiting == len(list(desk.queue()))
    assert {r["ticket"] for r in board.mine()} == {t.number for t in desk.held_by("ama")}
    assert list(board.on_duty) == list(desk.on_duty())
    for ticket in desk.open_tickets():
        assert board.player(ticket.number) == ticket.name


def test_tickets_that_the_snapshot_only_counted() -> None:
    board = Board()
    board.reset("ama", {"tickets": [], "staff": [], "servers": [], "open": 9, "waiting": 9})
    assert board.waiting == 9
    base = {"server": "s1", "player": "p", "at": "2030-01-01T00:00:00Z", "data": {}}
    board.apply({**base, "kind": "claimed", "ticket": 700, "actor": "bo"})
    assert board.waiting == 8
    board.apply({**base, "kind": "closed", "ticket": 700, "actor": "bo"})
    board.apply({**base, "kind": "noted", "ticket": 701, "actor": "bo"})
    assert board.waiting == 8
