"""Who is online where, as the games tell it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from gmkit.model import Player


class Rosters:
    """The players on every server, also by the account that links them."""

    def __init__(self) -> None:
        self._on: dict[str, dict[str, Player]] = {}
        self._places: dict[str, dict[tuple[str, str], None]] = {}

    def joined(self, server: str, player: Player) -> bool:
        """The player is there; whether that is news."""
        online = self._on.setdefault(server, {})
        known = online.get(player.id)
        if known == player:
            return False
        if known is not None:
            self._forget_account(server, known)
        online[player.id] = player
        if player.account is not None:
            self._places.setdefault(player.account, {})[server, player.id] = None
        return known is None

    def left(self, server: str, player_id: str) -> None:
        player = self._on.get(server, {}).pop(player_id, None)
        if player is not None:
            self._forget_account(server, player)

    def replace(self, server: str, players: Iterable[Player]) -> list[Player]:
        """Exactly these players are there; returns those who were not known to be."""
        present = {player.id: player for player in players}
        for gone in [id for id in self._on.get(server, {}) if id not in present]:
            self.left(server, gone)
        return [player for player in present.values() if self.joined(server, player)]

    def get(self, server: str, player_id: str) -> Player | None:
        return self._on.get(server, {}).get(player_id)

    def online(self, server: str) -> Collection[Player]:
        """Everybody on the server."""
        return self._on.get(server, {}).values()

    def elsewhere(self, account: str) -> list[tuple[str, Player]]:
        """Every server and character that the account is online with."""
        return [(server, self._on[server][id]) for server, id in self._places.get(account, ())]

    def _forget_account(self, server: str, player: Player) -> None:
        places = self._places.get(player.account or "", {})
        places.pop((server, player.id), None)
        if not places:
            self._places.pop(player.account or "", None)
