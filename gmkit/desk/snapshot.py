"""The state as bytes, so that a start need not replay the whole log."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import msgpack

from gmkit.model import Source

from .state import Server, State, Stream
from .ticket import Account, Delivery, Ticket

FORMAT = 1


def _row(value: Any) -> list[Any]:
    row = [getattr(value, f.name) for f in fields(value)]
    return [sorted(cell) if isinstance(cell, frozenset) else cell for cell in row]


def dump(state: State) -> bytes:
    """The state as msgpack."""
    packed: bytes = msgpack.packb(
        {
            "format": FORMAT,
            "given": [state.tickets_given, state.lines_given],
            "open": [_row(t) for t in state.open.values()],
            "finished": [_row(t) for t in state.finished.values()],
            "deliveries": [_row(d) for d in state.deliveries.values()],
            "accounts": [_row(a) for a in state.accounts.values()],
            "servers": [[name, *_row(s)] for name, s in state.servers.items()],
            "streams": [
                [name, s.name, s.last, list(s.recent.items())] for name, s in state.streams.items()
            ],
            "done": [[gm, [tuple(s) for s in done]] for gm, done in state.done.items()],
            "pace": list(state.pace.picked_up),
        }
    )
    return packed


def load(packed: bytes) -> State:
    """The state that was dumped. Raises ValueError for anything else."""
    try:
        raw = msgpack.unpackb(packed)
        if raw["format"] != FORMAT:
            raise ValueError(f"snapshot format {raw['format']}")
        return _state(raw)
    except (KeyError, TypeError, IndexError, msgpack.UnpackException) as fault:
        raise ValueError(f"no snapshot of a desk: {fault!r}") from fault


def _state(raw: dict[str, Any]) -> State:
    state = State()
    state.tickets_given, state.lines_given = raw["given"]
    for row in raw["open"]:
        state.put_open(_ticket(row))
    for row in raw["finished"]:
        state.put_finished(_ticket(row))
    state.deliveries = {row[0]: Delivery(*row) for row in raw["deliveries"]}
    for name, role, servers, *rest in raw["accounts"]:
        state.accounts[name] = Account(name, role, tuple(servers), *rest)
    state.servers = {name: Server(*row) for name, *row in raw["servers"]}
    for name, stream, last, recent in raw["streams"]:
        state.streams[name] = Stream(stream, last, dict(map(tuple, recent)))
    state.done = {gm: {Source(*s): None for s in done} for gm, done in raw["done"]}
    state.pace.picked_up.extend(raw["pace"])
    return state


def _ticket(row: list[Any]) -> Ticket:
    ticket = Ticket(*row)
    ticket.alerts = frozenset(ticket.alerts)
    return ticket
