"""One link for each game server: runs its adapter, restarts it, and knows how it is."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from gmkit.adapter import Adapter, Channel, Link, LinkLost
from gmkit.config import ServerConfig
from gmkit.desk.requests import LinkChanged
from gmkit.errors import GMError
from gmkit.model import Player, Source
from gmkit.text import safe

from .pacing import Pacer
from .players.grammar import Grammar
from .players.intake import Intake
from .rosters import Rosters
from .turn import Turn

SHORTEST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds before an adapter is run again: doubled with each failure, less up to a half."""
STEADY = 30.0
"""Seconds a connection must have worked for the next wait to be the shortest again."""
MOST_NAME, MOST_ROSTER = 200, 20_000


class Door(Protocol):
    """Where games dial in: gmkit.channel_server.bridge.port.BridgePort."""

    def accept(self, server: str, token: str) -> Deferred[Channel]: ...
    def forget(self, server: str) -> None: ...


class ServerLink(Link):
    """A server's adapter under supervision. ``state``: connecting, up, degraded or down."""

    def __init__(
        self,
        config: ServerConfig,
        *,
        make_adapter: Callable[[Link], Adapter],
        turn: Turn,
        intake: Intake,
        rosters: Rosters,
        door: Door,
        settled: Callable[[str, str], int],
        on_ready: Callable[[str], None],
        on_joined: Callable[[str, Player], None],
        reactor: Any,
        random: random.Random,
    ) -> None:
        """``settled`` tells what the log held at start; ``on_ready`` hears of each ``up``."""
        self.config = config
        self.server = config.name
        self.log = Logger(namespace=f"gmkit.server.{config.name}")
        self.state = "connecting"
        self.reason = ""
        self.since: float = reactor.seconds()
        self.facts: dict[str, Mapping[str, Any]] = {}
        self._turn = turn
        self._intake = intake
        self._rosters = rosters
        self._door = door
        self._on_ready = on_ready
        self._on_joined = on_joined
        self._reactor = reactor
        self._random = random
        self._settled_before = settled
        self._settled: dict[str, int] = {}
        self._newest: list[Source] = []
        self._newest_of = -1
        self._failures = 0
        self._running: Deferred[None] | None = None
        self._stopped = False
        self._pacer: Pacer | None = None
        self.in_flight: set[Deferred[None]] = set()
        """Lines on their way to the game; they fail when the connection is lost."""
        self.adapter = make_adapter(self)
        self.spoken = self._grammar()

    # --- supervision --------------------------------------------------------------------------

    def start(self) -> None:
        """Run the adapter until ``stop``."""
        self._running = Deferred.fromCoroutine(self._supervise())
        self._running.addErrback(lambda fault: fault.trap(CancelledError) and None)

    def stop(self) -> None:
        """Cancel the adapter. Nothing is told: the server did not go away, we do."""
        self._stopped = True
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
        self._door.forget(self.server)
        self._interrupt("The server is not served any more.")
        self._pacer = None

    async def _supervise(self) -> None:
        while True:
            began: float = self._reactor.seconds()
            reason = await self._run_once()
            if self._stopped:
                return
            was_up = self.state in ("up", "degraded")
            self.down(reason)
            if was_up and self._reactor.seconds() - began >= STEADY:
                self._failures = 0
            await self._pause()

    async def _run_once(self) -> str:
        """Run the adapter; why it ended."""
        try:
            await self.adapter.run()
        except CancelledError:
            raise
        except GMError as fault:
            return fault.sentence()
        except Exception as fault:  # noqa: BLE001 - an adapter's fault harms nobody else
            if self._failures == 0:
                self.log.failure("the adapter of {server} failed", server=self.server)
            return f"{type(fault).__name__}: {fault}"
        return "The game ended the connection."

    async def _pause(self) -> None:
        wait = min(LONGEST_WAIT, SHORTEST_WAIT * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        pause: Deferred[None] = Deferred(lambda _: timer.cancel())
        timer = self._reactor.callLater(
            wait * (1 - self._random.random() / 2), lambda: pause.callback(None)
        )
        await pause

    def _become(self, state: str, reason: str) -> None:
        """Tell a change of state once; the reason may vary while the state lasts."""
        if state == self.state or self._stopped:
            return
        self.state, self.reason, self.since = state, reason, self._reactor.seconds()
        self.log.info(
            "{server} is {state}. {reason}", server=self.server, state=state, reason=safe(reason)
        )
        self._turn.decide(LinkChanged(self.server, state, reason))

    # --- what the adapter tells ---------------------------------------------------------------

    def up(self, detail: str = "") -> None:
        recovered = self.ready
        self._become("up", detail)
        if recovered:
            return  # the same connection: what is on its way still is
        self._interrupt("The game has connected anew.")
        self.spoken = self._grammar()
        limits = self.adapter.limits
        self._pacer = Pacer(self._reactor, limits.lines_per_second, limits.burst)
        self._on_ready(self.server)

    def _grammar(self) -> Grammar:
        """The help words: as configured, else the game's own, which it may tell when it connects."""
        return Grammar(self.config.triggers or self.adapter.help_triggers)

    def degraded(self, reason: str) -> None:
        self._become("degraded", reason)

    def down(self, reason: str) -> None:
        self._interrupt(reason)
        self._rosters.replace(self.server, ())
        self.facts.clear()
        self._become("down", reason)

    def _interrupt(self, reason: str) -> None:
        """What was on its way over the connection before this moment has failed."""
        if self._pacer is not None:
            self._pacer.stop()
        for told in list(self.in_flight):
            told.errback(LinkLost(reason=reason or "The connection was lost."))

    def said(self, player: Player, text: str, source: Source | None = None) -> None:
        if self._rosters.get(self.server, player.id) != player:
            self.joined(player)
        if source is not None:
            self._settle_with_turn(source)
        self._intake.said(self.server, self.spoken, self.config.locale, player, text, source)

    def _settle_with_turn(self, source: Source) -> None:
        """Tell the adapter once this turn is on disk, and of no line of a later turn."""
        if self._newest_of != self._turn.number:
            self._newest_of = self._turn.number
            self._newest = newest = [source]
            self._turn.settled().addCallbacks(
                lambda _: self._tell_settled(newest[0]), lambda _: None
            )
        self._newest[0] = source

    def _tell_settled(self, source: Source) -> None:
        """Everything said up to there is on disk."""
        self._settled = {source.stream: max(source.n, self.settled_up_to(source.stream))}
        self.adapter.settled(source)

    def joined(self, player: Player) -> None:
        if len(self._rosters.online(self.server)) >= MOST_ROSTER:
            return
        if self._rosters.joined(self.server, player):
            self._on_joined(self.server, player)

    def left(self, player_id: str) -> None:
        self._rosters.left(self.server, player_id)
        self.facts.pop(player_id, None)

    def renamed(self, player: Player) -> None:
        if self._rosters.get(self.server, player.id) is not None:
            self._rosters.joined(self.server, player)
        else:
            self.joined(player)

    def data(self, player_id: str, facts: Mapping[str, Any]) -> None:
        if self._rosters.get(self.server, player_id) is not None:
            self.facts[player_id] = facts

    def roster(self, players: Sequence[Player]) -> None:
        come = self._rosters.replace(self.server, players[:MOST_ROSTER])
        for gone in [id for id in self.facts if self._rosters.get(self.server, id) is None]:
            del self.facts[gone]
        for player in come:
            self._on_joined(self.server, player)

    def settled_up_to(self, stream: str) -> int:
        if stream in self._settled:
            return self._settled[stream]
        return self._settled_before(self.server, stream)

    def accept(self, token: str) -> Deferred[Channel]:
        return self._door.accept(self.server, token)

    # --- what gmkit asks ----------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether lines can be sent."""
        return self.state in ("up", "degraded") and self._pacer is not None

    @property
    def paces(self) -> bool:
        """Whether its game wants lines one after the other."""
        return self._pacer is not None and self._pacer.paces

    def paced(self, action: Callable[[], Any], *, notice: bool = False) -> None:
        """Run the action when the game can bear another line."""
        if self._pacer is not None and self.ready:
            (self._pacer.add_notice if notice else self._pacer.add)(action)

    async def act(self, verb: str, player: Player, *arguments: Any) -> Any:
        """Use a capability, which whoever asks has found there. Raises what the adapter raises."""
        return await getattr(self.adapter, verb)(player, *arguments)
