"""The daemon, games and terminals are killed again and again under load; nothing is lost.

Three games ask, two GMs answer. Every process writes down what it was promised and what it saw;
afterwards the log is held against all of it.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from .realdaemon import PATIENCE, TOKEN, RawTerminal, RealDaemon, wait_for

pytestmark = pytest.mark.real

KILLS = 20
SEED = int(os.environ.get("GMKIT_KILL_SEED", "2026"))
ROOT = Path(__file__).parents[2]
GAMES = ("east", "north", "west")
GMS = ("anna", "bo")


class Player:
    """One process of the test and the file of facts that it writes."""

    def __init__(self, daemon: RealDaemon, module: str, name: str, *arguments: str) -> None:
        self.name = name
        self.record = daemon.folder / f"{name}.record"
        self._argv = [sys.executable, "-m", f"tests.real.{module}", *arguments]
        self._log = daemon.folder / f"{name}.log"
        self._runs = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin another run."""
        self._runs += 1
        environment = {**os.environ, "TORTURE_TOKEN": TOKEN}
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [*self._argv, str(self._runs)],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """End it at once; fails when it had ended by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        ended = process.poll()
        process.kill()
        process.wait()
        assert ended is None, f"{self.name} ended by itself:\n{self._log.read_text()[-3000:]}"

    def facts(self, kind: str) -> list[list[str]]:
        """What it wrote down of this kind, in order."""
        if not self.record.exists():
            return []
        rows = [line.split("\t") for line in self.record.read_text().splitlines()]
        return [row[1:] for row in rows if row[0] == kind]


class Cast:
    """Everybody who plays a part."""

    def __init__(self, daemon: RealDaemon) -> None:
        folder = str(daemon.folder)
        self.games = [
            Player(daemon, "torture_game", name, str(daemon.port), name, folder) for name in GAMES
        ]
        self.gms = [
            Player(daemon, "torture_gm", name, str(daemon.gate), name, str(share), folder)
            for share, name in enumerate(GMS)
        ]
        self.everybody = [*self.games, *self.gms]

    def said(self) -> list[tuple[str, str]]:
        """Server and text of every line that an SDK has taken over."""
        return [(game.name, text) for game in self.games for _, text in game.facts("said")]

    def shown(self) -> list[tuple[str, str, str]]:
        """Server, delivery and text of every line that a player has seen."""
        return [(game.name, *row) for game in self.games for row in game.facts("shown")]  # type: ignore[misc]

    def seen(self) -> list[int]:
        """The newest event that each GM has seen."""
        return [int((gm.facts("event") or [["0"]])[-1][0]) for gm in self.gms]

    def answers_seen(self) -> set[str]:
        """The replies that players have seen, without the name of who wrote them."""
        return {text.partition("] ")[2] for _, _, text in self.shown() if text[:4] == "[GM "}

    def accepted(self) -> list[str]:
        """The replies that were accepted."""
        return [text for gm in self.gms for (text,) in gm.facts("accepted")]


def whole_log(daemon: RealDaemon) -> list[dict[str, Any]]:
    """Every event, read as a terminal reads it."""
    with RawTerminal.unix(daemon.gate) as terminal:
        newest = terminal.enter("anna", since=0)["seq"]
        events: list[dict[str, Any]] = []
        while not events or events[-1]["seq"] < newest:
            events.append(terminal.until("event"))
        return events


def torture(daemon: RealDaemon, cast: Cast, rng: random.Random) -> None:
    """The killing."""
    for player in cast.everybody:
        player.start()
    for kill in range(KILLS):
        time.sleep(rng.uniform(0.2, 1.6))
        if rng.random() < 0.7:
            victim = rng.choice(cast.everybody)
            victim.kill()
            if rng.random() < 0.5:
                daemon.kill()
                victim.start()
            else:
                time.sleep(rng.uniform(0, 0.3))
                victim.start()
                time.sleep(rng.uniform(0, 0.5))
                daemon.kill()
        else:
            daemon.kill()
        daemon.check()
        daemon.start()
        assert cast.said(), f"nobody could say anything before kill {kill}"


def settle(daemon: RealDaemon, cast: Cast) -> None:
    """No more questions; wait until everything has arrived, in vain if something was lost."""
    (daemon.folder / "stop").touch()

    def arrived() -> bool:
        said, accepted = set(cast.said()), set(cast.accepted())
        events = whole_log(daemon)
        asked = {(e["server"], e["text"]) for e in events if e["kind"] in ("asked", "added")}
        settled = said <= asked and accepted <= cast.answers_seen()
        settled = settled and all(seen >= _last_line(events) for seen in cast.seen())
        return settled and not _under_way(events)

    with contextlib.suppress(AssertionError):
        wait_for(arrived, "all lines and replies", 2 * PATIENCE)


def _last_line(events: list[dict[str, Any]]) -> int:
    """The newest line of a player."""
    return max((e["seq"] for e in events if e["kind"] in ("asked", "added")), default=0)


def _under_way(events: list[dict[str, Any]]) -> set[str]:
    """Deliveries that have neither arrived nor expired."""
    due = {e["data"]["delivery"] for e in events if e["data"].get("delivery")}
    done = {e["data"]["delivery"] for e in events if e["kind"] in ("delivered", "expired")}
    return due - done


def test_nothing_is_lost_when_everything_is_killed(tmp_path: Path) -> None:
    rng = random.Random(SEED)
    daemon = RealDaemon(tmp_path, servers=GAMES, gms=GMS)
    cast = Cast(daemon)
    daemon.start()
    try:
        torture(daemon, cast, rng)
        settle(daemon, cast)
        for player in reversed(cast.everybody):
            player.kill()
        events = whole_log(daemon)
        daemon.stop()
        daemon.check()
    except BaseException:
        print(daemon.logged()[-4000:])
        raise
    finally:
        for player in cast.everybody:
            player.kill()
        if daemon.process is not None:
            daemon.kill()
    judge(daemon, cast, events)


def judge(daemon: RealDaemon, cast: Cast, events: list[dict[str, Any]]) -> None:
    """Hold what everybody wrote down against the log."""
    of_kind = {
        kind: [e for e in events if e["kind"] == kind] for kind in {e["kind"] for e in events}
    }
    asked = [e for e in events if e["kind"] in ("asked", "added")]
    lines = Counter((e["server"], e["text"]) for e in asked)
    replies = Counter(e["text"] for e in events if e["kind"] in ("replied", "completed"))
    said, accepted, shown = cast.said(), cast.accepted(), cast.shown()

    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
    assert [line for line in said if line not in lines] == [], "lines taken over and then lost"
    assert [line for line, times in lines.items() if times > 1] == [], "lines logged twice"
    assert [text for text in accepted if text not in replies] == [], "accepted replies lost"
    assert [text for text, times in replies.items() if times > 1] == [], "replies logged twice"
    for game in GAMES:
        _in_order([e["text"] for e in asked if e["server"] == game])

    seen = Counter(delivery for _, delivery, _ in shown)
    assert [delivery for delivery, times in seen.items() if times > 1] == [], "shown twice"
    unseen = set(accepted) - cast.answers_seen()
    assert unseen <= _unsure(daemon, events), "accepted replies that no player saw"
    assert _under_way(events) == set()

    for gm in cast.gms:
        _resumed_exactly(gm, events)
    assert "Traceback" not in daemon.logged()
    print(
        f"{KILLS} kills of the daemon: {len(events)} events, {len(said)} lines, "
        f"{len(of_kind.get('replied', []))} replies, {len(accepted)} accepted, {len(shown)} shown"
    )
    assert len(said) > 200
    assert len(accepted) > 30


def _unsure(daemon: RealDaemon, events: list[dict[str, Any]]) -> set[str]:
    """Replies whose game was killed in the moment of showing them: the daemon's log names them."""
    named = set(re.findall(r"while it showed (\S+); it may not", daemon.logged()))
    return {e["text"] for e in events if e["data"].get("delivery") in named}


def _in_order(texts: list[str]) -> None:
    """A server's lines are in the log in the order in which they were said."""
    order = [(int(words[2]), int(words[4])) for words in map(str.split, texts)]
    assert order == sorted(order), "lines out of order"


def _resumed_exactly(gm: Player, events: list[dict[str, Any]]) -> None:
    """A terminal saw every event once, in order, and none that the log does not hold."""
    seen = [(int(seq), kind, text) for seq, kind, text in gm.facts("event")]
    assert [seq for seq, _, _ in seen] == list(range(1, len(seen) + 1)), f"{gm.name}: gap or repeat"
    log = [(e["seq"], e["kind"], e["text"] or "") for e in events]
    assert seen[: len(log)] == log[: len(seen)], f"{gm.name} saw what is not in the log"
    assert len(seen) >= _last_line(events), f"{gm.name} has not seen the newest lines"
