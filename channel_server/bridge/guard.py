"""Limits on who may knock: connections for each address, strangers, and wrong tokens."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gmkit.errors import GMError


@dataclass(frozen=True)
class BridgeLimits:
    """What one listener bears. Times are in seconds, sizes in bytes."""

    handshake: float = 10.0
    """How long a peer may take to prove itself."""
    parked: float = 10.0
    """How long a proven game waits until its server is served."""
    heartbeat: float = 15.0
    connections_per_address: int = 4096
    strangers: int = 2048
    """Connections that have not proven themselves; one more ends the oldest."""
    unsent: int = 4 << 20
    """What may wait for a game that reads slowly; more ends the connection."""
    failures: int = 10
    """Wrong proofs for one server from one address until it has to wait."""
    lockout: float = 60.0
    """How long it has to wait, counted from the last wrong proof."""
    failure_delay: float = 1.0
    """How long the answer to a wrong proof is held back."""


class TooManyConnections(GMError):
    """{address} has {count} connections open; close some of them."""


class TooManyFailures(GMError):
    """Too many wrong tokens for this server from {address}; wait {seconds} seconds."""


class _Failed(NamedTuple):
    times: int
    last: float


class Guard:
    """Counts connections and failures by address. Bounded, whatever peers do."""

    most_remembered = 10_000

    def __init__(self, limits: BridgeLimits, now: Callable[[], float]) -> None:
        self._limits = limits
        self._now = now
        self._open: Counter[str] = Counter()
        self._failed: OrderedDict[tuple[str, str], _Failed] = OrderedDict()

    def opened(self, address: str) -> None:
        """Count a connection. Raises TooManyConnections, and then does not count it."""
        count = self._open[address]
        if count >= self._limits.connections_per_address:
            raise TooManyConnections(address=address, count=count)
        self._open[address] += 1

    def closed(self, address: str) -> None:
        """Forget a connection that was counted."""
        self._open[address] -= 1
        if self._open[address] <= 0:
            del self._open[address]

    def check(self, address: str, server: str) -> None:
        """Raise TooManyFailures while the address must wait before it tries this server again."""
        failed = self._failed.get((address, server))
        if failed is None:
            return
        left = failed.last + self._limits.lockout - self._now()
        if left <= 0:
            del self._failed[address, server]
        elif failed.times >= self._limits.failures:
            raise TooManyFailures(address=address, seconds=int(left) + 1)

    def failed(self, address: str, server: str) -> None:
        """Count a wrong proof."""
        known = self._failed.pop((address, server), _Failed(0, 0.0))
        self._failed[address, server] = _Failed(known.times + 1, self._now())
        while len(self._failed) > self.most_remembered:
            self._failed.popitem(last=False)

    def proven(self, address: str, server: str) -> None:
        """Forget the failures of a peer that has proven itself."""
        self._failed.pop((address, server), None)
