"""One simulated game server: who is on it, and what was done to them."""

from __future__ import annotations

from collections import OrderedDict, deque
from math import inf
from typing import Any, NamedTuple

from gmkit.adapter import Gone, Link, Player

from .world import Person, World

SHOWN_KEPT = 10_000
"""Deliveries that the game recognises when they come again."""

MAILS_KEPT = 1000


class Mail(NamedTuple):
    """One in-game letter."""

    player: str
    subject: str
    text: str


class Game:
    """The state of one server, and the link that hears of its changes.

    ``barred`` and ``muted`` map a player's id to the time when it ends; ``inf`` for never.
    """

    def __init__(self, world: World, server: int, link: Link, clock: Any) -> None:
        self.world = world
        self.server = server
        self.people = {p.player(server).id: p for p in world.people(server)}
        self.online: dict[str, Person] = {}
        self.barred: dict[str, float] = {}
        self.muted: dict[str, float] = {}
        self.mails: deque[Mail] = deque(maxlen=MAILS_KEPT)
        self._link = link
        self._clock = clock
        self._shown: OrderedDict[str, None] = OrderedDict()

    def player(self, person: Person) -> Player:
        return person.player(self.server)

    def players(self) -> list[Player]:
        """Who is online, in the order of arrival."""
        return [self.player(person) for person in self.online.values()]

    def known(self, player: Player) -> Person:
        """A player of this server, online or not. Raises Gone."""
        if player.id not in self.people:
            raise Gone()
        return self.people[player.id]

    def present(self, player: Player) -> Person:
        """A player who is online. Raises Gone."""
        if player.id not in self.online:
            raise Gone()
        return self.online[player.id]

    def place(self, person: Person, here: bool) -> None:
        """Let a player join or leave, unless it is so already or the player is barred."""
        player = self.player(person)
        here = here and not self._lasts(self.barred, player.id)
        if here and player.id not in self.online:
            self.online[player.id] = person
            self._link.joined(player)
            self._link.data(player.id, {"level": person.level})
        elif not here and player.id in self.online:
            del self.online[player.id]
            self._link.left(player.id)

    def rename(self, person: Person, name: str) -> None:
        person.name = name
        self._link.renamed(self.player(person))

    def bar(self, player: Player, seconds: float) -> float:
        """Send a player out for so long, 0 for ever; returns when it ends."""
        person = self.known(player)
        self.barred[player.id] = until = self._until(seconds)
        self.place(person, False)
        return until

    def mute(self, player: Player, seconds: float) -> None:
        self.known(player)
        self.muted[player.id] = self._until(seconds)

    def may_speak(self, player_id: str) -> bool:
        return not self._lasts(self.muted, player_id)

    def was_shown(self, delivery: str) -> bool:
        """Whether the game remembers that it showed this line."""
        return delivery in self._shown

    def remember(self, delivery: str) -> None:
        """This line was shown."""
        self._shown[delivery] = None
        if len(self._shown) > SHOWN_KEPT:
            self._shown.popitem(last=False)

    def facts(self, player: Player) -> dict[str, Any]:
        person = self.known(player)
        return {
            **person.facts(),
            "online": player.id in self.online,
            "muted": self._lasts(self.muted, player.id),
            "banned": self._lasts(self.barred, player.id),
        }

    def _until(self, seconds: float) -> float:
        now: float = self._clock.seconds()
        return now + seconds if seconds > 0 else inf

    def _lasts(self, ends: dict[str, float], player_id: str) -> bool:
        now: float = self._clock.seconds()
        return ends.get(player_id, 0.0) > now
