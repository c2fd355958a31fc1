"""A game server of the kill test, as a process: players ask, and what they are shown is written down.

``python torture_game.py PORT SERVER FOLDER RUN`` goes on until FOLDER/stop exists, then stays
connected, silent, until it is killed. The file FOLDER/SERVER.record only ever grows: one line for
each fact, ``said N TEXT`` once the SDK has taken a line over, ``shown DELIVERY TEXT`` once a
player has seen one. A record is one ``write``: a killed process leaves whole lines.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from gmkit.bridge import Game, Player
from gmkit.bridge.threaded import Bridge

PAUSE = 0.06
"""Seconds between two bursts of lines, on average."""
BURST = 24
"""Lines in one burst at most: enough that the daemon writes several groups at once."""


class Record:
    """A file that facts are appended to."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def add(self, *words: object) -> None:
        """One fact; it stays, whatever happens to this process."""
        os.write(self._file, "\t".join(map(str, words)).encode() + b"\n")


class TortureGame(Game):
    """Shows lines by writing them down."""

    client = "kill test"

    def __init__(self, record: Record) -> None:
        self._record = record

    def tell(self, delivery: str, player: str, text: str) -> bool:
        """The player sees the line."""
        self._record.add("shown", delivery, text)
        return True

    def announce(self, text: str) -> None:
        """Nobody announces here."""


def main() -> None:
    """Ask until told to stop."""
    port, server, folder, run = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
    record = Record(folder / f"{server}.record")
    bridge = Bridge(
        TortureGame(record),
        f"tcp://127.0.0.1:{port}",
        server=server,
        token=os.environ["TORTURE_TOKEN"],
        spool=folder / f"{server}.spool",
    )
    players = [Player(f"{server}-p{i}", f"Player {i}") for i in range(8)]
    bridge.roster(players)
    bridge.start()
    rng = random.Random(f"{server} {run}")
    stop = folder / "stop"
    n = 0
    while not stop.exists():
        for _ in range(rng.randrange(1, BURST)):
            n += 1
            text = f"{server} run {run} line {n}"
            number = bridge.said(rng.choice(players), f"!help {text}")
            record.add("said", number, text)
            if rng.random() < 0.2:
                time.sleep(0.001)
        time.sleep(rng.uniform(0, 2 * PAUSE))
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main()
