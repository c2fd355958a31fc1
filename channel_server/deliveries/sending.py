"""One attempt after another to show a delivery, and what is known of them.

A game that confirms may have shown a line although its confirmation was lost. Until that game has
answered for it, no other server is asked: it would show the line a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut

from gmkit.adapter import Gone, LinkLost
from gmkit.desk import Delivery
from gmkit.desk.requests import Sent
from gmkit.errors import GMError
from gmkit.model import Player

from ..links import ServerLink
from ..players import wording
from ..turn import Turn
from .notices import fit, part_id

TELL_SECONDS = 30.0
"""How long a game may take to confirm a line before it is tried again at the next occasion."""
DOUBT_SECONDS = 600.0
"""How long a server that may have shown the line is waited for before another one is asked."""
MOST_IN_DOUBT = 2
"""Attempts in doubt after which a game that cannot confirm is taken at its word."""
Place = tuple[str, str]

SHOWN, SENT, GONE, LATER = "shown", "sent", "gone", "later"


@dataclass(slots=True)
class Progress:
    """How far a delivery has come.

    ``lines`` were shown whole, and of the next one ``part`` of ``of`` parts; ``doubt`` is where
    the part after that may have been shown, since when. ``faulty``: its adapter's fault is logged.
    """

    lines: int = 0
    part: int = 0
    of: int = 0
    doubt: Place | None = None
    since: float = 0.0
    failed: int = 0
    faulty: bool = False


class Sender:
    """Shows deliveries; remembers what was shown of those that are not done with."""

    def __init__(self, turn: Turn, reactor: Any) -> None:
        self._turn = turn
        self._reactor = reactor
        self._progress: dict[str, Progress] = {}

    def revive(self, delivery: Delivery) -> None:
        """After a start: the last daemon may have sent it, without leaving a word of it."""
        self._progress[delivery.id] = Progress(
            lines=delivery.lines, doubt=delivery.place, since=self._reactor.seconds()
        )

    def doubt(self, delivery: Delivery) -> Place | None:
        """Where the delivery may have been shown; that place has to be asked first."""
        progress = self._progress.get(delivery.id)
        if progress is None or progress.doubt is None:
            return None
        if self._reactor.seconds() - progress.since > DOUBT_SECONDS:
            progress.doubt = None
        return progress.doubt

    def forget(self, delivery: Delivery) -> None:
        """The delivery is done with, or what is known of it counts no more."""
        self._progress.pop(delivery.id, None)

    async def send(self, delivery: Delivery, link: ServerLink, player: Player) -> str:
        """Show what is left of the delivery: SHOWN, SENT, GONE, or LATER when it failed."""
        progress = self._progress.setdefault(delivery.id, Progress())
        try:
            await self._leave_word(delivery, (link.server, player.id), progress)
            await self._show(delivery, link, player, progress)
        except Gone:
            progress.doubt = None
            return GONE
        except (GMError, TimedOut) as fault:
            link.log.info("{id} is not delivered yet: {fault}", id=delivery.id, fault=fault)
            return LATER if progress.failed < MOST_IN_DOUBT else SENT
        except Exception:  # noqa: BLE001 - an adapter's fault; told once, tried again all the same
            if not progress.faulty:
                progress.faulty = True
                link.log.failure("the adapter failed to show {id}", id=delivery.id)
            return LATER if progress.failed < MOST_IN_DOUBT else SENT
        return SHOWN if link.adapter.confirms else SENT

    async def _leave_word(self, delivery: Delivery, place: Place, progress: Progress) -> None:
        """So that a daemon after this one asks there first; the own server needs no word."""
        if place != delivery.place:
            await self._turn.submit(Sent(delivery.id, *place, progress.lines))

    async def _show(
        self, delivery: Delivery, link: ServerLink, player: Player, progress: Progress
    ) -> None:
        for n, line in enumerate(_lines(delivery, link, player)):
            if n < progress.lines:
                continue
            parts = fit(link, line)
            if progress.of != len(parts):
                progress.part, progress.of = 0, len(parts)
            id = delivery.id if n == 0 else f"{delivery.id}+{n}"
            while progress.part < len(parts):
                part = parts[progress.part]
                await self._tell(
                    link, player, part, part_id(id, progress.part, len(parts)), progress
                )
                progress.part += 1
                progress.failed = 0
            progress.lines, progress.part, progress.of = n + 1, 0, 0

    async def _tell(
        self, link: ServerLink, player: Player, line: str, id: str, progress: Progress
    ) -> None:
        """One line, when the game can bear it. Raises Gone, a GMError, or TimedOut."""
        if not link.ready:  # it was lost, or let go, since its place was looked up
            raise LinkLost(reason=link.reason)
        told: Deferred[None] = Deferred()

        def tell() -> None:
            if told.called:
                return
            if link.adapter.confirms:
                progress.doubt, progress.since = (link.server, player.id), self._reactor.seconds()
            else:
                progress.failed += 1
            telling = Deferred.fromCoroutine(link.adapter.tell(player, line, id))
            telling.addBoth(lambda result: None if told.called else told.callback(result))

        link.in_flight.add(told)
        told.addBoth(_passing(lambda: link.in_flight.discard(told)))
        link.paced(tell)
        await told.addTimeout(TELL_SECONDS, self._reactor)
        progress.doubt = None


def _lines(delivery: Delivery, link: ServerLink, player: Player) -> list[str]:
    """The delivery as this player reads it, before it is split."""
    words = wording.wording(player.locale or delivery.locale or link.config.locale)
    said = []
    if delivery.text.strip():
        template = wording.ANSWER if delivery.gm else wording.SYSTEM
        said.append(words.say(template, gm=delivery.gm, text=delivery.text))
    if delivery.kind == "completed":
        said.append(words.say(wording.RATE, ticket=delivery.ticket))
    return said


def _passing(action: Callable[[], Any]) -> Callable[[Any], Any]:
    """A callback that does something besides and hands the result on."""

    def callback(result: Any) -> Any:
        action()
        return result

    return callback
