"""What the drivers share: the address, handing work to the game, and when to dial again."""

from __future__ import annotations

import inspect
import logging
import os
import random
import ssl
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from gmkit.errors import GMError
from gmkit.model import Player
from gmkit.wire.frames import frames, pack

from .game import Game
from .session import Ended, Session
from .store import Message, Spool, Store
from .work import Announce, Call, Lost, RefusedMessage, Tell, Welcomed, Work

log = logging.getLogger("gmkit.bridge")

CONNECT_WITHIN = 10.0
"""Seconds for a connection to stand."""
RARELY = ("version", "credentials", "failures", "impostor")
"""Reasons that do not go away by trying again soon."""


class BadAddress(GMError):
    """{address} is no address of a bridge; write {schemes}://HOST:PORT."""


class Address(NamedTuple):
    """Where gmkit listens."""

    scheme: str
    host: str
    port: int

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme in ("tls", "https")


def address(text: str, *schemes: str) -> Address:
    """Read ``tls://host:port`` and its like. Raises BadAddress."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in schemes:
        raise BadAddress(address=repr(text), schemes=" or ".join(schemes))
    return Address(parts.scheme, host, port)


def tls_context(where: Address, cafile: str | None) -> ssl.SSLContext | None:
    """How to check gmkit's certificate: against the system's authorities or a file's."""
    return ssl.create_default_context(cafile=cafile) if where.secure else None


class Pauses:
    """How long to wait before each try."""

    def __init__(self, random: random.Random) -> None:
        self._random = random
        self._failures = 0

    def succeeded(self) -> None:
        """Begin again with short waits."""
        self._failures = 0

    def next(self, fault: BaseException | None) -> float:
        """Seconds to wait after this fault."""
        longest = min(30.0, 0.25 * 2 ** min(self._failures, 10))
        self._failures += 1
        wait = self._random.uniform(0.0, longest)
        rarely = isinstance(fault, Ended) and fault.reason in RARELY
        return 10.0 + wait if rarely else wait


def why(fault: BaseException) -> str:
    """A fault as one sentence."""
    if isinstance(fault, Ended):
        return str(fault.facts["sentence"])
    if isinstance(fault, TimeoutError):
        return "gmkit does not answer."
    return str(fault) or type(fault).__name__


class Driver:
    """The part of every ``Bridge`` that does not depend on how it waits."""

    def __init__(
        self,
        game: Game,
        where: Address,
        *,
        server: str,
        token: str,
        spool: str | os.PathLike[str] | Store | None = None,
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        store = spool if isinstance(spool, Store) or spool is None else Spool(spool)
        self.game = game
        self.address = where
        self._lock: AbstractContextManager[Any] = lock or nullcontext()
        self._session = Session(game, server=server, token=token, store=store)

    # --- what the game tells --------------------------------------------------------------------

    def said(self, player: Player, text: str) -> int:
        """A player typed a line. Once this returns, gmkit gets it; with a spool even if this
        process is killed. Raises Full, or Unfit where the protocol does not allow the values."""
        return int(self._tell(self._session.said, player, text))

    def joined(self, player: Player) -> None:
        """The player is on the server now."""
        self._tell(self._session.joined, player)

    def left(self, player_id: str) -> None:
        """The player is no longer there."""
        self._tell(self._session.left, player_id)

    def renamed(self, player: Player) -> None:
        """The player, known by its id, has another name now."""
        self._tell(self._session.renamed, player)

    def data(self, player_id: str, facts: Mapping[str, Any]) -> None:
        """Facts about a player, such as ``level``."""
        self._tell(self._session.data, player_id, facts)

    def roster(self, players: Iterable[Player]) -> None:
        """Exactly these players are on the server."""
        self._tell(self._session.roster, players)

    @property
    def online(self) -> bool:
        """Whether lines flow both ways now."""
        return self._session.online

    # --- for the drivers ------------------------------------------------------------------------

    def _tell(self, method: Callable[..., Any], *arguments: Any) -> Any:
        with self._lock:
            value = method(*arguments)
        self._wake()
        return value

    def _wake(self) -> None:
        """There may be something to send."""
        raise NotImplementedError

    def _perform(self, work: Work) -> Any:
        """Hand one thing to the game; an awaitable where the game's own method gave one."""
        if isinstance(work, Tell):
            with self._lock:
                self._session.begin(work)
            return self._attempt(work, self.game.tell, work.delivery, work.player, work.text)
        if isinstance(work, Call):
            method = getattr(self.game, work.verb)
            return self._attempt(work, method, work.player, **work.arguments)
        if isinstance(work, Announce):
            return self._attempt(work, self.game.announce, work.text)
        if isinstance(work, RefusedMessage):
            return self._attempt(work, self.game.refused, *work)
        if isinstance(work, Lost):
            return self._attempt(work, self.game.disconnected, work.reason)
        assert isinstance(work, Welcomed)
        return self._attempt(work, self.game.connected)

    def _attempt(self, work: Work, method: Callable[..., Any], *args: Any, **named: Any) -> Any:
        try:
            value = method(*args, **named)
        except Exception as fault:  # noqa: BLE001 - the game's fault must not end the bridge
            self._failed(work, fault)
            return None
        if inspect.isawaitable(value):
            return self._later(work, value)
        self._done(work, value)
        return None

    async def _later(self, work: Work, value: Any) -> None:
        try:
            result = await value
        except Exception as fault:  # noqa: BLE001 - the game's fault must not end the bridge
            self._failed(work, fault)
        else:
            self._done(work, result)

    def _done(self, work: Work, value: Any) -> None:
        with self._lock:
            if isinstance(work, Tell):
                self._session.finish(work, value is not False)
            elif isinstance(work, Call):
                self._session.result(work, value)
        self._wake()

    def _failed(self, work: Work, fault: Exception) -> None:
        log.error("the game failed at %s", type(work).__name__, exc_info=fault)
        with self._lock:
            if isinstance(work, Tell):
                self._session.finish(work, False)
            elif isinstance(work, Call):
                self._session.result(work, error=str(fault) or type(fault).__name__)
        self._wake()

    def _outgoing(self, now: float) -> bytes:
        """Frames of what is to be sent."""
        with self._lock:
            taken = self._session.take(now)
        return frames([pack(m) for m in taken]) if taken else b""

    def _outgoing_json(self, now: float) -> list[Message]:
        with self._lock:
            return self._session.take(now)
