"""How much players and servers may say, and telling them once when it is too much."""

from __future__ import annotations

from math import ceil
from typing import Any, NamedTuple

from gmkit.config import Help

from ..pacing import Bucket
from . import wording

KEPT = 50_000
"""Players remembered before those who have been quiet are forgotten."""


class Limited(NamedTuple):
    """A line that is not taken. ``tell`` is whether the player has not been told yet."""

    sentence: str
    facts: dict[str, Any]
    tell: bool


class _Meter(Bucket):
    """What one player may still say, and when the newest ticket was opened."""

    __slots__ = ("opened_at", "told")

    def __init__(self, most: float, per_second: float, now: float) -> None:
        super().__init__(most, per_second, now)
        self.told = False
        self.opened_at = float("-inf")


class Limits:
    """Token buckets by player and by server; a player is also slowed in opening tickets."""

    def __init__(self, settings: Help) -> None:
        self._settings = settings
        self._players: dict[tuple[str, str], _Meter] = {}
        self._servers: dict[str, Bucket] = {}

    def configure(self, settings: Help) -> None:
        """Other limits, from each player's and server's next pause on."""
        self._settings = settings
        self._servers.clear()

    def check(self, server: str, player_id: str, now: float) -> Limited | None:
        """Count a line; None if it may pass."""
        meter = self._meter(server, player_id, now)
        if not meter.take(now):
            facts = {"seconds": ceil(meter.wait(now))}
            return self._limited(meter, wording.TOO_FAST, facts)
        if not self._server(server, now).take(now):
            return self._limited(meter, wording.TOO_MANY, {})
        meter.told = False
        return None

    def check_opening(self, server: str, player_id: str, now: float) -> Limited | None:
        """Whether the player may open another ticket already."""
        meter = self._meter(server, player_id, now)
        wait = meter.opened_at + self._settings.cooldown - now
        if wait > 0:
            return self._limited(meter, wording.WAIT_TO_ASK, {"seconds": ceil(wait)})
        meter.opened_at = now
        return None

    def _limited(self, meter: _Meter, sentence: str, facts: dict[str, Any]) -> Limited:
        told, meter.told = meter.told, True
        return Limited(sentence, facts, not told)

    def _meter(self, server: str, player_id: str, now: float) -> _Meter:
        meter = self._players.get((server, player_id))
        if meter is None:
            if len(self._players) >= KEPT:
                self._forget_quiet(now)
            limit = self._settings.player_limit
            rate = limit / self._settings.player_seconds
            meter = self._players[server, player_id] = _Meter(limit, rate, now)
        return meter

    def _server(self, server: str, now: float) -> Bucket:
        bucket = self._servers.get(server)
        if bucket is None:
            limit = self._settings.server_limit
            bucket = Bucket(limit, limit / self._settings.server_seconds, now)
            self._servers[server] = bucket
        return bucket

    def _forget_quiet(self, now: float) -> None:
        """Drop the full buckets; if all are in use, the older half: memory stays bounded."""
        quiet = [who for who, meter in self._players.items() if meter.full(now)]
        for who in quiet or list(self._players)[: KEPT // 2]:
            del self._players[who]
