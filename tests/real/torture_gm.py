"""A GM of the kill test, as a process: answers players, and writes down what happened.

``python torture_gm.py SOCKET GM SHARE FOLDER RUN``: answers the tickets whose number leaves
SHARE when divided by 2. The file FOLDER/GM.record only ever grows: ``event SEQ KIND TEXT`` for each
event seen, ``asked-for TEXT`` before a reply is sent, ``accepted TEXT`` once it was accepted,
``refused CODE TEXT`` otherwise. A process that begins reads the last ``event`` and resumes there.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from typing import Any

from gmkit.console.blocking import messages
from gmkit.console.core import GateCore
from gmkit.console.endpoint import Endpoint
from gmkit.errors import GMError

from .torture_game import Record

MOST_PENDING = 12


class TortureGM:
    """Replies to what players say, and completes a ticket now and then."""

    def __init__(self, core: GateCore, record: Record, share: int, run: str, gm: str) -> None:
        self._core = core
        self._record = record
        self._share = share
        self._name = f"{gm} run {run}"
        self._rng = random.Random(self._name)
        self._replies = 0
        self._pending: dict[int, str] = {}

    def take(self, message: dict[str, Any]) -> None:
        """One message of the daemon."""
        kind = message["type"]
        if kind == "event":
            self._event(message["event"])
        elif kind in ("answer", "refused"):
            text = self._pending.pop(message["id"], "")
            if kind == "answer":
                self._record.add("accepted", text)
            else:
                self._record.add("refused", message["code"], text)

    def _event(self, event: dict[str, Any]) -> None:
        self._record.add("event", event["seq"], event["kind"], event["text"] or "")
        ticket = event["ticket"]
        if event["kind"] not in ("asked", "added") or ticket % 2 != self._share:
            return
        if len(self._pending) < MOST_PENDING and self._rng.random() < 0.2:
            verb = self._rng.choice(["reply", "reply", "reply", "complete"])
            self._replies += 1
            text = f"{self._name} answer {self._replies} to {ticket}"
            self._record.add("asked-for", text)
            self._pending[self._core.do(f"ticket {verb} {ticket} {text}")] = text


def last_seen(path: Path) -> int:
    """The newest event in a record; 0 for none."""
    if not path.exists():
        return 0
    seen = [line for line in path.read_text().splitlines() if line.startswith("event\t")]
    return int(seen[-1].split("\t")[1]) if seen else 0


def main() -> None:
    """Answer until killed."""
    socket, gm, share, folder, run = sys.argv[1:]
    path = Path(folder) / f"{gm}.record"
    core = GateCore(time.monotonic, user=gm, since=last_seen(path), snapshot=False, duty=True)
    answering = TortureGM(core, Record(path), int(share), run, gm)
    where = Endpoint(path=socket)
    while True:
        try:
            for message in messages(core, where, on_down=lambda why: None, patient=lambda: True):
                answering.take(message)
        except GMError as why:
            print(why, flush=True)
            time.sleep(0.1)


if __name__ == "__main__":
    main()
