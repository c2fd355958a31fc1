"""Everything the desk knows. Changed only by the fold."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from gmkit.model import Event, Source

from .queue import Pace, Queue
from .ticket import Account, Delivery, Ticket

FINISHED_KEPT = 10_000
"""Finished tickets that can still be reopened or rated; older ones live in the archive only."""
SOURCES_KEPT = 256
"""Messages of one sender that are recognised when repeated, besides those below its highest."""


@dataclass(slots=True)
class Stream:
    """How far one server's messages have been taken in. ``recent`` is a ring of the last ones."""

    name: str
    last: int = 0
    recent: dict[int, tuple[int, int]] = field(default_factory=dict)

    def take(self, n: int, ticket: int) -> None:
        self.last = max(self.last, n)
        self.recent[n % SOURCES_KEPT] = (n, ticket)

    def ticket_of(self, n: int) -> int:
        """The ticket that a message led to; 0 when that is forgotten."""
        kept, ticket = self.recent.get(n % SOURCES_KEPT, (0, 0))
        return ticket if kept == n else 0


@dataclass(slots=True)
class Server:
    """A game server's link as last told."""

    state: str
    since: float
    reason: str = ""


class State:
    """The desk's memory: open and recently finished tickets, deliveries, staff, servers."""

    def __init__(self) -> None:
        self.tickets_given = 0
        self.lines_given = 0
        self.open: dict[int, Ticket] = {}
        self.finished: OrderedDict[int, Ticket] = OrderedDict()
        self.open_of: dict[tuple[str, str], list[int]] = {}
        self.finished_of: dict[tuple[str, str], int] = {}
        self.held: dict[str, dict[int, None]] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.accounts: dict[str, Account] = {}
        self.on_duty: dict[str, None] = {}
        """The GMs on duty, longest first."""
        self.servers: dict[str, Server] = {}
        self.streams: dict[str, Stream] = {}
        self.done: dict[str, OrderedDict[Source, None]] = {}
        self.queue = Queue()
        self.pace = Pace()

    def ticket(self, number: int) -> Ticket | None:
        return self.open.get(number) or self.finished.get(number)

    def last_finished(self, server: str, player_id: str) -> Ticket | None:
        """The player's ticket that was finished last, while it is kept."""
        number = self.finished_of.get((server, player_id))
        return self.finished.get(number) if number is not None else None

    def remember_source(self, event: Event) -> None:
        """So that the sender's retry of the same message is recognised."""
        source = event.source
        if source is None:
            return
        if event.actor is not None:
            done = self.done.setdefault(event.actor, OrderedDict())
            done[source] = None
            if len(done) > SOURCES_KEPT:
                done.popitem(last=False)
        elif event.server is not None:
            stream = self.streams.get(event.server)
            if stream is None or stream.name != source.stream:
                stream = self.streams[event.server] = Stream(source.stream)
            stream.take(source.n, event.ticket or 0)

    def hold(self, ticket: Ticket, gm: str | None) -> None:
        """Make ``gm`` the holder, or nobody."""
        if ticket.claimed_by is not None:
            self.held.get(ticket.claimed_by, {}).pop(ticket.number, None)
        ticket.claimed_by = gm
        if gm is not None:
            self.held.setdefault(gm, {})[ticket.number] = None

    def put_open(self, ticket: Ticket) -> None:
        """The ticket is open: known by its number, its player and its holder, and queued."""
        self.index_open(ticket)
        self.queue.update(ticket)

    def index_open(self, ticket: Ticket) -> None:
        """The same but for the queue."""
        self.open[ticket.number] = ticket
        self.open_of.setdefault((ticket.server, ticket.player_id), []).append(ticket.number)
        if ticket.claimed_by is not None:
            self.held.setdefault(ticket.claimed_by, {})[ticket.number] = None

    def put_finished(self, ticket: Ticket) -> None:
        """The ticket is finished: kept for a while; the oldest are forgotten."""
        self.finished[ticket.number] = ticket
        self.finished_of[ticket.server, ticket.player_id] = ticket.number
        if len(self.finished) > FINISHED_KEPT:
            _, oldest = self.finished.popitem(last=False)
            who = (oldest.server, oldest.player_id)
            if self.finished_of.get(who) == oldest.number:
                del self.finished_of[who]

    def take_open(self, ticket: Ticket) -> None:
        """Undo of put_open."""
        who = (ticket.server, ticket.player_id)
        del self.open[ticket.number]
        self.open_of[who].remove(ticket.number)
        if not self.open_of[who]:
            del self.open_of[who]
        if ticket.claimed_by is not None:
            self.held.get(ticket.claimed_by, {}).pop(ticket.number, None)

    def take_finished(self, ticket: Ticket) -> None:
        """Undo of put_finished."""
        del self.finished[ticket.number]
        who = (ticket.server, ticket.player_id)
        if self.finished_of.get(who) == ticket.number:
            del self.finished_of[who]
