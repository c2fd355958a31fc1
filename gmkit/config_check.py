"""What must hold in a configuration beyond the types of its values."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection

from gmkit.config_tables import Config, ServerConfig
from gmkit.errors import GMError
from gmkit.listen import BadListen, listen
from gmkit.patterns import fits
from gmkit.problems import NotAmong, Problem, TooSmall, unknown

MOST_SOCKET_PATH = 100
"""The longest path of the gate's socket, in bytes; the system allows 107."""

_NAME = re.compile(r"[\w-][\w.-]{0,63}")

LOG_LEVELS = ("debug", "info", "warn", "error")

_LEAST = {
    "min_length": 1,
    "max_length": 10,
    "cooldown": 0,
    "player_limit": 1,
    "player_seconds": 1,
    "server_limit": 1,
    "server_seconds": 1,
    "open_per_player": 1,
    "reopen_hours": 0,
}


class GateNeedsTls(Problem):
    """{text}: GM terminals need tls, because passwords travel there."""


class PortTwice(Problem):
    """port {port} is taken by {other} already."""


class SocketTooLong(Problem):
    """{socket} is too long for a socket's path; choose a folder nearer the root."""


class EmptyWord(Problem):
    """a help word is empty."""


class BadServerName(Problem):
    """{name} is no name for a server; use up to 64 letters, digits, - _ and dots."""


class NoPermission(Problem):
    """{name} fits no permission; did you mean {near}? All of them: docs/commands.md."""


class NameTwice(Problem):
    """another server is called {name} already."""


def check(config: Config, adapters: Collection[str], plugins: Collection[str]) -> None:
    """Raise BadConfig for the first thing that cannot work; names that exist are given."""
    _addresses(config)
    _daemon(config)
    _help(config)
    seen: set[str] = set()
    for server in config.servers:
        _server(config, server, seen, adapters)
        seen.add(server.name)
    for name in config.plugins:
        if name not in plugins:
            raise config.fault(("plugins", name), unknown(name, plugins))


def check_roles(config: Config, known: Collection[str]) -> None:
    """Raise BadConfig for a role that allows or denies what fits none of the permissions."""
    for name, role in config.roles.items():
        for key in ("allow", "deny"):
            for pattern in getattr(role, key):
                if not any(fits(pattern, permission) for permission in known):
                    raise config.fault(("roles", name, key), _no_permission(pattern, known))


def _no_permission(pattern: str, known: Collection[str]) -> Problem:
    areas = sorted({f"{permission.partition('.')[0]}.*" for permission in known})
    near = difflib.get_close_matches(pattern, [*areas, *sorted(known)], n=1)
    return NoPermission(name=pattern, near=near[0] if near else ", ".join(areas))


def _addresses(config: Config) -> None:
    taken: dict[int, str] = {}
    for key in ("gate", "bridge", "bridge_http"):
        for text in getattr(config.daemon, key):
            try:
                address = listen(text)
            except BadListen as bad:
                raise config.fault(("daemon", key), bad) from None
            if key == "gate" and address.kind != "tls":
                raise config.fault(("daemon", key), GateNeedsTls(text=text))
            if address.port in taken:
                other = taken[address.port]
                raise config.fault(("daemon", key), PortTwice(port=address.port, other=other))
            taken[address.port] = key


def _daemon(config: Config) -> None:
    level = config.daemon.log_level
    if level not in LOG_LEVELS:
        problem = NotAmong(name=level, known=", ".join(LOG_LEVELS))
        raise config.fault(("daemon", "log_level"), problem)
    if len(os.fsencode(config.socket)) > MOST_SOCKET_PATH:
        raise config.fault(("daemon", "data_dir"), SocketTooLong(socket=config.socket))


def _help(config: Config) -> None:
    for key, least in _LEAST.items():
        if getattr(config.help, key) < least:
            raise config.fault(("help", key), TooSmall(least=least))
    if any(not word.strip() for word in config.help.triggers):
        raise config.fault(("help", "triggers"), EmptyWord())
    try:
        _ = config.help.expires_seconds
    except GMError as bad:
        raise config.fault(("help", "delivery_expires"), bad) from None


def _server(
    config: Config, server: ServerConfig, seen: Collection[str], adapters: Collection[str]
) -> None:
    at = ("server", server.index)
    if not _NAME.fullmatch(server.name) or server.name == "tag":
        raise config.fault((*at, "name"), BadServerName(name=repr(server.name)))
    if server.name in seen:
        raise config.fault((*at, "name"), NameTwice(name=server.name))
    if server.adapter not in adapters:
        raise config.fault((*at, "adapter"), unknown(server.adapter, adapters))
    if any(not word.strip() for word in server.triggers):
        raise config.fault((*at, "triggers"), EmptyWord())
