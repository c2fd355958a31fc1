"""The archive's questions as SQL. Blocking; every function takes a connection to read from."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from gmkit.shapes import iso, ticket_json

from . import Query
from .rows import escaped
from .search import match

_TICKET = (
    "number, server, player, player_id, account, vip, state, text, messages, claimed_by, "
    "resolved_by, priority, opened_at, updated_at, waiting_since, stars"
)
_MESSAGE = (
    "m.id AS seq, m.at, m.kind, m.ticket, m.server, m.player, m.player_id, m.actor, m.text, "
    "m.detail, m.delivery, d.state AS delivery_state "
)
_WITH_DELIVERY = "LEFT JOIN deliveries d ON d.id = m.delivery "
_NAMED = (
    "SELECT server, id FROM players WHERE id = ? "
    "UNION SELECT server, id FROM players WHERE name = ? COLLATE NOCASE "
    "UNION SELECT server, id FROM players WHERE account = ?"
)
"""Players by id, name or account."""
LONGEST = 1_000
"""Characters of a name or pattern that is looked for; SQLite refuses very long ones."""
TICKETS_OF_WORDS = 5_000
"""The newest messages with the words looked for that lead to tickets."""

Row = dict[str, Any]


class _Where:
    """Conditions that must all hold, and their values."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.values: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        self.conditions.append(f"({condition})")
        self.values += [escaped(v) if isinstance(v, str) else v for v in values]

    def __str__(self) -> str:
        return "WHERE " + " AND ".join(self.conditions) + " " if self.conditions else ""


def ticket(connection: sqlite3.Connection, number: int) -> Row | None:
    """See :meth:`gmkit.log.Archive.ticket`."""
    found = _rows(connection, f"SELECT {_TICKET} FROM tickets WHERE number = ?", [_small(number)])
    return ticket_json(**found[0]) if found else None


def tickets(connection: sqlite3.Connection, query: Query, limit: int) -> list[Row]:
    """See :meth:`gmkit.log.Archive.tickets`."""
    where = _Where()
    if query.text.strip():
        words = match(query.text)
        if words is None:
            return []
        where.add(
            "number IN (SELECT m.ticket FROM messages m WHERE m.id IN (SELECT rowid FROM "
            "message_search WHERE message_search MATCH ? ORDER BY rowid DESC LIMIT ?))",
            words,
            TICKETS_OF_WORDS,
        )
    _servers(where, "server", query)
    _player(where, "server", "player_id", query)
    if query.gm is not None:
        where.add("? IN (claimed_by, resolved_by, closed_by)", query.gm)
    if query.state is not None:
        where.add("state = ?", query.state)
    _between(where, "updated_at", query)
    sql = f"SELECT {_TICKET} FROM tickets {where}ORDER BY updated_at DESC, number DESC LIMIT ?"
    return [ticket_json(**row) for row in _rows(connection, sql, [*where.values, limit])]


def conversation(connection: sqlite3.Connection, number: int, limit: int) -> list[Row]:
    """See :meth:`gmkit.log.Archive.conversation`. Of a longer one, the latest."""
    sql = (
        f"SELECT {_MESSAGE} FROM messages m {_WITH_DELIVERY}"
        "WHERE m.ticket = ? ORDER BY m.id DESC LIMIT ?"
    )
    return _rows(connection, sql, [_small(number), limit])[::-1]


def history(connection: sqlite3.Connection, server: str, player: str, limit: int) -> list[Row]:
    """See :meth:`gmkit.log.Archive.history`."""
    sql = (
        f"SELECT {_MESSAGE} FROM messages m {_WITH_DELIVERY}WHERE m.server = ? "
        "AND m.player_id = ? AND m.text IS NOT NULL ORDER BY m.id DESC LIMIT ?"
    )
    return _rows(connection, sql, [escaped(server), escaped(player), limit])


def search(connection: sqlite3.Connection, query: Query, limit: int) -> list[Row]:
    """See :meth:`gmkit.log.Archive.search`."""
    where = _Where()
    where.add("m.text IS NOT NULL")
    words = match(query.text) if query.text.strip() else ""
    if words is None:
        return []
    found, values, order = _from(where, query, words)
    _servers(where, "m.server", query)
    if query.gm is not None:
        where.add("m.actor = ?", query.gm)
    if query.state is not None:
        where.add("m.ticket IN (SELECT number FROM tickets t WHERE t.state = ?)", query.state)
    _between(where, "m.at", query)
    sql = f"SELECT {_MESSAGE} FROM {found}{_WITH_DELIVERY}{where}ORDER BY {order} DESC LIMIT ?"
    return _rows(connection, sql, [*values, *where.values, limit])


def _from(where: _Where, query: Query, words: str) -> tuple[str, list[Any], str]:
    """The tables in the order that reads least, their values, and what holds the newest first.

    CROSS JOIN and ``+`` keep SQLite from choosing another order.
    """
    if query.player is not None:
        if words:
            where.add(
                "+m.id IN (SELECT rowid FROM message_search WHERE message_search MATCH ?)", words
            )
        found = f"({_NAMED}) p CROSS JOIN messages m ON m.server = p.server AND m.player_id = p.id "
        return found, [escaped(query.player)] * 3, "m.id"
    if words:
        where.add("message_search MATCH ?", words)
        found = "message_search CROSS JOIN messages m ON m.id = message_search.rowid "
        return found, [], "message_search.rowid"
    return "messages m ", [], "m.id"


def players(
    connection: sqlite3.Connection, part: str, limit: int, servers: Sequence[str] = ()
) -> list[Row]:
    """See :meth:`gmkit.log.Archive.players`."""
    part = escaped(part).replace("\0", " ")
    if len(part) > LONGEST:
        return []
    like = part.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    where = _Where()
    either = "name LIKE ? ESCAPE '!' OR id LIKE ? ESCAPE '!' OR account LIKE ? ESCAPE '!'"
    where.add(either, *[f"%{like}%"] * 3)
    _servers(where, "server", Query(servers=servers))
    sql = (
        "SELECT server, id, name, names, account, vip, locale, tickets, first_seen, last_seen "
        f"FROM players {where}ORDER BY coalesce(name = ? COLLATE NOCASE OR ? IN (id, account), 0) DESC, "
        "last_seen DESC LIMIT ?"
    )
    found = _rows(connection, sql, [*where.values, part, part, limit])
    return [{**row, "names": json.loads(row["names"])} for row in found]


def _servers(where: _Where, column: str, query: Query) -> None:
    if query.server is not None:
        where.add(f"{column} GLOB ?", _glob(query.server))
    if query.servers and "*" not in query.servers:
        patterns = json.dumps([_glob(pattern) for pattern in query.servers])
        where.add(
            f"EXISTS (SELECT 1 FROM json_each(?) AS seen WHERE {column} GLOB seen.value)", patterns
        )


def _glob(pattern: str) -> str:
    """The pattern as SQLite's GLOB, where only ``*`` is special for us."""
    pattern = escaped(pattern)[:LONGEST]
    return pattern.replace("[", "[[]").replace("?", "[?]").replace("\0", "\ufffd")


def _player(where: _Where, server: str, player_id: str, query: Query) -> None:
    if query.player is not None:
        where.add(f"({server}, {player_id}) IN ({_NAMED})", *[query.player] * 3)


def _between(where: _Where, column: str, query: Query) -> None:
    if query.since is not None:
        where.add(f"{column} >= ?", iso(query.since))
    if query.until is not None:
        where.add(f"{column} <= ?", iso(query.until))


def _small(number: int) -> int:
    """A number that SQLite can compare with; larger ones name nothing."""
    return number if -(1 << 63) <= number < 1 << 63 else -1


def _rows(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> list[Row]:
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
