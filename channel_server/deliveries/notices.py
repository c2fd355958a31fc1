"""Lines into the games whose loss does no harm: acknowledgements, refusals, announcements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from gmkit.model import Event, Player
from gmkit.split import split
from gmkit.text import game_safe

from ..links import ServerLink
from ..players.intake import Notice


class Notices:
    """Says them where the server can be reached now; nothing is kept for later."""

    def __init__(self, links: Mapping[str, ServerLink]) -> None:
        self._links = links

    def notify(self, notice: Notice) -> None:
        """One line for one player."""
        link = self._links.get(notice.server)
        if link is None or not link.ready:
            return
        parts = fit(link, notice.text)
        if len(parts) == 1 and not link.paces:
            _notify(link, notice.player, parts[0], notice.id)
            return
        for n, part in enumerate(parts):
            id = part_id(notice.id, n, len(parts))
            link.paced(partial(_notify, link, notice.player, part, id), notice=True)

    def announce(self, events: Sequence[Event]) -> None:
        """An effect of the turn: ``announced`` events, to everybody on their servers."""
        for event in events:
            if event.kind == "announced":
                for server in event.data.get("servers", ()):
                    self._announce(server, event.text or "")

    def _announce(self, server: str, text: str) -> None:
        link = self._links.get(server)
        if link is not None and link.ready:
            for part in fit(link, text):
                link.paced(_announcement(link, part))


def fit(link: ServerLink, text: str) -> list[str]:
    """``text`` as lines that the game can show: clean, and split to its limits."""
    limits = link.adapter.limits
    return split(game_safe(text), limits.characters, limits.bytes, limits.encoding)


def part_id(id: str, n: int, of: int) -> str:
    """The id of one part of a line, from 0."""
    return id if of == 1 else f"{id}/{n + 1}"


def _notify(link: ServerLink, player: Player, line: str, id: str) -> None:
    try:
        link.adapter.notify(player, line, id)
    except Exception:  # noqa: BLE001 - an adapter's fault must not keep others from their notices
        link.log.failure("a notice to {server} failed", server=link.server)


def _announcement(link: ServerLink, line: str) -> Callable[[], Any]:
    def announce() -> None:
        Deferred.fromCoroutine(link.adapter.announce(line)).addErrback(
            lambda fault: link.log.info("not announced: {fault}", fault=fault.value)
        )

    return announce
