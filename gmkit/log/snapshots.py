"""Snapshots of the desk, so that a start does not replay the world. Blocking."""

from __future__ import annotations

import hashlib
import sqlite3

from .connect import transaction

FORMAT = 1
KEPT = 2


def newest(connection: sqlite3.Connection) -> tuple[int, bytes] | None:
    """The newest one that is whole, of a known format, and not ahead of the log."""
    rows = connection.execute(
        "SELECT seq, digest, state FROM snapshots "
        "WHERE format = ? AND seq <= (SELECT coalesce(max(seq), 0) FROM events) "
        "ORDER BY seq DESC",
        (FORMAT,),
    )
    for seq, digest, state in rows:
        if isinstance(state, bytes) and hashlib.sha256(state).hexdigest() == digest:
            return int(seq), state
    return None


def save(connection: sqlite3.Connection, seq: int, state: bytes) -> None:
    """Keep this one and the one before it."""
    digest = hashlib.sha256(state).hexdigest()
    with transaction(connection):
        connection.execute(
            "INSERT OR REPLACE INTO snapshots (seq, format, digest, state) VALUES (?, ?, ?, ?)",
            (seq, FORMAT, digest, state),
        )
        connection.execute(
            "DELETE FROM snapshots WHERE format <= ? AND seq NOT IN "
            "(SELECT seq FROM snapshots WHERE format <= ? ORDER BY seq DESC LIMIT ?)",
            (FORMAT, FORMAT, KEPT),
        )
