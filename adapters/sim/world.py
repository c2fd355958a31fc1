"""Who lives in the simulated world: every player's profile follows from the seed and a number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import floor
from random import Random
from typing import Any

from gmkit.adapter import Player

from . import names
from .chance import chance, seeded

DAY = 86400.0


@dataclass(frozen=True)
class World:
    """A fleet of servers with equally many residents each, numbered through.

    ``stay`` is how many seconds a player keeps to one place. ``away`` and ``hop`` are the shares of
    such spells spent offline and, by players with an account, on one of the next ``reach`` servers.
    ``chinese`` is the share of players who write Chinese; ``epoch`` when the first spell begins,
    in seconds since the epoch.
    """

    seed: str
    servers: int
    players: int
    stay: float
    away: float
    hop: float
    chinese: float
    epoch: float = 0.0
    reach: int = 2

    def person(self, number: int) -> Person:
        """The player with this number, as they are before anything happens to them."""
        rng = seeded(self.seed, "person", number)
        chinese = rng.random() < self.chinese
        return Person(
            number=number,
            home=number // self.players,
            name=names.player(rng, chinese),
            chinese=chinese,
            account=f"{rng.randrange(10**9):09d}" if rng.random() < 0.7 else None,
            vip=rng.choice((0, 0, 0, 0, 0, 1, 1, 2, 3, 6)),
            level=int(rng.triangular(1, 120, 40)),
            gold=int(rng.expovariate(1 / 5000)),
            guild=rng.choice(names.GUILDS[chinese]) if rng.random() < 0.6 else None,
            health=rng.randint(20, 100),
            place=(rng.choice(names.MAPS), rng.randrange(2000), rng.randrange(2000)),
        )

    def people(self, server: int) -> list[Person]:
        """Everybody who may turn up on a server: its residents, then possible visitors."""
        homes = dict.fromkeys((server - far) % self.servers for far in range(self.reach + 1))
        everybody = (self.person(n) for home in homes for n in self._numbers(home))
        return [p for p in everybody if p.home == server or p.account is not None]

    def spell(self, person: Person, now: float) -> int:
        """The number of the spell that a player is in."""
        return floor((now - self.epoch) / self.stay - self._shift(person)) + 1

    def ends(self, person: Person, spell: int) -> float:
        """When a spell ends, in seconds since the epoch."""
        return self.epoch + (spell + self._shift(person)) * self.stay

    def server_of(self, person: Person, spell: int) -> int | None:
        """Where a player is in a spell; None offline. Every server comes to the same answer."""
        draw = chance(self.seed, "place", person.number, spell)
        if draw < self.away:
            return None
        if person.account is not None and draw < self.away + self.hop:
            step = 1 + int(chance(self.seed, "step", person.number, spell) * self.reach)
            return (person.home + step) % self.servers
        return person.home

    def _numbers(self, home: int) -> range:
        return range(home * self.players, (home + 1) * self.players)

    def _shift(self, person: Person) -> float:
        return chance(self.seed, "shift", person.number)


@dataclass
class Person:
    """A player of the world, wherever they are. Changes of a profile stay on the server."""

    number: int
    home: int
    name: str
    chinese: bool
    account: str | None
    vip: int
    level: int
    gold: int
    guild: str | None
    health: int
    place: tuple[str, int, int]
    bag: dict[str, int] = field(default_factory=dict)

    def player(self, server: int) -> Player:
        """The player as one server knows them: every server has its own character."""
        locale = "zh_CN" if self.chinese else "en"
        return Player(f"{server}-{self.number:05d}", self.name, self.account, self.vip, locale)

    def facts(self) -> dict[str, Any]:
        where, x, y = self.place
        return {
            "level": self.level,
            "vip": self.vip,
            "account": self.account,
            "money": self.gold,
            "health": self.health,
            "guild": self.guild,
            "position": {"map": where, "x": x, "y": y},
        }

    def inventory(self, seed: str) -> list[dict[str, Any]]:
        rng = seeded(seed, "bag", self.number)
        held = {item: rng.randint(1, 20) for item in rng.sample(names.ITEMS, 3)}
        for item, count in self.bag.items():
            held[item] = held.get(item, 0) + count
        return [{"item": item, "count": count} for item, count in held.items()]

    def purchases(self, seed: str, now: float) -> list[dict[str, Any]]:
        """What was bought in the month up to ``now``, newest first."""
        rng = seeded(seed, "bought", self.number)
        rows = []
        for back in _times_back(rng, 2 * self.vip + rng.randrange(2), 30 * DAY):
            item, amount = rng.choice(names.GOODS)
            order = f"{rng.randrange(10**11):011d}"
            rows.append({"at": iso(now - back), "order": order, "item": item, "amount": amount})
        return rows

    def logins(self, seed: str, now: float) -> list[dict[str, Any]]:
        """Logins in the week up to ``now``, newest first; addresses are those for examples."""
        rng = seeded(seed, "logins", self.number)
        return [
            {"at": iso(now - back), "address": f"198.51.100.{rng.randrange(1, 255)}"}
            for back in _times_back(rng, 5, 7 * DAY)
        ]


def iso(at: float) -> str:
    """Seconds since the epoch as ISO 8601 UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _times_back(rng: Random, count: int, most: float) -> list[float]:
    return sorted(rng.uniform(60.0, most) for _ in range(count))
