"""``gmkit do 'ticket list'`` as a whole process."""

from __future__ import annotations

import subprocess
import time

from .context import Context
from .figures import median
from .product import Product, gmkit
from .result import Goal, Result


def ticket_list(ctx: Context) -> list[Result]:
    """From starting the process to its end."""
    product = Product(ctx.folder / "do", 1, 1)
    argv = [*gmkit(), "do", "-c", str(product.config), "ticket list"]
    times = []
    try:
        for _ in range(ctx.size(15, 3)):
            at = time.monotonic()
            subprocess.run(argv, check=True, capture_output=True)
            times.append(time.monotonic() - at)
    finally:
        product.close()
    figure = f"median of {len(times)} runs"
    return [Result("do", figure, median(times), Goal(0.5, 0.25, "s"))]
