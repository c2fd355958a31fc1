"""Statements over many rows at once.

One INSERT of many rows costs half of ``executemany``, which lets go of the interpreter lock for
every row. Sizes are powers of two, so that few statements are compiled and all stay cached.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from sqlite3 import Connection
from typing import Any

MOST = 512
"""Rows in one statement."""


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

    def run(self, connection: Connection, keys: Sequence[Sequence[Any]]) -> Iterator[Any]:
        """The rows that exist, in no promised order; ``keys`` must not repeat."""
        start = 0
        for count in sizes(len(keys)):
            flat = [cell for key in keys[start : start + count] for cell in key]
            values = ",".join([self._row] * count)
            yield from connection.execute(self._head + values + self._tail, flat)
            start += count


def sizes(count: int) -> Iterator[int]:
    """``count`` as a sum of powers of two, none above MOST."""
    while count:
        size = min(MOST, 1 << (count.bit_length() - 1))
        yield size
        count -= size
