"""How long the daemon takes to be ready with a long log."""

from __future__ import annotations

from . import load
from .context import Context
from .product import Product
from .result import Goal, Result

_GOAL = Goal(3.0, 1.0, "s")


def startup(ctx: Context) -> list[Result]:
    """1,000,000 events in the log, 20,000 open tickets: after kill -9, and after a clean end."""
    lines, servers, players = ctx.size(1_000_000, 5_000), 50, ctx.size(400, 10)
    product = Product(ctx.folder / "startup", servers, 1)
    try:
        task = load.Task(
            "gmkit",
            product.address,
            servers,
            receivers=1,
            seconds=0.0,
            warm_up=0.0,
            preload=lines,
            pid=product.process.pid,
            more={"players": players},
        )
        load.run(task)
        product.process.kill()
        product.start()
        killed = product.started_in
        ctx.say(f"startup after kill -9: {killed:.2f} s")
        product.process.stop()
        product.start()
        clean = product.started_in
        size = (product.folder / "data" / "gmkit.db").stat().st_size / 1e6
    finally:
        product.close()
    row = f"startup, {lines:,} events"
    note = f"{servers * players:,} open tickets, file {size:,.0f} MB"
    return [
        Result(row, "after kill -9 under load", killed, _GOAL, note=note),
        Result(row, "after a clean stop", clean, _GOAL, note=note),
    ]
