"""From a player's chat line to the desk, and the answer that the player reads."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gmkit.config import Help
from gmkit.desk import Desk
from gmkit.desk.refusals import Repeated
from gmkit.desk.requests import Ask, Cancel, Rate, Request, Verify
from gmkit.errors import Refused
from gmkit.model import Event, Player, Source

from ..turn import Turn
from . import grammar, wording
from .grammar import Grammar
from .limits import Limited, Limits
from .wording import Wording

RATING_SECONDS = 600.0
"""How long after completion a bare digit in the chat is taken for a rating."""


class Notice(NamedTuple):
    """A line for one player that is not kept. ``id`` is the same when its cause is repeated."""

    server: str
    player: Player
    text: str
    id: str


class Asker(NamedTuple):
    """Who typed the line, and how they are spoken to."""

    server: str
    player: Player
    source: Source | None
    words: Wording


class Intake:
    """Reads what players type. What tells of a decision goes out only when that is durable."""

    def __init__(
        self,
        *,
        desk: Desk,
        turn: Turn,
        settings: Help,
        notify: Callable[[Notice], None],
        random: random.Random,
        run: str,
    ) -> None:
        """``run`` makes the ids of notices differ from those of an earlier daemon."""
        self._desk = desk
        self._turn = turn
        self.settings = settings
        self._limits = Limits(settings)
        self._notify = notify
        self._random = random
        self._run = run
        self._notices = 0
        self._owed: dict[int, Asker] = {}
        turn.on_durable(self._acknowledge)

    def configure(self, settings: Help) -> None:
        """Other settings; what was said so far still counts against the limits."""
        self.settings = settings
        self._limits.configure(settings)

    def said(
        self,
        server: str,
        spoken: Grammar,
        lang: str,
        player: Player,
        text: str,
        source: Source | None,
    ) -> None:
        """A player typed a line; ordinary chat is passed by."""
        line = spoken.read(text)
        if line is None:
            return
        asker = Asker(server, player, source, wording.wording(player.locale or lang))
        if line.what == grammar.RATE:
            self._rate(asker, int(line.text))
        elif limited := self._limits.check(server, player.id, self._turn.now()):
            self._refuse(asker, limited)
        elif line.what == grammar.ASK:
            self._ask(asker, spoken, line.text, lang)
        elif line.what == grammar.CANCEL:
            self._decide(asker, Cancel(server, player.id, source))
        elif line.what == grammar.VERIFY:
            phrase = f"{self._random.randrange(10_000):04}"
            self._decide(asker, Verify(server, player.id, phrase, source))
        else:
            self._explain(asker, spoken, line.what)

    def _ask(self, asker: Asker, spoken: Grammar, text: str, lang: str) -> None:
        text = text[: self.settings.max_length]
        decision = self._turn.consider(Ask(asker.server, asker.player, text, asker.source))
        if isinstance(decision, list) and decision[0].kind == "asked":
            if len(text) < self.settings.min_length:
                trigger = spoken.triggers[0]
                self._say(asker, asker.words.say(wording.TOO_SHORT, trigger=trigger))
                return
            now = self._turn.now()
            if limited := self._limits.check_opening(asker.server, asker.player.id, now):
                self._refuse(asker, limited)
                return
            # Plugins speak to the player later, and know no other language than the ticket's.
            decision[0].data.setdefault("locale", lang)
        self._take(asker, decision)

    def _rate(self, asker: Asker, stars: int) -> None:
        """A digit is ordinary chat unless this player was just asked to rate."""
        ticket = self._desk.finished_ticket_of(asker.server, asker.player.id)
        if ticket is None or ticket.state != "completed" or ticket.stars is not None:
            return
        if self._turn.now() - ticket.updated_at <= RATING_SECONDS:
            self._decide(asker, Rate(asker.server, asker.player.id, stars, asker.source))

    def _explain(self, asker: Asker, spoken: Grammar, what: str) -> None:
        words, ticket = asker.words, self._desk.ticket_of(asker.server, asker.player.id)
        if what == grammar.STATUS and ticket is not None:
            self._say(asker, self._standing(f"[#{ticket.number}]", ticket.number, words))
        elif what == grammar.STATUS:
            self._say(asker, words.say(wording.NO_TICKET, trigger=spoken.triggers[0]))
        else:
            facts = {"trigger": spoken.triggers[0], "prefix": spoken.prefix}
            self._say(asker, words.say(wording.USAGE, **facts))

    def _decide(self, asker: Asker, request: Request) -> None:
        self._take(asker, self._turn.consider(request))

    def _take(self, asker: Asker, decision: list[Event] | Refused) -> None:
        """Acknowledge the first of the events once it is durable, or say why there are none."""
        if isinstance(decision, list):
            self._owed[id(decision[0])] = asker
            self._turn.take(decision)
        elif isinstance(decision, Repeated):
            self._again(asker, decision.facts["ticket"])
        else:
            self._say(asker, asker.words.refusal(decision))

    def _again(self, asker: Asker, ticket: int) -> None:
        """The game repeats a line that is in the log: its acknowledgement may have been lost.

        0 stands for a line that led to no ticket, or to one that is forgotten: nothing is known.
        """
        if not ticket:
            return
        first = asker.words.say(wording.OPENED, ticket=ticket)
        self._say(asker, self._standing(first, ticket, asker.words))

    def _refuse(self, asker: Asker, limited: Limited) -> None:
        if limited.tell:
            self._say(asker, asker.words.say(limited.sentence, **limited.facts))

    def _say(self, asker: Asker, text: str) -> None:
        """A notice, once everything decided so far is durable."""
        notice = Notice(asker.server, asker.player, text, self._id(asker.source))
        self._turn.settled().addCallbacks(lambda _: self._notify(notice), lambda _: None)

    def _id(self, source: Source | None) -> str:
        if source is not None:
            return f"a{source.stream}:{source.n}"
        self._notices += 1
        return f"n{self._run}.{self._notices}"

    def _acknowledge(self, events: Sequence[Event]) -> None:
        owed = self._owed
        if not owed:
            return
        for event in events:
            asker = owed.pop(id(event), None)
            if asker is not None:
                text = self._confirmation(event, asker.words)
                self._notify(Notice(asker.server, asker.player, text, self._id(asker.source)))

    def _confirmation(self, event: Event, words: Wording) -> str:
        """What the player reads when a request has become this event."""
        number, kind = event.ticket or 0, event.kind
        if kind == "added":
            return words.added(number)
        if kind == "asked":
            return self._standing(words.say(wording.OPENED, ticket=number), number, words)
        if kind == "reopened":
            return self._standing(words.say(wording.REOPENED, ticket=number), number, words)
        if kind == "cancelled":
            return words.say(wording.CANCELLED, ticket=number)
        if kind == "rated":
            return words.say(wording.THANKS, ticket=number, stars=event.data["stars"])
        return words.say(wording.PROOF, ticket=number, phrase=event.data["phrase"])

    def _standing(self, first: str, number: int, words: Wording) -> str:
        """``first``, and how it stands with the ticket: its holder, or its place in the queue."""
        ticket = self._desk.ticket(number)
        if ticket is None or ticket.state != "open":
            return first
        if ticket.waiting_since is None:
            return wording.joined(first, words.say(wording.ANSWERED))
        if ticket.claimed_by is not None:
            return wording.joined(first, words.say(wording.HELD, gm=ticket.claimed_by))
        place = self._desk.place(number)
        wait = self._desk.wait(place or 1, self._turn.now())
        return wording.joined(first, *words.queue(place, wait, self._desk.anybody_on_duty()))
