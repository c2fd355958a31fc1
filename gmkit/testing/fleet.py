"""Many simulated servers: as tables for a configuration file, or running on a test's clock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from gmkit.adapters.sim import Sim
from gmkit.options import parse

from .link import FakeLink


def tables(servers: int, **options: Any) -> list[dict[str, Any]]:
    """The ``[[server]]`` tables of a fleet of simulated servers, ``sim-01`` and on.

    ``options`` are those of the simulated game, the same for every server.
    """
    return [
        {
            "name": f"sim-{number + 1:02d}",
            "adapter": "sim",
            "number": number,
            "servers": servers,
            **options,
        }
        for number in range(servers)
    ]


def toml(tables: Mapping[str, Mapping[str, Any]], servers: list[dict[str, Any]]) -> str:
    """A configuration file of plain tables and servers."""
    parts = [f"[{name}]\n{_lines(table)}" for name, table in tables.items()]
    parts += [f"[[server]]\n{_lines(table)}" for table in servers]
    return "\n".join(parts)


def entries(folder: Path) -> Iterator[dict[str, Any]]:
    """Everything the servers wrote into their ledgers so far; a line half written is left out."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)


class Fleet:
    """Simulated servers on fake links and one clock, without a daemon.

    A ``twisted.internet.task.Clock`` makes it deterministic: the same options and the same
    advances give the same calls on every link.
    """

    def __init__(self, clock: Any, servers: int, **options: Any) -> None:
        self.links: list[FakeLink] = []
        self.sims: list[Sim] = []
        self.runs: list[Deferred[None]] = []
        for table in tables(servers, **options):
            given = {k: v for k, v in table.items() if k not in ("name", "adapter")}
            link = FakeLink(table["name"])
            self.links.append(link)
            self.sims.append(Sim(parse(Sim.Options, given), link, clock))

    def start(self) -> None:
        """Run every server; ``runs`` holds how each ended, in the order of ``sims``."""
        self.runs = [Deferred.fromCoroutine(sim.run()) for sim in self.sims]

    def stop(self) -> None:
        """Cancel every server that still runs, as the daemon does when it stops."""
        for run in self.runs:
            run.addErrback(lambda fault: fault.trap(CancelledError) and None)
            run.cancel()


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:
    # JSON's text, whole numbers, booleans and lists of these are TOML as well.
    return json.dumps(value, ensure_ascii=False)
