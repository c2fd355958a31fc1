"""The simulated game as an adapter with every capability."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from gmkit.adapter import (
    Adapter,
    BadOption,
    Limits,
    Link,
    LinkLost,
    Player,
    Refused,
    Source,
    option,
)

from .chance import chance, seeded
from .game import Game, Mail
from .ledger import Ledger
from .life import Life, Pace
from .lines import shipped
from .speech import Speech
from .world import DAY, World

KICKED_FOR = 20.0
"""Seconds until a kicked player may come back."""

LEAST = {"servers": 1, "players": 0, "stay": 1, "asks_per_minute": 0, "chat_per_minute": 0}
"""Smaller values of these options make no sense."""


@dataclass(frozen=True)
class SimOptions:
    """The keys of a simulated ``[[server]]``."""

    number: int = option(0, help="This server's place in its fleet, from 0.")
    servers: int = option(1, help="How many servers the fleet has; players hop between them.")
    players: int = option(25, help="How many players live on each server of the fleet.")
    seed: int = option(1, help="Everything random follows from it; the same for the whole fleet.")
    epoch: float = option(0.0, help="When the fleet's story begins, in seconds since the epoch.")
    stay: float = option(120.0, help="Seconds a player keeps to one server before moving on.")
    away: float = option(0.15, help="Share of the time that players are offline, 0 to 1.")
    hop: float = option(0.1, help="Share of the time spent on another server, 0 to 1.")
    chinese: float = option(0.6, help="Share of players who write Chinese, 0 to 1.")
    asks_per_minute: float = option(1.0, help="Calls for help on this server.")
    asks_after: float = option(0.0, help="Seconds from the start before anybody asks.")
    asks_at_start: int = option(0, help="Calls for help in the two seconds after asks_after.")
    chat_per_minute: float = option(6.0, help="Other lines players type on this server.")
    renames_per_hour: float = option(2.0, help="Players who change their name on this server.")
    quiet_after: float = option(
        0.0, help="Seconds after which players are home, online and silent; 0 for never."
    )
    ledger: str = option("", help="Folder in which the server writes down what players saw.")
    drop_every: float = option(0.0, help="Fault: seconds between losses of the link; 0 for none.")
    slow_tell: float = option(0.0, help="Fault: seconds until a line is shown.")
    refuse: float = option(0.0, help="Fault: share of attempts to show a line that fail, 0 to 1.")
    deaf: bool = option(False, help="Fault: connected, but nothing comes or is ever shown.")
    forgets: bool = option(False, help="Fault: a repeated line is shown again.")

    def __post_init__(self) -> None:
        for key, least in LEAST.items():
            if getattr(self, key) < least:
                raise BadOption(key=key, problem=f"must be at least {least}.")
        if not 0 <= self.number < self.servers:
            raise BadOption(key="number", problem=f"must be from 0 to {self.servers - 1}.")
        if self.ledger and not Path(self.ledger).is_dir():
            raise BadOption(key="ledger", problem=f"there is no folder {self.ledger}.")


@dataclass
class Faults:
    """What goes wrong now; tests change it while the game runs."""

    slow_tell: float = 0.0
    refuse: float = 0.0
    forgets: bool = False
    deaf: bool = False


class Sim(Adapter):
    """A simulated game server, driven only by its options and the clock it is given."""

    title = "Simulated game"
    Options = SimOptions
    limits = Limits(characters=200)
    confirms = True

    def __init__(self, options: SimOptions, link: Link, reactor: Any) -> None:
        super().__init__(options, link, reactor)
        o = options
        self.faults = Faults(o.slow_tell, o.refuse, o.forgets, o.deaf)
        # Fleets of one are worlds of their own, or their players would all be the same people.
        seed = str(o.seed) if o.servers > 1 else f"{o.seed}/{link.server}"
        world = World(seed, o.servers, o.players, o.stay, o.away, o.hop, o.chinese, o.epoch)
        pace = Pace(
            asks_per_minute=o.asks_per_minute,
            chat_per_minute=o.chat_per_minute,
            renames_per_hour=o.renames_per_hour,
            asks_after=o.asks_after,
            asks_at_start=o.asks_at_start,
            quiet_after=o.quiet_after,
        )
        rng = seeded(seed, "life", o.number)
        self.ledger = Ledger(link.server, reactor, o.ledger)
        self.game = Game(world, o.number, link, reactor)
        self._speech = Speech(link, reactor.seconds())
        self.life = Life(self.game, shipped(), self._speech, self.ledger, pace, rng, reactor)
        self._ended: Deferred[None] | None = None

    async def run(self) -> None:
        """Let the game go on until the link is dropped; it stands still while there is no link."""
        self._ended = Deferred()
        drop = None
        if self.options.drop_every > 0:
            drop = self.reactor.callLater(self.options.drop_every, self.drop)
        try:
            self.link.up(f"seed {self.options.seed}")
            self.life.begin()
            self.link.roster(self.game.players())
            self.deafen(self.faults.deaf)
            await self._ended
        finally:
            self.life.pause()
            self.ledger.close()
            if drop is not None and drop.active():
                drop.cancel()

    def drop(self, reason: str = "The simulated link was cut.") -> None:
        """Lose the link, as a test or the option ``drop_every`` wants."""
        if self._ended is not None and not self._ended.called:
            self._ended.errback(LinkLost(reason=reason))

    def deafen(self, deaf: bool = True) -> None:
        """From now on nothing comes from the game and it shows nothing, though it is connected."""
        self.faults.deaf = deaf
        if deaf:
            self.life.pause()
        else:
            self._speech.begin()
            self.life.go_on()

    async def tell(self, player: Player, text: str, delivery: str) -> None:
        await self._faulty(delivery)
        # A line that was shown is confirmed even if its player has left since.
        if self._shown_before(delivery):
            self.ledger.repeated(player.id, delivery)
            return
        person = self.game.present(player)
        self.game.remember(delivery)
        self.ledger.shown(player.id, person.account, delivery)
        self.life.saw(person, text, delivery)

    def notify(self, player: Player, text: str, delivery: str) -> None:
        person = self.game.online.get(player.id)
        if person is None or self.faults.deaf or self._shown_before(delivery):
            return
        self.game.remember(delivery)
        self.ledger.noticed(player.id, text, delivery)
        self.life.saw(person, text, delivery)

    async def announce(self, text: str) -> None:
        self.ledger.announced(len(self.game.online))

    async def who(self) -> list[Player]:
        return self.game.players()

    def settled(self, source: Source) -> None:
        self._speech.settled(source)

    async def lookup(self, player: Player) -> dict[str, Any]:
        return self.game.facts(player)

    async def inventory(self, player: Player) -> list[dict[str, Any]]:
        return self.game.known(player).inventory(self.game.world.seed)

    async def purchases(self, player: Player) -> list[dict[str, Any]]:
        person = self.game.known(player)
        return person.purchases(self.game.world.seed, self._today())

    async def logins(self, player: Player) -> list[dict[str, Any]]:
        return self.game.known(player).logins(self.game.world.seed, self._today())

    async def kick(self, player: Player, reason: str) -> None:
        person = self.game.present(player)
        self.life.reconsider(person, self.game.bar(player, KICKED_FOR))

    async def mute(self, player: Player, seconds: float, reason: str) -> None:
        self.game.mute(player, seconds)

    async def unmute(self, player: Player) -> None:
        self.game.known(player)
        self.game.muted.pop(player.id, None)

    async def ban(self, player: Player, seconds: float, reason: str) -> None:
        person = self.game.known(player)
        until = self.game.bar(player, seconds)
        if seconds > 0:
            self.life.reconsider(person, until)

    async def unban(self, player: Player) -> None:
        person = self.game.known(player)
        self.game.barred.pop(player.id, None)
        self.life.reconsider(person, self.reactor.seconds())

    async def teleport(self, player: Player, place: str) -> None:
        self.game.present(player).place = (place, 0, 0)

    async def give(self, player: Player, item: str, count: int) -> None:
        bag = self.game.present(player).bag
        bag[item] = bag.get(item, 0) + count

    async def mail(self, player: Player, subject: str, text: str) -> None:
        self.game.known(player)
        self.game.mails.append(Mail(player.id, subject, text))

    def _shown_before(self, delivery: str) -> bool:
        return self.game.was_shown(delivery) and not self.faults.forgets

    def _today(self) -> float:
        """The last midnight, UTC: what happened before it stays the same all day."""
        now: float = self.reactor.seconds()
        return now // DAY * DAY

    async def _faulty(self, delivery: str) -> None:
        """Go wrong as the faults say: refuse, take time, or never come back."""
        if self.faults.deaf:
            await Deferred[None]()
        if self.faults.slow_tell > 0:
            await deferLater(self.reactor, self.faults.slow_tell)
        share = self.faults.refuse
        if share > 0 and share > chance(self.options.seed, self.reactor.seconds(), delivery):
            raise Refused()
