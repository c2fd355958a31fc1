"""kill -9 of a process that appends: what it said was durable is there, and the file is sound."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from gmkit.log.check import check
from gmkit.log.sqlite import SQLiteLog

from .log_samples import result

CHILD = Path(__file__).with_name("append_forever.py")


def run_and_kill(file: Path, lines: int) -> int:
    """The last ``seq`` that the process told before it was killed."""
    child = subprocess.Popen([sys.executable, str(CHILD), str(file)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        last = 0
        for _ in range(lines):
            last = int(child.stdout.readline())
        child.kill()
        for line in child.stdout:
            if line.endswith(b"\n"):
                last = int(line)
    finally:
        child.kill()
        child.stdout.close()
        child.wait()
    return last


def test_what_was_told_to_be_durable_survives_kill_9(tmp_path: Path) -> None:
    file, rng = tmp_path / "log.db", random.Random(9)
    for _ in range(4):
        acknowledged = run_and_kill(file, rng.randrange(1, 400))
        log = SQLiteLog(file, inline=True).open()
        assert log.last >= acknowledged
        assert [event.seq for event in log.replay(0)] == list(range(1, log.last + 1))
        newest = log.snapshot()
        assert newest is None or newest[1] == b"desk" * 1000
        result(log.archive.caught_up())
        result(log.close())
        assert check(file) == []
