"""What a simulated server knows to have happened, to hold against what gmkit says."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from pathlib import Path
from typing import Any, TextIO

from gmkit.adapter import Source

KEPT = 10_000

_NUMBER = re.compile(r"#(\d+)")
_CAUSE = re.compile(r":(\d+)(?:/\d+)?$")


class Ledger:
    """Counts and, given a folder, writes one JSON object a line to ``FOLDER/SERVER.jsonl``.

    Every entry has ``at`` (the clock's seconds), ``what``, ``server`` and ``player``. ``what``:

    - ``asked`` (``source``): the player typed a call for help
    - ``acked`` (``source``, ``ticket``): a notice told the player the ticket's number
    - ``told`` (``source``, ``text``): a notice told the player something else, such as a limit
    - ``noticed`` (``text``): a notice that answers no call
    - ``shown`` (``delivery``, ``account``): the player saw a line that had to reach them
    - ``repeated`` (``delivery``): the game was given a line again and did not show it again
    - ``announced`` (``count``): so many players saw an announcement
    """

    def __init__(self, server: str, clock: Any, folder: str = "") -> None:
        self.totals: Counter[str] = Counter()
        self.entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._server = server
        self._clock = clock
        self._path = Path(folder) / f"{server}.jsonl" if folder else None
        self._file: TextIO | None = None
        self._waiting: dict[int, str] = {}

    def asked(self, player: str, source: Source) -> None:
        self._waiting[source.n] = str(source)
        self._write("asked", player, source=str(source))

    def noticed(self, player: str, text: str, delivery: str) -> None:
        """A notice was shown. Its id ends with the source of the line that it answers."""
        cause = _CAUSE.search(delivery)
        source = self._waiting.pop(int(cause[1]), None) if cause else None
        number = _NUMBER.search(text)
        if source is None:
            self._write("noticed", player, text=text)
        elif number is None:
            self._write("told", player, source=source, text=text)
        else:
            self._write("acked", player, source=source, ticket=int(number[1]))

    def shown(self, player: str, account: str | None, delivery: str) -> None:
        self._write("shown", player, account=account, delivery=delivery)

    def repeated(self, player: str, delivery: str) -> None:
        self._write("repeated", player, delivery=delivery)

    def announced(self, count: int) -> None:
        self._write("announced", None, count=count)

    def close(self) -> None:
        """Let go of the file; a later entry opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, what: str, player: str | None, **facts: Any) -> None:
        self.totals[what] += 1
        at = self._clock.seconds()
        entry = {"at": at, "what": what, "server": self._server, "player": player, **facts}
        self.entries.append(entry)
        if self._path is None:
            return
        if self._file is None:
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
