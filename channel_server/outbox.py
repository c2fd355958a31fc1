"""Deliveries: lines that must reach a player, until the game has them or they expire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.logger import Logger

from gmkit.adapter import Gone
from gmkit.desk import Delivery, Desk
from gmkit.desk.requests import Delivered, Expired
from gmkit.errors import GMError
from gmkit.i18n import N_
from gmkit.model import Event, Player
from gmkit.split import split
from gmkit.text import game_safe

from . import wording
from .intake import Notice
from .links import ServerLink
from .rosters import Rosters
from .turn import Turn

__all__ = ["Outbox"]

TELL_SECONDS = 30.0
"""How long a game may take to confirm a line before it is tried again at the next occasion."""
EXPIRED = N_("The player was not seen for {days} days.")
Place = tuple[str, Player]


class Outbox:
    """Sends each pending delivery where its player is, one at a time for each player."""

    log = Logger()

    def __init__(
        self,
        *,
        desk: Desk,
        turn: Turn,
        links: Mapping[str, ServerLink],
        rosters: Rosters,
        reactor: Any,
        expires: float,
    ) -> None:
        """``expires`` is how long a delivery waits for its player, in seconds."""
        self._desk = desk
        self._turn = turn
        self._links = links
        self._rosters = rosters
        self._reactor = reactor
        self._expires = expires
        self._waiting: dict[tuple[str, str], dict[str, None]] = {}
        self._by_account: dict[str, dict[tuple[str, str], None]] = {}
        self._busy: set[tuple[str, str]] = set()
        turn.on_durable(self._events)
        for delivery in desk.deliveries():
            self._keep(delivery)

    # --- what makes deliveries move -----------------------------------------------------------

    def _events(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind == "announced":
                self._announce(event)
            elif event.kind in ("replied", "completed", "told"):
                delivery = self._desk.delivery(event.data.get("delivery", ""))
                if delivery is not None:
                    self._keep(delivery)
                    self._try((delivery.server, delivery.player_id))

    def player_joined(self, server: str, player: Player) -> None:
        """Whatever waits for this player, or for another character of the account, goes out."""
        self._try((server, player.id))
        for who in list(self._by_account.get(player.account or "", ())):
            self._try(who)

    def server_ready(self, server: str) -> None:
        """Whatever waits for players on this server is tried again."""
        for who in [who for who in self._waiting if who[0] == server]:
            self._try(who)
        for player in list(self._rosters.online(server)):
            if player.account in self._by_account:
                self.player_joined(server, player)

    def expire(self) -> None:
        """Give up what has waited too long; to be called now and then."""
        before = self._turn.now() - self._expires
        days = round(self._expires / 86_400, 1)
        for delivery in [d for d in self._desk.deliveries() if d.at < before]:
            self._forget(delivery)
            self._turn.decide(Expired(delivery.id, EXPIRED.format(days=days)))

    def retry(self) -> None:
        """Try everything whose player is reachable; to be called now and then."""
        for who in list(self._waiting):
            self._try(who)

    # --- what waits ---------------------------------------------------------------------------

    def _keep(self, delivery: Delivery) -> None:
        who = (delivery.server, delivery.player_id)
        self._waiting.setdefault(who, {})[delivery.id] = None
        if delivery.account is not None:
            self._by_account.setdefault(delivery.account, {})[who] = None

    def _forget(self, delivery: Delivery) -> None:
        who = (delivery.server, delivery.player_id)
        waiting = self._waiting.get(who, {})
        waiting.pop(delivery.id, None)
        if not waiting:
            self._waiting.pop(who, None)
            places = self._by_account.get(delivery.account or "", {})
            places.pop(who, None)
            if not places:
                self._by_account.pop(delivery.account or "", None)

    # --- sending ------------------------------------------------------------------------------

    def _try(self, who: tuple[str, str]) -> None:
        """Send what waits for this player, unless that is under way or the player is away."""
        if who in self._busy or who not in self._waiting:
            return
        self._busy.add(who)
        sent = Deferred.fromCoroutine(self._send_waiting(who))
        sent.addErrback(lambda fault: self.log.failure("delivery failed", fault))
        sent.addBoth(lambda _: self._busy.discard(who))

    async def _send_waiting(self, who: tuple[str, str]) -> None:
        while self._waiting.get(who):
            delivery = self._desk.delivery(next(iter(self._waiting[who])))
            if delivery is None:
                self._waiting[who].pop(next(iter(self._waiting[who])))
                continue
            place = self._place(delivery)
            if place is None or not await self._send(delivery, *place):
                return

    def _place(self, delivery: Delivery) -> Place | None:
        """Where the player can be reached: the same server first, then the account's others."""
        link = self._links.get(delivery.server)
        player = self._rosters.get(delivery.server, delivery.player_id)
        if player is not None and link is not None and link.ready:
            return delivery.server, player
        for server, other in self._rosters.elsewhere(delivery.account or ""):
            if server in self._links and self._links[server].ready:
                return server, other
        return None

    async def _send(self, delivery: Delivery, server: str, player: Player) -> bool:
        """Show the delivery there; whether it is done with."""
        link = self._links[server]
        lines = self._lines(delivery, link, player)
        try:
            for n, line in enumerate(lines):
                id = delivery.id if len(lines) == 1 else f"{delivery.id}/{n + 1}"
                await self._tell(link, player, line, id)
        except Gone:
            link.left(player.id)
            return self._place(delivery) is not None
        except (GMError, TimedOut) as fault:
            link.log.info("{id} is not delivered yet: {fault}", id=delivery.id, fault=fault)
            return False
        how = "shown" if link.adapter.confirms else "sent"
        self._forget(delivery)
        self._turn.decide(Delivered(delivery.id, server, player.id, how))
        return True

    async def _tell(self, link: ServerLink, player: Player, line: str, id: str) -> None:
        """One line, when the game can bear it. Raises Gone, a GMError, or TimedOut."""
        told: Deferred[None] = Deferred()

        def tell() -> None:
            if not told.called:
                telling = Deferred.fromCoroutine(link.adapter.tell(player, line, id))
                telling.addBoth(lambda result: None if told.called else told.callback(result))

        link.in_flight.add(told)
        told.addBoth(_passing(lambda: link.in_flight.discard(told)))
        link.paced(tell)
        await told.addTimeout(TELL_SECONDS, self._reactor)

    def _lines(self, delivery: Delivery, link: ServerLink, player: Player) -> list[str]:
        """The delivery as this game shows it to this player: worded, cleaned, split."""
        locale = player.locale or delivery.locale or link.config.locale
        words = wording.wording(locale)
        said = []
        if delivery.text.strip():
            template = wording.ANSWER if delivery.gm else wording.SYSTEM
            said.append(words.say(template, gm=delivery.gm, text=delivery.text))
        if delivery.kind == "completed":
            said.append(words.say(wording.RATE, ticket=delivery.ticket))
        return [line for text in said for line in fit(link, text)]

    def notify(self, notice: Notice) -> None:
        """A line for a player whose loss does no harm; dropped where it cannot be sent now."""
        link = self._links.get(notice.server)
        if link is None or not link.ready:
            return
        lines = fit(link, notice.text)
        for n, line in enumerate(lines):
            id = notice.id if len(lines) == 1 else f"{notice.id}/{n + 1}"
            link.paced(_notice(link, notice.player, line, id), notice=True)

    def _announce(self, event: Event) -> None:
        for server in event.data.get("servers", ()):
            link = self._links.get(server)
            if link is not None and link.ready:
                for line in fit(link, event.text or ""):
                    link.paced(_announcement(link, line))


def _passing(action: Callable[[], Any]) -> Callable[[Any], Any]:
    """A callback that does something besides and hands the result on."""

    def callback(result: Any) -> Any:
        action()
        return result

    return callback


def fit(link: ServerLink, text: str) -> list[str]:
    """``text`` as lines that the game can show."""
    limits = link.adapter.limits
    return split(game_safe(text), limits.characters, limits.bytes, limits.encoding)


def _notice(link: ServerLink, player: Player, line: str, id: str) -> Callable[[], None]:
    return lambda: link.adapter.notify(player, line, id)


def _announcement(link: ServerLink, line: str) -> Callable[[], Any]:
    def announce() -> None:
        Deferred.fromCoroutine(link.adapter.announce(line)).addErrback(
            lambda fault: link.log.info("not announced: {fault}", fault=fault.value)
        )

    return announce
