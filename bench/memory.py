"""Resident memory of the daemon: 1,000 servers, 200 terminals, 20,000 open tickets."""

from __future__ import annotations

from . import load
from .context import Context
from .product import Product
from .result import Goal, Result


def memory(ctx: Context) -> list[Result]:
    """Every player of every server has an open ticket, everybody is connected."""
    servers, terminals = ctx.size(1000, 20), ctx.size(200, 10)
    players = ctx.size(20, 5)
    product = Product(ctx.folder / "memory", servers, terminals)
    try:
        idle = product.process.memory().now
        task = load.Task(
            "gmkit",
            product.address,
            servers,
            terminals,
            seconds=0.0,
            warm_up=0.0,
            preload=servers * players,
            pid=product.process.pid,
            more={"players": players},
        )
        figures = load.run(task)
        peak = product.process.memory().peak
    finally:
        product.close()
    note = f"{idle:.0f} MB before anybody connected, {peak:.0f} MB at the highest"
    figure = f"{servers} servers, {terminals} terminals, {servers * players:,} open tickets"
    return [Result("memory", figure, figures["rss_mb"], Goal(400, 200, "MB"), note=note)]
