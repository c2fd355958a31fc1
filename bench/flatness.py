"""Whether a line costs the same whatever the number of servers and of open tickets."""

from __future__ import annotations

from typing import Any

from . import load
from .context import Context
from .figures import medians
from .product import Product
from .result import Goal, Result

_GOAL = Goal(1.5, 1.1, "×")


def _cost(ctx: Context, name: str, servers: int, **more: Any) -> dict[str, float]:
    """The figures of one measurement at saturation with 20 terminals."""
    terminals = ctx.size(20, 4)
    product = Product(ctx.folder / name, servers, terminals)
    try:
        task = load.Task(
            "gmkit",
            product.address,
            servers,
            terminals,
            ctx.seconds,
            warm_up=min(1.0, ctx.seconds),
            pid=product.process.pid,
            **more,
        )
        figures = load.run(task)
    finally:
        product.close()
    ctx.say(f"{name}: {figures['cpu_us_per_line']:.2f} us CPU per line")
    return figures


def _compare(
    ctx: Context,
    row: str,
    few: dict[str, Any],
    many: dict[str, Any],
    how: str,
    goal: Goal | None,
) -> list[Result]:
    """Interleaved rounds of both; the ratio of the medians."""
    rounds: dict[str, list[dict[str, float]]] = {"few": [], "many": []}
    for _ in range(ctx.rounds):
        rounds["few"].append(_cost(ctx, f"{row}-few", **few))
        rounds["many"].append(_cost(ctx, f"{row}-many", **many))
    cost = {k: medians(v)["cpu_us_per_line"] for k, v in rounds.items()}
    note = f"{cost['few']:.1f} us : {cost['many']:.1f} us CPU per line"
    ratio = cost["many"] / cost["few"] if cost["few"] else None
    detail = {"rounds": rounds, "few": few, "many": many}
    return [Result(row, f"many : few, {how}", ratio, goal, "×", note=note, detail=detail)]


def servers(ctx: Context) -> list[Result]:
    """10 servers against 1,000: single lines at 2,000 a second, and ten at a time at saturation."""
    few, many = {"servers": 10}, {"servers": ctx.size(1000, 30)}
    more: dict[str, Any] = {"more": {"players": 100}}
    paced: dict[str, Any] = {"rate": 2000.0, **more}
    return [
        *_compare(ctx, "flat-servers", few | paced, many | paced, "at 2,000 lines/s", _GOAL),
        *_compare(ctx, "flat-servers", few | more, many | more, "at saturation", None),
    ]


def tickets(ctx: Context) -> list[Result]:
    """100 open tickets against 100,000; every line joins one of them."""
    servers, many = 50, ctx.size(2000, 10)
    return _compare(
        ctx,
        "flat-tickets",
        {"servers": servers, "preload": servers * 2, "more": {"players": 2}},
        {"servers": servers, "preload": servers * many, "more": {"players": many}},
        "at saturation",
        _GOAL,
    )
