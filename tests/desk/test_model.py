"""The desk against a naive model: lists, no indices, no folding."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gmkit.desk import Desk, Rules
from gmkit.desk import requests as r
from gmkit.errors import Refused
from gmkit.model import Event, Player, Source

SERVERS = st.sampled_from(["s1", "s2"])
PLAYERS = st.sampled_from(["ann", "bob", "cai"])
GMS = st.sampled_from(["amy", "ben"])
TICKETS = st.integers(1, 4)
FORCE = st.booleans()


@dataclass
class Naive:
    """A ticket in the naive model."""

    number: int
    server: str
    player: str
    vip: int
    since: float | None
    state: str = "open"
    holder: str | None = None
    answers: int = 0
    solver: str | None = None
    changed: float = 0.0
    messages: int = 1
    stars: int | None = None
    deliveries: list[str] = field(default_factory=list)


class DeskMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(Rules(reopen_seconds=50.0))
        self.now = 1000.0
        self.events: list[Event] = []
        self.tickets: list[Naive] = []
        self.finished_order: list[int] = []
        self.duty: set[str] = set()
        self.pending: set[str] = set()
        self.n = 0

    @initialize()
    def hire(self) -> None:
        for name in ("amy", "ben"):
            self.send(r.AddGM(None, name, "gm"))

    def send(self, request: r.Request) -> bool:
        """Decide and apply; whether it was accepted."""
        self.now += 1.0
        decision = self.desk.decide(request, self.now)
        if isinstance(decision, Refused):
            assert decision.sentence()
            return False
        for event in decision:
            self.desk.apply(event)
            self.events.append(event)
            delivery = event.data.get("delivery")
            if event.kind in ("replied", "completed", "told"):
                assert delivery not in self.pending
                self.pending.add(str(delivery))
            elif delivery:
                self.pending.discard(delivery)
        return True

    def of(self, number: int) -> Naive | None:
        return next((t for t in self.tickets if t.number == number), None)

    def open_of(self, server: str, player: str) -> Naive | None:
        return next(
            (t for t in self.tickets if (t.server, t.player, t.state) == (server, player, "open")),
            None,
        )

    def workable(self, number: int, gm: str, force: bool) -> Naive | None:
        ticket = self.of(number)
        if ticket is None or ticket.state != "open":
            return None
        return ticket if force or ticket.holder in (None, gm) else None

    def finish(self, ticket: Naive, how: str) -> None:
        ticket.state, ticket.since, ticket.changed = how, None, self.now
        self.finished_order = [n for n in self.finished_order if n != ticket.number]
        self.finished_order.append(ticket.number)

    def last_finished(self, server: str, player: str) -> Naive | None:
        mine = [
            t
            for n in self.finished_order
            if (t := self.of(n)) and (t.server, t.player) == (server, player)
        ]
        return mine[-1] if mine and mine[-1].state not in ("open",) else None

    @rule(server=SERVERS, player=PLAYERS, vip=st.integers(0, 2), text=st.sampled_from(["x", " "]))
    def ask(self, server: str, player: str, vip: int, text: str) -> None:
        self.n += 1
        source = Source("run", self.n)
        request = r.Ask(server, Player(player, player, vip=vip), text, source)
        accepted = self.send(request)
        assert accepted == bool(text.strip())
        if not accepted:
            return
        assert not self.send(request), "a repeated line must not count twice"
        open_one, last = self.open_of(server, player), self.last_finished(server, player)
        now = self.events[-1].at
        if open_one is not None:
            open_one.messages += 1
            open_one.since = open_one.since if open_one.since is not None else now
        elif last is not None and last.state == "completed" and now - last.changed <= 50.0:
            last.state, last.since, last.stars = "open", now, None
            last.messages += 1
            last.holder = last.solver if last.solver in self.duty else None
            self.finished_order.remove(last.number)
        else:
            self.tickets.append(Naive(len(self.tickets) + 1, server, player, vip, now))

    @rule(gm=GMS, number=TICKETS, force=FORCE)
    def claim(self, gm: str, number: int, force: bool) -> None:
        ticket = self.workable(number, gm, force)
        possible = ticket is not None and ticket.holder != gm
        assert self.send(r.Claim(gm, number, force)) == possible
        if possible and ticket is not None:
            ticket.holder = gm

    @rule(gm=GMS, number=TICKETS, to=st.sampled_from(["amy", "ben", "zoe"]), force=FORCE)
    def assign(self, gm: str, number: int, to: str, force: bool) -> None:
        ticket = self.workable(number, gm, force)
        possible = ticket is not None and to != "zoe" and ticket.holder != to
        assert self.send(r.Assign(gm, number, to, force)) == possible
        if possible and ticket is not None:
            ticket.holder = to

    @rule(gm=GMS, number=TICKETS, force=FORCE)
    def unassign(self, gm: str, number: int, force: bool) -> None:
        ticket = self.workable(number, gm, force)
        possible = ticket is not None and ticket.holder is not None
        assert self.send(r.Unassign(gm, number, force)) == possible
        if possible and ticket is not None:
            ticket.holder = None

    @rule(gm=GMS, number=TICKETS, force=FORCE)
    def reply(self, gm: str, number: int, force: bool) -> None:
        ticket = self.workable(number, gm, force)
        assert self.send(r.Reply(gm, number, "try this", force)) == (ticket is not None)
        if ticket is not None:
            ticket.holder = ticket.holder or gm
            ticket.messages += 1
            ticket.answers += 1
            ticket.since = None

    @rule(gm=GMS, number=TICKETS)
    def note(self, gm: str, number: int) -> None:
        ticket = self.of(number)
        assert self.send(r.Note(gm, number, "seen before")) == (ticket is not None)
        if ticket is not None:
            ticket.messages += 1
            ticket.changed = self.now

    @rule(gm=GMS, number=TICKETS, text=st.sampled_from(["", "done"]), force=FORCE)
    def complete(self, gm: str, number: int, text: str, force: bool) -> None:
        ticket = self.workable(number, gm, force)
        possible = ticket is not None and bool(text or ticket.answers)
        assert self.send(r.Complete(gm, number, text, force)) == possible
        if possible and ticket is not None:
            ticket.messages += 1
            ticket.answers += bool(text)
            ticket.solver = gm
            self.finish(ticket, "completed")

    @rule(gm=GMS, number=TICKETS, force=FORCE)
    def close(self, gm: str, number: int, force: bool) -> None:
        ticket = self.workable(number, gm, force)
        assert self.send(r.Close(gm, number, "", force)) == (ticket is not None)
        if ticket is not None:
            self.finish(ticket, "closed")

    @rule(server=SERVERS, player=PLAYERS)
    def cancel(self, server: str, player: str) -> None:
        ticket = self.open_of(server, player)
        assert self.send(r.Cancel(server, player)) == (ticket is not None)
        if ticket is not None:
            self.finish(ticket, "cancelled")

    @rule(gm=GMS, number=TICKETS)
    def reopen(self, gm: str, number: int) -> None:
        ticket = self.of(number)
        possible = ticket is not None and ticket.state != "open"
        assert self.send(r.Reopen(gm, number)) == possible
        if possible and ticket is not None:
            ticket.state, ticket.since, ticket.holder = "open", self.now, gm
            ticket.stars = None
            self.finished_order.remove(ticket.number)

    @rule(server=SERVERS, player=PLAYERS, stars=st.integers(0, 6))
    def rate(self, server: str, player: str, stars: int) -> None:
        last = self.last_finished(server, player)
        possible = (
            1 <= stars <= 5 and last is not None and (last.state, last.stars) == ("completed", None)
        )
        assert self.send(r.Rate(server, player, stars)) == possible
        if possible and last is not None:
            last.stars, last.changed = stars, self.now

    @rule(gm=GMS, on=st.booleans())
    def go_on_duty(self, gm: str, on: bool) -> None:
        assert self.send(r.Duty(gm, on))
        (self.duty.add if on else self.duty.discard)(gm)

    @rule(shown=st.booleans())
    def end_a_delivery(self, shown: bool) -> None:
        if self.pending:
            id = min(self.pending)
            request = r.Delivered(id, "s2", "bob", "shown") if shown else r.Expired(id, "away")
            assert self.send(request)
            assert id not in self.pending
            self.send(request)
            assert self.desk.delivery(id) is None

    @rule()
    def restart_from_a_snapshot(self) -> None:
        revived = Desk(self.desk.rules)
        revived.load(self.desk.dump())
        assert revived.dump() == self.desk.dump()
        self.desk = revived

    @rule()
    def restart_from_the_log(self) -> None:
        revived = Desk(self.desk.rules)
        for event in self.events:
            revived.apply(event)
        assert revived.dump() == self.desk.dump()

    @invariant()
    def tickets_agree(self) -> None:
        for mine in self.tickets:
            ticket = self.desk.ticket(mine.number)
            assert ticket is not None
            assert (ticket.state, ticket.messages) == (mine.state, mine.messages)
            assert (ticket.waiting_since, ticket.stars) == (mine.since, mine.stars)
            if mine.state == "open":
                assert ticket.claimed_by == mine.holder
        assert {d.id for d in self.desk.deliveries()} == self.pending

    @invariant()
    def queue_agrees(self) -> None:
        waiting = [t for t in self.tickets if t.state == "open" and t.since and not t.holder]
        order = [t.number for t in sorted(waiting, key=lambda t: (-t.vip, t.since, t.number))]
        assert [t.number for t in self.desk.queue()] == order
        assert [self.desk.place(n) for n in order] == list(range(1, len(order) + 1))
        assert self.desk.queue_length() == len(order)

    @invariant()
    def holders_agree(self) -> None:
        for gm in ("amy", "ben"):
            held = {t.number for t in self.tickets if t.state == "open" and t.holder == gm}
            assert {t.number for t in self.desk.held_by(gm)} == held


DeskMachine.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestDesk = DeskMachine.TestCase
