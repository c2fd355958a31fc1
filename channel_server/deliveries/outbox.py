"""Deliveries: lines that must reach a player, until the game has them or they expire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gmkit.desk import Delivery, Desk
from gmkit.desk.requests import Delivered, Expired
from gmkit.i18n import N_
from gmkit.model import Event, Player

from ..links import ServerLink
from ..rosters import Rosters
from ..turn import Turn
from .sending import GONE, LATER, Sender

EXPIRED = N_("The player was not seen for {days} days.")


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
        self.expires = expires
        self._waiting: dict[tuple[str, str], dict[str, None]] = {}
        self._by_account: dict[str, dict[tuple[str, str], None]] = {}
        self._busy: set[tuple[str, str]] = set()
        self._sender = Sender(turn, reactor)
        turn.on_durable(self._events)
        for delivery in desk.deliveries():
            self._keep(delivery)
            self._sender.revive(delivery)

    # --- what makes deliveries move -----------------------------------------------------------

    def _events(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind in ("replied", "completed", "told"):
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
        before = self._turn.now() - self.expires
        days = round(self.expires / 86_400, 1)
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
        self._sender.forget(delivery)
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
        """In order, for as long as it goes well."""
        while waiting := self._waiting.get(who):
            delivery = self._desk.delivery(next(iter(waiting)))
            if delivery is None:
                waiting.pop(next(iter(waiting)))
                continue
            place = self._place(delivery)
            if place is None:
                return
            link, player = place
            result = await self._sender.send(delivery, link, player)
            if result == LATER:
                return
            if result == GONE:
                link.left(player.id)
            else:
                self._forget(delivery)
                self._turn.decide(Delivered(delivery.id, link.server, player.id, result))

    def _place(self, delivery: Delivery) -> tuple[ServerLink, Player] | None:
        """Where to send it: where it may have been shown already, then its own server, then the
        others of the account."""
        doubt = self._sender.doubt(delivery)
        if doubt is not None and doubt[0] in self._links:
            link = self._links[doubt[0]]
            player = self._rosters.get(*doubt) or Player(doubt[1], delivery.name)
            return (link, player) if link.ready else None
        home = self._links.get(delivery.server)
        at_home = self._rosters.get(delivery.server, delivery.player_id)
        if at_home is not None and home is not None and home.ready:
            return home, at_home
        for server, other in self._rosters.elsewhere(delivery.account or ""):
            if server in self._links and self._links[server].ready:
                return self._links[server], other
        return None
