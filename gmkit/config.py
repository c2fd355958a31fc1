"""The configuration: one TOML file, found, read into typed tables and checked."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from gmkit import discovery
from gmkit.config_check import check
from gmkit.config_tables import Common, Config, Daemon, Help, Role, ServerConfig
from gmkit.errors import BadConfig
from gmkit.problems import NotTrueFalse, Problem, unknown
from gmkit.toml_file import TomlFile, read

__all__ = [
    "Common",
    "Config",
    "Daemon",
    "Help",
    "Role",
    "ServerConfig",
    "find",
    "load",
    "socket_path",
]

PLACES = ("gmkit.toml", "/etc/gmkit/gmkit.toml")
"""Where the file is looked for when none is named; ``GMKIT_CONFIG`` comes before both."""

TABLES = ("daemon", "help", "plugins", "roles", "server")


class NoConfig(BadConfig):
    """There is no configuration file {file}. Write one with: gmkit init"""


class NotServers(Problem):
    """write [[server]], in double brackets."""


def find(path: str | os.PathLike[str] | None = None) -> Path:
    """The file that was named, or the one in the usual places. Raises NoConfig."""
    named = path or os.environ.get("GMKIT_CONFIG")
    places = [Path(named)] if named else [Path(place) for place in PLACES]
    for place in places:
        if place.is_file():
            return place
    raise NoConfig(file=" or ".join(map(str, places)), key="", problem="")


def socket_path(path: str | os.PathLike[str] | None = None) -> Path:
    """Where the gate's socket is, without checking the rest of the file. Raises BadConfig."""
    file = read(find(path))
    return file.beside(str(file.table("daemon").get("data_dir", "data"))) / "gate.sock"


def load(
    path: str | os.PathLike[str] | None = None,
    *,
    adapters: Collection[str] | None = None,
    plugins: Collection[str] | None = None,
) -> Config:
    """Read and check the whole file.

    ``adapters`` and ``plugins`` are the names that exist, by default all that are installed.
    Raises BadConfig with the file, the line, the key, the fault and the nearest right name.
    """
    file = read(find(path))
    for key in file.tables:
        if key not in TABLES:
            raise file.fault((key,), unknown(key, TABLES))
    help = file.parsed(Help, file.table("help"), ("help",))
    config = Config(
        file=file,
        daemon=file.parsed(Daemon, _listed(file.table("daemon")), ("daemon",)),
        help=help,
        servers=tuple(_servers(file, help)),
        plugins=dict(_plugins(file)),
        roles={
            name: file.parsed(Role, file.table("roles", name), ("roles", name))
            for name in file.table("roles")
        },
    )
    check(
        config,
        adapters=discovery.adapters() if adapters is None else adapters,
        plugins=discovery.plugins() if plugins is None else plugins,
    )
    return config


def _servers(file: TomlFile, help: Help) -> Iterator[ServerConfig]:
    rows = file.tables.get("server", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise file.fault(("server",), NotServers())
    common = [f.name for f in dataclasses.fields(Common)]
    for index, row in enumerate(rows):
        known = file.parsed(
            Common, {key: row[key] for key in common if key in row}, ("server", index)
        )
        yield ServerConfig(
            name=known.name,
            adapter=known.adapter,
            options={key: value for key, value in row.items() if key not in common},
            tags=known.tags,
            locale=known.locale or help.locale,
            triggers=known.triggers or help.triggers,
            index=index,
        )


def _plugins(file: TomlFile) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in file.table("plugins"):
        table = file.table("plugins", name)
        on = table.pop("enabled", True)
        if not isinstance(on, bool):
            raise file.fault(("plugins", name, "enabled"), NotTrueFalse(given=repr(on)))
        if on:
            yield name, table


def _listed(daemon: dict[str, Any]) -> dict[str, Any]:
    """One address may be written without the brackets of a list."""
    keys = ("gate", "bridge", "bridge_http")
    return {k: [v] if k in keys and isinstance(v, str) else v for k, v in daemon.items()}
