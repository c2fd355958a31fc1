"""``python -m bench``: run the rows, show them against the goals, print JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .context import Context
from .peers import PEERS
from .result import Result
from .rows import ROWS


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="bench", description=__doc__)
    made.add_argument("--small", action="store_true", help="tiny sizes, one round: only proves it")
    made.add_argument("--big", action="store_true", help="10,000,000 messages in the archive")
    made.add_argument("--only", action="append", metavar="NAME", help="this row; may be repeated")
    made.add_argument("--rounds", type=int, help="interleaved rounds (default 3; small: 1)")
    made.add_argument("--seconds", type=float, help="length of each measurement (default 4)")
    made.add_argument("--json", metavar="FILE", help="where the JSON goes; - prints nothing else")
    made.add_argument("--folder", help="for databases; a real disk (default: /var/tmp)")
    made.add_argument("--list", action="store_true", help="the rows")
    return made


def disk_milliseconds(folder: Path) -> float:
    """The median time of an fdatasync after a 4 KB write: what durability costs here."""
    times = []
    with (folder / "probe").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            at = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - at)
    return 1000 * sorted(times)[25]


def machine(folder: Path) -> dict[str, Any]:
    """Where the figures come from."""
    return {
        "python": platform.python_version(),
        "build": sys.executable and platform.python_build()[0],
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "fdatasync_ms": round(disk_milliseconds(folder), 3),
        "peers": {p.name: p.version() if p.installed() else None for p in PEERS},
    }


def show(results: Sequence[Result], console: Console) -> None:
    """The table."""
    table = Table(title="gmkit bench", title_justify="left")
    for column in ("row", "figure"):
        table.add_column(column)
    for column in ("value", "must", "aim"):
        table.add_column(column, justify="right")
    table.add_column("")
    table.add_column("note")
    row = ""
    for result in results:
        goal = result.goal
        unit = f" {goal.unit if goal else result.unit}".rstrip()
        value = "-" if result.value is None else _number(result.value) + unit
        bounds = [_number(goal.must), _number(goal.aim)] if goal else ["", ""]
        colour = {"aim": "green", "must": "yellow", "below": "red"}.get(result.verdict, "")
        first = "" if result.row == row else result.row
        row = result.row
        table.add_row(
            first, result.figure, value, *bounds, result.verdict, result.note, style=colour
        )
    console.print(table)


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    args = parser().parse_args(argv)
    if args.list:
        for name, row in ROWS.items():
            print(f"{name:14} {(row.__doc__ or '').strip().splitlines()[0]}")
        return 0
    for name in args.only or ():
        if name not in ROWS:
            parser().error(f"there is no row {name}; rows: {', '.join(ROWS)}")
    base = Path(args.folder or ("/var/tmp" if os.path.isdir("/var/tmp") else "."))
    folder = Path(tempfile.mkdtemp(prefix="gmkit-bench-", dir=base))
    rounds = args.rounds or (1 if args.small else 3)
    seconds = args.seconds or (0.5 if args.small else 4.0)
    ctx = Context(folder, rounds, seconds, args.small, args.big)
    try:
        where = machine(folder)
        results = _run(ctx, args.only or list(ROWS))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report = {"machine": where, "small": args.small, "rounds": rounds, "seconds": seconds}
    report["results"] = [r.as_json() for r in results]
    if args.json and args.json != "-":
        Path(args.json).write_text(json.dumps(report, indent=1) + "\n")
    if args.json == "-":
        print(json.dumps(report))
    else:
        console = Console()
        console.print(where)
        show(results, console if console.is_terminal else Console(width=150))
    return 1 if any(r.note.startswith("failed:") for r in results) else 0


def _run(ctx: Context, names: Sequence[str]) -> list[Result]:
    results: list[Result] = []
    for name in names:
        ctx.say(name)
        try:
            results += ROWS[name](ctx)
        except Exception as fault:  # noqa: BLE001 - one broken row must not hide the others
            ctx.say(f"{name} failed: {fault}")
            results.append(Result(name, "", None, note=f"failed: {fault}"))
    return results


if __name__ == "__main__":
    sys.exit(main())
