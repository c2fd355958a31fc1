"""Servers asking → durable → terminals: at saturation, and the latency at light load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import load
from .context import Context
from .figures import medians
from .peers import PEERS, Peer
from .product import Product
from .result import Goal, Result

Rounds = dict[str, list[dict[str, float]]]


@contextmanager
def _started(ctx: Context, name: str, servers: int) -> Iterator[Any]:
    """A fresh server: every measurement starts from nothing."""
    folder = ctx.folder / name
    kinds: dict[str, type[Peer]] = {peer.name: peer for peer in PEERS}
    server = kinds[name](folder) if name in kinds else Product(folder, servers)
    try:
        yield server
    finally:
        server.close()


def measure(
    ctx: Context, servers: int, terminals: int, rate: float = 0.0
) -> tuple[Rounds, list[str]]:
    """Rounds of gmkit and every installed peer, interleaved; and the peers that are missing."""
    names = ["gmkit", *(peer.name for peer in PEERS if peer.installed())]
    missing = [peer.name for peer in PEERS if not peer.installed()]
    rounds: Rounds = {name: [] for name in names}
    for number in range(ctx.rounds):
        for name in names:
            with _started(ctx, name, servers) as server:
                task = load.Task(
                    name,
                    server.address,
                    servers,
                    terminals,
                    ctx.seconds,
                    rate=rate,
                    warm_up=min(1.0, ctx.seconds),
                    pid=server.process.pid,
                )
                figures = load.run(task)
            rounds[name].append(figures)
            what = f"{servers}→{terminals}" + (f" at {rate:.0f} lines/s" if rate else "")
            ctx.say(f"{what}, round {number + 1}, {name}: {_brief(figures)}")
    return rounds, missing


def _brief(figures: dict[str, float]) -> str:
    if "p50_us" in figures:
        return f"p50 {figures['p50_us']:.0f} us, p99 {figures['p99_us']:.0f} us"
    return (
        f"{figures['deliveries_per_s'] / 1e6:.2f}M deliveries/s, "
        f"{figures['cpu_us_per_line']:.1f} us/line, server {figures['server_cpu_percent']:.0f} % CPU, "
        f"generator {figures['generator_cpu_percent']:.0f} %"
    )


def _results(
    row: str, rounds: Rounds, missing: list[str], goals: dict[str, list[Goal]]
) -> list[Result]:
    middle = {name: medians(figures) for name, figures in rounds.items()}
    results = []
    for key, wanted in goals.items():
        for goal in wanted:
            assert goal.against is not None
            figure = f"{key} against {goal.against}"
            if goal.against in missing:
                note = f"{goal.against} is not installed"
                results.append(Result(row, figure, None, goal, note=note))
                continue
            ours, theirs = middle["gmkit"][key], middle[goal.against][key]
            note = f"{ours:,.0f} : {theirs:,.0f}"
            ratio = ours / theirs if theirs else float("nan")
            results.append(Result(row, figure, ratio, goal, note=note))
        for name, figures in middle.items():
            results.append(Result(row, f"{key}, {name}", figures[key], detail=figures))
    results[-1].detail = {**results[-1].detail, "rounds": rounds}
    return results


def saturation_50_20(ctx: Context) -> list[Result]:
    """50 servers asking, 20 terminals."""
    rounds, missing = measure(ctx, ctx.size(50, 10), ctx.size(20, 4))
    goals = [
        Goal(2.5, 3.5, "×", "jetstream", True),
        Goal(0.5, 1.0, "×", "ngircd", True),
    ]
    return _results("50→20", rounds, missing, {"deliveries_per_s": goals})


def saturation_300_200(ctx: Context) -> list[Result]:
    """300 servers asking, 200 terminals."""
    rounds, missing = measure(ctx, ctx.size(300, 20), ctx.size(200, 10))
    goals = [Goal(1.0, 3.0, "×", "ngircd", True)]
    return _results("300→200", rounds, missing, {"deliveries_per_s": goals})


def latency(ctx: Context) -> list[Result]:
    """A line's way from the game's socket to a terminal's, at 200 lines a second."""
    rounds, missing = measure(ctx, ctx.size(50, 10), ctx.size(20, 4), rate=200.0)
    goals = {
        "p50_us": [Goal(3.0, 2.0, "×", "jetstream")],
        "p99_us": [Goal(3.0, 2.0, "×", "jetstream")],
    }
    return _results("ask→terminal", rounds, missing, goals)
