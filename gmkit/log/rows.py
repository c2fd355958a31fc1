"""Events as rows of the table ``events``, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from gmkit.model import Event, Source
from gmkit.shapes import iso

COLUMNS = ("seq", "at", "kind", "server", "ticket", "player", "actor", "text", "source", "data")


def _json_writer() -> Callable[[Any], str]:
    """JSONEncoder.encode, less what that sets up anew for every call; thrice as fast."""
    make = getattr(json.encoder, "c_make_encoder", None)
    text = getattr(json.encoder, "c_encode_basestring", None)
    if make is None or text is None:
        return json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr).encode
    chunks = make(None, repr, text, None, ":", ",", False, False, True)
    return lambda value: "".join(chunks(value, 0))


_to_json = _json_writer()
_from_json = json.JSONDecoder().decode
_SURROGATE = re.compile("[\ud800-\udfff]")


def cells(events: Iterable[Event]) -> list[Any]:
    """The cells of all these events, one row after the other, in the order of ``COLUMNS``."""
    flat: list[Any] = []
    add = flat.extend
    at, written = -1.0, ""
    for e in events:
        if e.at != at:  # all that was decided in one turn has the same time
            at, written = e.at, iso(e.at)
        source = e.source
        add(
            (
                e.seq,
                written,
                e.kind,
                e.server,
                e.ticket,
                e.player,
                e.actor,
                e.text,
                None if source is None else f"{source[0]}:{source[1]}",
                _to_json(e.data) if e.data else None,
            )
        )
    return flat


def storable(flat: Sequence[Any]) -> list[Any]:
    """The same cells as something that SQLite can hold.

    Lone surrogates become visible escapes, ``\\udXXX`` in texts and so also in the texts inside
    ``data``; what is neither text nor a number of 64 bits becomes text.
    """
    width, data = len(COLUMNS), COLUMNS.index("data")
    return [_storable(cell, inside_json=i % width == data) for i, cell in enumerate(flat)]


def escaped(text: str) -> str:
    """``text`` with lone surrogates as visible escapes."""
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _storable(cell: Any, *, inside_json: bool) -> Any:
    if cell is None or (isinstance(cell, int) and -(1 << 63) <= cell < 1 << 63):
        return cell
    if inside_json:
        return _SURROGATE.sub(lambda found: f"\\\\u{ord(found[0]):04x}", cell)
    return escaped(cell if isinstance(cell, str) else f"<{cell!r}>")


def event(row: Sequence[Any]) -> Event:
    """The event that a row, in the order of ``COLUMNS``, holds. Raises ValueError if it is broken."""
    seq, at, kind, server, ticket, player, actor, text, source, data = row
    return Event(
        kind,
        # Whole milliseconds first, so that the quotient is the float nearest to what was written.
        (_minute(at[:16]) + int(at[17:19]) * 1000 + int(at[20:23])) / 1000,
        server,
        ticket,
        player,
        actor,
        text,
        None if source is None else _source(source),
        {} if data is None else _from_json(data),
        seq,
    )


@lru_cache(maxsize=256)
def _minute(text: str) -> int:
    """Milliseconds since the epoch for ``2030-01-31T09:05``."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return round(moment.timestamp()) * 1000


def _source(text: str) -> Source:
    stream, _, n = text.rpartition(":")
    return Source(stream, int(n))
