"""The state as bytes, so that a start need not replay the whole log."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import fields
from operator import attrgetter
from typing import Any

import msgpack

from gmkit.model import Source

from .state import Server, State, Stream
from .ticket import Account, Delivery, Ticket

FORMAT = 1
SURROGATES = "surrogatepass"
"""How UTF-8 is written and read here: a text comes back as it was, whatever is in it."""


def _rows(kind: type, values: Iterable[Any]) -> list[Any]:
    """The fields of each value, in the order of the dataclass."""
    cells = attrgetter(*(f.name for f in fields(kind)))
    return [cells(value) for value in values]


def _alerts(value: Any) -> list[str]:
    """How msgpack writes the one kind of value it does not know, a ticket's alerts."""
    return sorted(value)


def dump(state: State) -> bytes:
    """The state as msgpack."""
    raw = _raw(state)
    try:
        packed: bytes = msgpack.packb(raw, default=_alerts)
    except UnicodeEncodeError:  # an adapter let lone surrogates through; they cost much time
        packed = msgpack.packb(raw, default=_alerts, unicode_errors=SURROGATES)
    return packed


def _raw(state: State) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "given": [state.tickets_given, state.lines_given],
        "open": _rows(Ticket, state.open.values()),
        "finished": _rows(Ticket, state.finished.values()),
        "deliveries": _rows(Delivery, state.deliveries.values()),
        "accounts": _rows(Account, state.accounts.values()),
        "on_duty": list(state.on_duty),
        "servers": list(zip(state.servers, _rows(Server, state.servers.values()), strict=True)),
        "streams": [
            [name, s.name, s.last, list(s.recent.values())] for name, s in state.streams.items()
        ],
        "done": [[gm, [tuple(s) for s in done]] for gm, done in state.done.items()],
        "pace": list(state.pace.picked_up),
    }


def load(packed: bytes) -> State:
    """The state that was dumped. Raises ValueError for anything else."""
    try:
        raw = msgpack.unpackb(packed, unicode_errors=SURROGATES)
        if raw["format"] != FORMAT:
            raise ValueError(f"snapshot format {raw['format']}")
        return _state(raw)
    except (KeyError, TypeError, IndexError, msgpack.UnpackException) as fault:
        raise ValueError(f"no snapshot of a desk: {fault!r}") from fault


def _state(raw: dict[str, Any]) -> State:
    state = State()
    state.tickets_given, state.lines_given = raw["given"]
    for row in raw["open"]:
        state.index_open(_ticket(row))
    state.queue.fill(state.open.values())
    for row in raw["finished"]:
        state.put_finished(_ticket(row))
    state.deliveries = {row[0]: Delivery(*row) for row in raw["deliveries"]}
    for name, role, servers, *rest in raw["accounts"]:
        state.accounts[name] = Account(name, role, tuple(servers), *rest)
    state.on_duty = dict.fromkeys(raw["on_duty"])
    state.servers = {name: Server(*row) for name, row in raw["servers"]}
    for name, stream, last, recent in raw["streams"]:
        state.streams[name] = Stream(stream, last)
        for n, ticket in recent:
            state.streams[name].take(n, ticket)
    for gm, done in raw["done"]:
        state.done[gm] = OrderedDict.fromkeys(Source(*source) for source in done)
    state.pace.picked_up.extend(raw["pace"])
    return state


def _ticket(row: list[Any]) -> Ticket:
    ticket = Ticket(*row)
    ticket.alerts = frozenset(ticket.alerts)
    return ticket
