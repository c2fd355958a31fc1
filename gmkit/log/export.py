"""The log and its tables as JSON, one object a line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from gmkit.errors import Unknown
from gmkit.shapes import event_json

from . import events
from .connect import to_read

KINDS = ("events", "tickets", "messages", "players", "deliveries")
_ORDER = {
    "tickets": "number",
    "messages": "id",
    "players": "server, id",
    "deliveries": "queued_at, id",
}


def export(path: str | os.PathLike[str], kind: str) -> Iterator[str]:
    """Lines of JSON, without line ends, as things stand at one moment. Raises Unknown."""
    if kind not in KINDS:
        raise Unknown(what=f"kind of record ({', '.join(KINDS)})", name=kind)
    with closing(to_read(os.fspath(path))) as connection:
        connection.execute("BEGIN")
        if kind == "events":
            for event in events.after(connection, 0):
                yield _line(event_json(event))
            return
        cursor = connection.execute(f"SELECT * FROM {kind} ORDER BY {_ORDER[kind]}")
        names = [column[0] for column in cursor.description]
        for row in cursor:
            record = dict(zip(names, row, strict=True))
            if "names" in record:
                record["names"] = json.loads(record["names"])
            yield _line(record)


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
