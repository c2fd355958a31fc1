"""GM accounts while no daemon runs: straight into the log, decided by the desk."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from twisted.python.failure import Failure

from gmkit.channel_server.revival import revived
from gmkit.desk import Desk, Rules, requests
from gmkit.desk.view import AccountView
from gmkit.errors import GMError
from gmkit.log.sqlite import SQLiteLog


class Staff:
    """The accounts in one database file, which is made when it is missing."""

    def __init__(self, desk: Desk, log: SQLiteLog, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._log = log
        self._clock = clock

    def accounts(self) -> Sequence[AccountView]:
        """Every account, disabled ones too."""
        return self._desk.accounts()

    def do(self, request: requests.AddGM | requests.ChangeGM) -> None:
        """Decide and append; on disk when it returns. Raises the desk's refusal, or LogFailed."""
        events = self._desk.decide(request, self._clock())
        if isinstance(events, GMError):
            raise events
        for event in events:
            self._desk.apply(event)
        failed: list[Failure] = []
        self._log.append(events).addErrback(failed.append)
        for failure in failed:
            failure.raiseException()


@contextmanager
def staff(database: Path, clock: Callable[[], float] = time.time) -> Iterator[Staff]:
    """The accounts in a database that no daemon uses. Raises LogInUse, LogTooNew, LogUnusable."""
    log = SQLiteLog(database).open()
    try:
        desk, _ = revived(log, Rules())
        yield Staff(desk, log, clock)
    finally:
        log.close()
