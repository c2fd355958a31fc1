"""The rows of the benchmark, by name."""

from __future__ import annotations

from collections.abc import Callable

from . import archive, commandline, flatness, fleet, memory, relay, startup
from .context import Context
from .result import Result

ROWS: dict[str, Callable[[Context], list[Result]]] = {
    "relay-50-20": relay.saturation_50_20,
    "relay-300-200": relay.saturation_300_200,
    "latency": relay.latency,
    "reconnect": fleet.reconnect,
    "memory": memory.memory,
    "flat-servers": flatness.servers,
    "flat-tickets": flatness.tickets,
    "startup": startup.startup,
    "archive": archive.questions,
    "do": commandline.ticket_list,
}
