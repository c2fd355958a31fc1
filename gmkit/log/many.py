"""Statements over many rows at once.

A thread that runs SQL lets go of the interpreter for every row that a statement returns and for
every statement, and then waits until a busy reactor gives it back, up to milliseconds each time.
So rows go in with few statements of many rows, and come out as one row of JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from sqlite3 import Connection
from typing import Any

MOST = 512
"""Rows in one statement."""
STEP = 64
"""Statements are made for up to so many rows and for its multiples, so that all stay compiled."""


class Insert:
    """``head`` (an INSERT up to VALUES), any number of rows, ``tail`` (such as ON CONFLICT …)."""

    def __init__(self, head: str, columns: int, tail: str = "") -> None:
        self._head = head
        self._row = f"({', '.join('?' * columns)})"
        self._tail = tail
        self._columns = columns
        self._statements: dict[int, str] = {}

    def run(self, connection: Connection, flat: Sequence[Any]) -> None:
        """Insert the rows whose cells lie one after the other in ``flat``."""
        columns, start = self._columns, 0
        for rows in sizes(len(flat) // columns):
            end = start + rows * columns
            connection.execute(self._statement(rows), flat[start:end])
            start = end

    def _statement(self, rows: int) -> str:
        statement = self._statements.get(rows)
        if statement is None:
            values = ",".join([self._row] * rows)
            statement = self._statements[rows] = f"{self._head} VALUES {values} {self._tail}"
        return statement


class Lookup:
    """The rows of ``table`` with any of many keys; ``keys`` names the columns of its key."""

    def __init__(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> None:
        cells = ", ".join(f"{table}.{column}" for column in columns)
        wanted = ", ".join(keys)
        same = " AND ".join(f"{table}.{key} = wanted.{key}" for key in keys)
        self._head = f"WITH wanted({wanted}) AS (VALUES "
        self._row = f"({', '.join('?' * len(keys))})"
        self._tail = f") SELECT {cells} FROM wanted CROSS JOIN {table} ON {same}"
        self._columns = columns

    def run(self, connection: Connection, keys: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
        """The rows that exist, in no promised order; one may come more than once."""
        for start in range(0, len(keys), MOST):
            some = list(keys[start : start + MOST])
            some += [some[0]] * ((1 << (len(some) - 1).bit_length()) - len(some))
            select = self._head + ",".join([self._row] * len(some)) + self._tail
            yield from fetch(connection, select, self._columns, [c for key in some for c in key])


def fetch(
    connection: Connection, select: str, columns: Sequence[str], values: Sequence[Any]
) -> list[list[Any]]:
    """The rows of a SELECT of text and whole numbers, all at once."""
    (rows,) = connection.execute(
        f"SELECT json_group_array(json_array({', '.join(columns)})) FROM ({select})", values
    ).fetchone()
    found: list[list[Any]] = json.loads(rows)
    return found


def sizes(count: int) -> Iterator[int]:
    """``count`` as a sum of few sizes from a small set, none above MOST."""
    while count:
        size = count if count < STEP else min(MOST, count - count % STEP)
        yield size
        count -= size
