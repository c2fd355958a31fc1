"""Not more at a time than the other side bears."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any


class Bucket:
    """A token bucket: ``most`` at once, refilled at ``per_second``. Times are seconds."""

    __slots__ = ("_at", "_left", "most", "per_second")

    def __init__(self, most: float, per_second: float, now: float) -> None:
        self.most = most
        self.per_second = per_second
        self._left = most
        self._at = now

    def take(self, now: float) -> bool:
        """One token, if there is one."""
        left = self._left + (now - self._at) * self.per_second
        self._at = now
        left = min(left, self.most)
        if left < 1.0:
            self._left = left
            return False
        self._left = left - 1.0
        return True

    def full(self, now: float) -> bool:
        """Whether nothing has been taken for so long that it can be forgotten."""
        return self._left + (now - self._at) * self.per_second >= self.most

    def wait(self, now: float) -> float:
        """Seconds until the next token."""
        left = self._left + (now - self._at) * self.per_second
        return max(0.0, (1.0 - left) / self.per_second)


class Pacer:
    """Runs actions in order, each when the game can bear another line.

    What must not be lost is added with ``add``; a notice may be dropped, oldest first, when more
    than ``MOST_NOTICES`` wait.
    """

    MOST_NOTICES = 200

    def __init__(self, reactor: Any, per_second: float, burst: int) -> None:
        self._reactor = reactor
        self._bucket = Bucket(max(1, burst), per_second, reactor.seconds()) if per_second else None
        self._waiting: deque[Callable[[], Any]] = deque()
        self._notices: deque[Callable[[], Any]] = deque()
        self._timer: Any = None

    @property
    def paces(self) -> bool:
        """Whether there is a limit at all."""
        return self._bucket is not None

    def add(self, action: Callable[[], Any]) -> None:
        """Run ``action`` as soon as its turn has come, at once if it may."""
        self._queue(self._waiting, action)

    def add_notice(self, action: Callable[[], Any]) -> None:
        """The same for what may be dropped under load; it waits behind everything else."""
        self._queue(self._notices, action)
        if len(self._notices) > self.MOST_NOTICES:
            self._notices.popleft()

    def stop(self) -> None:
        """Drop everything."""
        self._waiting.clear()
        self._notices.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _queue(self, queue: deque[Callable[[], Any]], action: Callable[[], Any]) -> None:
        if self._bucket is None:
            action()
            return
        queue.append(action)
        if self._timer is None:
            self._run()

    def _run(self) -> None:
        self._timer = None
        assert self._bucket is not None
        while self._waiting or self._notices:
            now = self._reactor.seconds()
            if not self._bucket.take(now):
                self._timer = self._reactor.callLater(self._bucket.wait(now) + 0.001, self._run)
                return
            (self._waiting or self._notices).popleft()()
