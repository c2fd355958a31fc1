"""Measure the log's engine alone: appends, replay, projections, search, history, start-up.

    python bench/log_engine.py [--events 1000000] [--messages 1000000] [--out FILE]

Prints one JSON object. Times are medians of repeated runs, in the unit that the key names.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.epollreactor import EPollReactor

from gmkit.log import Query, questions
from gmkit.log.connect import to_read
from gmkit.log.sqlite import SQLiteLog
from gmkit.model import Event, Source

CHINESE = "我的火车卡住了救命剑不见了怎么登录游戏服务器金币丢失问题请帮忙看一下谢谢好的明白装备等级任务副本公会"
ENGLISH = [
    "sword",
    "lost",
    "gold",
    "train",
    "stuck",
    "help",
    "login",
    "server",
    "bug",
    "quest",
    "guild",
    "level",
    "item",
    "please",
    "thanks",
]


def line(rng: random.Random) -> str:
    """A player's line: half Chinese, half English; one in ten thousand holds a rare word."""
    if rng.random() < 0.5:
        text = "".join(rng.choices(CHINESE, k=rng.randrange(6, 24)))
    else:
        text = " ".join(rng.choices(ENGLISH, k=rng.randrange(3, 12)))
    return text + (" xyzzy 鼹鼠" if rng.random() < 0.0001 else "")


def stream(count: int, *, players: int, seed: int = 7) -> Iterator[Event]:
    """``count`` events: a third open tickets, the rest are lines and steps of recent ones."""
    rng = random.Random(seed)
    tickets: list[tuple[int, str, str]] = []
    at = 1_900_000_000.0
    for n in range(count):
        at += 0.05
        if not tickets or n % 3 == 0:
            server, player = f"s{rng.randrange(300)}", f"p{rng.randrange(players)}"
            tickets.append((len(tickets) + 1, server, player))
            data = {"name": player.upper(), "account": f"a{player}", "vip": 1}
            yield Event(
                "asked", at, server, len(tickets), player, None, line(rng),
                Source(f"{server}:3f9a", n), data,
            )  # fmt: skip
            continue
        number, server, player = tickets[-rng.randrange(1, min(len(tickets), 500) + 1)]
        kind = rng.choice(("added", "replied", "replied", "claimed"))
        actor = None if kind == "added" else f"gm{rng.randrange(40)}"
        text = None if kind == "claimed" else line(rng)
        data = {"delivery": f"{number}.{n}"} if kind == "replied" else {}
        yield Event(kind, at, server, number, player, actor, text, None, data)


def milliseconds(act: Callable[[], Any], times: int) -> dict[str, float]:
    """How long ``act`` takes: median and the slowest of a hundred."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        took.append((time.perf_counter() - start) * 1000)
    took.sort()
    return {
        "p50_ms": round(statistics.median(took), 3),
        "p99_ms": round(took[int(len(took) * 0.99)], 3),
    }


class Appends:
    """A closed loop over the real reactor: so many events are on their way at any time."""

    def __init__(self, reactor: Any, log: SQLiteLog, group: int, in_flight: int) -> None:
        self.reactor = reactor
        self.log = log
        self.group = group
        self.in_flight = in_flight
        self.spent = 0.0
        self.latencies: list[float] = []

    def run(self, events: list[Event]) -> dict[str, float]:
        """Append all of it; rates and what it cost the reactor's thread."""
        gc.collect()
        gc.freeze()  # the events to come are the load's, not the log's
        groups = iter([events[i : i + self.group] for i in range(0, len(events), self.group)])
        self.left = -(-len(events) // self.group)
        cpu = resource.getrusage(resource.RUSAGE_SELF)
        start = time.perf_counter()

        def send() -> None:
            group = next(groups, None)
            if group is not None:
                before = time.perf_counter()
                done = self.log.append(group)
                self.spent += time.perf_counter() - before
                done.addCallback(arrived, before)

        def arrived(_: None, sent: float) -> None:
            self.latencies.append(time.perf_counter() - sent)
            self.left -= 1
            if self.left:
                send()
            else:
                self.reactor.callLater(0, self.reactor.crash)

        for _ in range(max(1, self.in_flight // self.group)):
            self.reactor.callWhenRunning(send)
        self.reactor.run(installSignalHandlers=False)
        seconds = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_SELF)
        used = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
        self.latencies.sort()
        return {
            "rows_per_second": round(len(events) / seconds),
            "append_us_per_event": round(self.spent / len(events) * 1e6, 3),
            "process_cpu_us_per_event": round(used / len(events) * 1e6, 2),
            "p50_ms": round(self.latencies[len(self.latencies) // 2] * 1000, 3),
            "p99_ms": round(self.latencies[int(len(self.latencies) * 0.99)] * 1000, 3),
        }


def finish(reactor: Any, deferred: Deferred[Any]) -> Any:
    """Run the reactor until the Deferred has fired."""
    got: list[Any] = []

    def fired(result: Any) -> None:
        got.append(result)
        reactor.callLater(0, reactor.crash)

    reactor.callWhenRunning(deferred.addBoth, fired)
    reactor.run(installSignalHandlers=False)
    return got[0]


def appends(folder: Path, count: int) -> dict[str, Any]:
    """Appends in groups of one and of ten, with a thousand events on their way, and one by one."""
    reactor = EPollReactor()
    figures: dict[str, Any] = {}
    for name, group, in_flight, share in (
        ("saturated_groups_of_10", 10, 1000, 1.0),
        ("saturated_single", 1, 1000, 0.5),
        ("one_at_a_time", 1, 1, 0.01),
    ):
        log = SQLiteLog(folder / f"{name}.db", reactor).open()
        events = list(stream(int(count * share), players=5000))
        figures[name] = Appends(reactor, log, group, in_flight).run(events)
        figures[name]["projected_meanwhile"] = log.archive._projected
        finish(reactor, log.close())
    return figures


def archive(folder: Path, count: int) -> dict[str, Any]:
    """A big log: how fast it is projected, searched, and opened."""
    file = folder / "archive.db"
    log = SQLiteLog(file, inline=True).open()
    batch: list[Event] = []
    for event in stream(count, players=max(100, count // 50)):
        batch.append(event)
        if len(batch) == 4000:
            log.append(batch)
            batch = []
    log.append(batch)
    start = time.perf_counter()
    log.archive.caught_up()
    figures: dict[str, Any] = {"events": count}
    figures["projected_per_second"] = round(count / (time.perf_counter() - start))
    log.save_snapshot(count - 1000, b"x" * 1_000_000)
    log.close()
    figures["file_bytes_per_event"] = round(file.stat().st_size / count)
    with closing(to_read(str(file))) as connection:
        figures |= asks(connection, count)
    figures["open_with_snapshot"] = milliseconds(lambda: opened(file, None), 5)
    figures["replay_all_us_per_event"] = round(
        milliseconds(lambda: opened(file, 0), 1)["p50_ms"] * 1000 / count, 2
    )
    return figures


def opened(file: Path, after: int | None) -> None:
    """Open the log and read what a start reads."""
    log = SQLiteLog(file, inline=True).open()
    if after is None:
        found = log.snapshot()
        after = found[0] if found else 0
    for _ in log.replay(after):
        pass
    log.close()


def asks(connection: sqlite3.Connection, count: int) -> dict[str, Any]:
    """The archive's questions."""
    (messages,) = connection.execute(
        "SELECT count(*) FROM messages WHERE text IS NOT NULL"
    ).fetchone()
    figures: dict[str, Any] = {"messages_with_text": messages}
    for name, query in {
        "chinese_two_characters": Query("火车"),
        "chinese_rare": Query("鼹鼠"),
        "rare_word": Query("xyzzy"),
        "no_hit": Query("nothinglikeit"),
        "common_word": Query("sword"),
        "prefix": Query("swo"),
        "phrase": Query('"train stuck"'),
        "one_server": Query("火车", server="s7"),
        "visible_third": Query("sword", servers=["s1*", "s2*"]),
        "one_player": Query("sword", player="p7"),
        "no_text_newest": Query(),
    }.items():
        figures[f"search_{name}"] = milliseconds(
            partial(questions.search, connection, query, 50), 30
        )
    rng = random.Random(3)
    rows = connection.execute("SELECT server, id FROM players LIMIT 20000").fetchall()
    pairs: list[tuple[str, str]] = rows
    figures["history"] = milliseconds(
        lambda: questions.history(connection, *rng.choice(pairs), 50), 2000
    )
    figures["tickets_open"] = milliseconds(
        lambda: questions.tickets(connection, Query(state="open"), 50), 30
    )
    figures["tickets_by_word"] = milliseconds(
        lambda: questions.tickets(connection, Query("xyzzy"), 50), 30
    )
    figures["conversation"] = milliseconds(
        lambda: questions.conversation(connection, rng.randrange(1, count // 3), 200), 1000
    )
    figures["players_by_part"] = milliseconds(lambda: questions.players(connection, "P77", 20), 10)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000, help="events appended")
    parser.add_argument("--messages", type=int, default=200_000, help="events in the archive")
    parser.add_argument("--folder", help="where to put the databases; default a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gmkit-bench-", dir=options.folder) as folder:
        figures = {
            "python": sys.version.split()[0],
            "sqlite": sqlite3.sqlite_version,
            "append": appends(Path(folder), options.events),
            "archive": archive(Path(folder), options.messages),
        }
    json.dump(figures, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
