"""A TOML file whose faults are told with the line they stand on."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from gmkit.errors import BadConfig, GMError
from gmkit.options import BadOption, parse
from gmkit.problems import NotTable

T = TypeVar("T")
Keys = tuple[str | int, ...]
"""Keys from the root: ``("server", 1, "adapter")`` is the second ``[[server]]``'s adapter."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_KEY = re.compile(rf"\s*((?:{_PART.pattern})(?:\s*\.\s*(?:{_PART.pattern}))*)\s*=")


class Unreadable(BadConfig):
    """The configuration file {file} cannot be read: {problem}."""


class NotToml(BadConfig):
    """{file} is not valid TOML: {problem}."""


class NotUtf8(BadConfig):
    """{file} is not UTF-8 text."""


@dataclass(frozen=True)
class TomlFile:
    """One file: its text, for the lines, and the tables in it."""

    path: Path
    text: str
    tables: Mapping[str, Any]

    def table(self, *path: str) -> dict[str, Any]:
        """The table at these keys, empty where there is none. Raises BadConfig for a value."""
        table: Any = self.tables
        for depth, key in enumerate(path, 1):
            table = table.get(key, {})
            if not isinstance(table, dict):
                raise self.fault(path[:depth], NotTable(given=repr(table)))
        return dict(table)

    def parsed(self, declared: type[T], given: Mapping[str, Any], path: Keys) -> T:
        """``given``, which stands at ``path``, as ``declared``. Raises BadConfig."""
        try:
            return parse(declared, given, base=self.path.parent)
        except BadOption as bad:
            key = re.split(r"[.\[]", str(bad.facts["key"]), maxsplit=1)[0]
            raise self.fault((*path, key), bad.facts["problem"]) from None

    def beside(self, name: str) -> Path:
        """The absolute path of ``name``, which is relative to the file's folder, or in ``~``."""
        return (self.path.parent / Path(name).expanduser()).absolute()

    def fault(self, path: Keys, problem: GMError | str) -> BadConfig:
        """The error for one key: ``gmkit.toml:12: server.port: must be a whole number.``"""
        line = line_of(self.text, path)
        key = ".".join(part for part in path if isinstance(part, str))
        place = f"{self.path}:{line}" if line else str(self.path)
        return BadConfig(file=place, key=key, problem=problem)


def read(path: str | os.PathLike[str]) -> TomlFile:
    """Read a file. Raises Unreadable or NotToml, with the line where there is one."""
    place = Path(path)
    try:
        text = place.read_text("utf-8-sig")
    except OSError as fault:
        raise Unreadable(file=place, key="", problem=fault.strerror) from None
    except UnicodeDecodeError as fault:
        line = bytes(fault.object[: fault.start]).count(b"\n") + 1
        raise NotUtf8(file=f"{place}:{line}", key="", problem="") from None
    try:
        return TomlFile(place, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise NotToml(file=place, key="", problem=str(fault)) from None


def line_of(text: str, path: Keys) -> int | None:
    """The line, from 1, of the key; where it is missing, of the nearest table around it."""
    lines: dict[Keys, int] = {}
    counts: dict[str, int] = {}
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = _opened(header[1], _parts(header[2]), counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_parts(key[1])), number)
    wanted = tuple(path)
    while wanted and wanted not in lines and (*wanted, 0) not in lines:
        wanted = wanted[:-1]
    return lines.get(wanted, lines.get((*wanted, 0)) if wanted else None)


def _opened(brackets: str, parts: list[str], counts: dict[str, int]) -> Keys:
    """The path a header opens; ``[[name]]`` counts, and ``[name.sub]`` belongs to the last one."""
    if brackets == "[[":
        counts[parts[0]] = counts.get(parts[0], -1) + 1
    if parts[0] in counts:
        return (parts[0], counts[parts[0]], *parts[1:])
    return tuple(parts)


def _parts(key: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(key)]
