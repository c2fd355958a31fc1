"""What the players of one server do over time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from . import names
from .agenda import Agenda
from .game import Game
from .ledger import Ledger
from .lines import TRIGGERS, Corpus, Line
from .speech import Speech
from .world import Person

PATIENCE = 300.0
"""Seconds after which a player takes up a new matter although the last was never settled."""

_RATING = re.compile(r"(?<!\d)1(?!\d).*(?<!\d)5(?!\d)")
"""A line that asks for a digit from 1 to 5."""
_ANSWER = re.compile(r"\d+\.\d+")
"""The delivery of an answer in a ticket."""


@dataclass(frozen=True)
class Pace:
    """How often things happen. Rates are for the whole server; 0 means never.

    Nobody calls for help in the first ``asks_after`` seconds; ``asks_at_start`` calls come within
    two seconds after that. ``quiet_after`` seconds after the start everybody goes home, stays
    online and is silent.
    """

    asks_per_minute: float
    chat_per_minute: float
    renames_per_hour: float
    asks_after: float
    asks_at_start: int
    quiet_after: float


@dataclass
class Matter:
    """What a player wants from the GMs."""

    line: Line
    since: float


class Life:
    """Players come, go, chat, ask, wait, add, rate and change their names."""

    def __init__(
        self,
        game: Game,
        corpus: Corpus,
        speech: Speech,
        ledger: Ledger,
        pace: Pace,
        rng: Random,
        clock: Any,
    ) -> None:
        self._game = game
        self._corpus = corpus
        self._speech = speech
        self._ledger = ledger
        self._pace = pace
        self._rng = rng
        self._clock = clock
        self._agenda = Agenda(clock)
        self._matters: dict[str, Matter] = {}
        self._quiet = False
        self._begun = False

    def begin(self) -> None:
        """Put everybody where they are now and plan what comes; does so only once."""
        if self._begun:
            return
        self._begun = True
        now = self._clock.seconds()
        for person in self._game.people.values():
            self._spend(person, self._game.world.spell(person, now))
        if self._pace.quiet_after > 0:
            self._agenda.after(self._pace.quiet_after, self._quieten)
        for _ in range(self._pace.asks_at_start):
            self._agenda.after(self._pace.asks_after + self._rng.uniform(0.0, 2.0), self._ask)
        self._again(self._pace.asks_per_minute / 60, self._ask, self._pace.asks_after)
        self._again(self._pace.chat_per_minute / 60, self._chat)
        self._again(self._pace.renames_per_hour / 3600, self._rename)

    def go_on(self) -> None:
        """Let time pass."""
        self._agenda.start()

    def pause(self) -> None:
        """Stand still."""
        self._agenda.stop()

    def reconsider(self, person: Person, at: float) -> None:
        """At that time, let a player who was sent out come back if they want to be here."""
        self._agenda.at(at, lambda: self._place(person))

    def saw(self, person: Person, text: str, delivery: str) -> None:
        """A player saw a line that was meant for them."""
        id = self._game.player(person).id
        if self._quiet or id not in self._matters:
            return
        if _RATING.search(text) and self._rng.random() < 0.8:
            self._later(person, 4.0, 10.0, self._rate)
        elif _ANSWER.match(delivery) and self._rng.random() < 0.25:
            self._later(person, 5.0, 25.0, self._add)

    def _spend(self, person: Person, spell: int) -> None:
        """One spell of a player's life, and then the next."""
        if self._quiet:
            return
        world = self._game.world
        self._game.place(person, world.server_of(person, spell) == self._game.server)
        self._agenda.at(world.ends(person, spell), lambda: self._spend(person, spell + 1))

    def _place(self, person: Person) -> None:
        world, now = self._game.world, self._clock.seconds()
        where = person.home if self._quiet else world.server_of(person, world.spell(person, now))
        self._game.place(person, where == self._game.server)

    def _quieten(self) -> None:
        self._quiet = True
        for person in self._game.people.values():
            self._place(person)

    def _again(self, per_second: float, do: Callable[[], None], calm: float = 0.0) -> None:
        """Do something at random times, so often on average, after so many seconds."""

        def once() -> None:
            if not self._quiet:
                do()
                self._agenda.after(self._rng.expovariate(per_second), once)

        if per_second > 0:
            self._agenda.after(calm + self._rng.expovariate(per_second), once)

    def _later(
        self, person: Person, least: float, most: float, do: Callable[[Person], None]
    ) -> None:
        def then() -> None:
            if not self._quiet and self._can_speak(person):
                do(person)

        self._agenda.after(self._rng.uniform(least, most), then)

    def _can_speak(self, person: Person) -> bool:
        id = self._game.player(person).id
        return id in self._game.online and self._game.may_speak(id)

    def _anyone(self, wanted: Callable[[Person], bool]) -> Person | None:
        """Somebody online who may speak and is wanted; None if a few tries find nobody."""
        online = list(self._game.online.values())
        for _ in range(min(8, len(online))):
            person = self._rng.choice(online)
            if self._can_speak(person) and wanted(person):
                return person
        return None

    def _ask(self) -> None:
        person = None if self._quiet else self._anyone(self._has_no_matter)
        if person is None:
            return
        line = self._corpus.ask(self._rng, person.chinese)
        id = self._game.player(person).id
        self._matters[id] = Matter(line, self._clock.seconds())
        self._call(person, line.text)
        draw = self._rng.random()
        if draw < 0.15:
            self._later(person, 5.0, 25.0, self._add)
        elif draw < 0.25:
            self._later(person, 8.0, 40.0, lambda who: self._say(who, "!status"))

    def _has_no_matter(self, person: Person) -> bool:
        matter = self._matters.get(self._game.player(person).id)
        return matter is None or self._clock.seconds() - matter.since > PATIENCE

    def _add(self, person: Person) -> None:
        matter = self._matters.get(self._game.player(person).id)
        if matter is not None:
            self._call(person, self._corpus.more(self._rng, matter.line))

    def _rate(self, person: Person) -> None:
        self._matters.pop(self._game.player(person).id, None)
        self._say(person, str(self._rng.choice((3, 4, 4, 5, 5, 5))))

    def _chat(self) -> None:
        person = self._anyone(lambda _: True)
        if person is not None:
            thankful = self._rng.random() < 0.1
            say = self._corpus.thanks if thankful else self._corpus.chat
            self._say(person, say(self._rng, person.chinese))

    def _rename(self) -> None:
        person = self._anyone(lambda _: True)
        if person is not None:
            self._game.rename(person, names.player(self._rng, person.chinese))

    def _call(self, person: Person, text: str) -> None:
        """Call for help, one way or another."""
        self._ledger.asked(self._game.player(person).id, self._speech.next())
        self._say(person, f"{self._rng.choice(TRIGGERS[person.chinese])} {text}")

    def _say(self, person: Person, text: str) -> None:
        self._speech.say(self._game.player(person), text)
