"""Who is on duty follows from whose terminal is connected, with some patience."""

from __future__ import annotations

from typing import Any

from gmkit.desk import Desk
from gmkit.desk.requests import Duty

from .turn import Turn

PATIENCE = 30.0
"""Seconds a GM stays on duty after the last terminal is gone: a line may drop, a daemon restart."""


class DutyRoster:
    """Turns terminals coming and going into GMs coming on duty and going off it."""

    def __init__(self, *, desk: Desk, turn: Turn, reactor: Any) -> None:
        self._turn = turn
        self._reactor = reactor
        self._terminals: dict[str, int] = {}
        self._leaving: dict[str, Any] = {}
        self._stopped = False
        for gm in desk.on_duty():
            self._leave_later(gm)

    def presence(self, gm: str, connected: bool) -> None:
        """A terminal that stands for being on duty connected, or is gone."""
        if self._stopped:
            return  # we go, not the GM: who is on duty stays so for the next daemon
        count = self._terminals.get(gm, 0) + (1 if connected else -1)
        self._terminals[gm] = max(0, count)
        if connected:
            self._stay(gm)
            self._turn.decide(Duty(gm, on=True))
        elif count <= 0:
            del self._terminals[gm]
            self._leave_later(gm)

    def stop(self) -> None:
        """Change nothing any more."""
        self._stopped = True
        for timer in self._leaving.values():
            timer.cancel()
        self._leaving.clear()

    def _stay(self, gm: str) -> None:
        timer = self._leaving.pop(gm, None)
        if timer is not None:
            timer.cancel()

    def _leave_later(self, gm: str) -> None:
        self._stay(gm)
        self._leaving[gm] = self._reactor.callLater(PATIENCE, self._leave, gm)

    def _leave(self, gm: str) -> None:
        del self._leaving[gm]
        self._turn.decide(Duty(gm, on=False))
