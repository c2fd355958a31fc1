"""The tables of the configuration file, typed: every key is declared here.

From the declarations come the values, the errors and the page ``docs/configuration.md``. What
belongs to an adapter or a plugin is declared by them and stays a plain table until they ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from gmkit.errors import BadConfig, GMError
from gmkit.listen import Listen, listen
from gmkit.options import option
from gmkit.toml_file import Keys, TomlFile

T = TypeVar("T")


@dataclass(frozen=True)
class Daemon:
    """``[daemon]``: the daemon itself. Paths are relative to the configuration file."""

    data_dir: str = option("data", help="Folder of the database, the gate's socket and the keys.")
    name: str = option("gmkit", help="The daemon's name, shown to GMs.")
    gate: tuple[str, ...] = option(
        (),
        help="Addresses for GM terminals on other hosts, such as tls:7600. Terminals on this host "
        "use the socket data_dir/gate.sock, which is always there.",
    )
    bridge: tuple[str, ...] = option(
        (), help="Addresses for games that speak the bridge protocol, such as tls:7601 or tcp:7602."
    )
    bridge_http: tuple[str, ...] = option(
        (), help="Addresses for games that speak it as JSON over HTTP, such as tcp:7603."
    )
    tls_cert: str = option(
        "", help="Certificate chain (PEM) for tls addresses. Empty: data_dir/tls/cert.pem."
    )
    tls_key: str = option("", help="Its private key (PEM). Empty: data_dir/tls/key.pem.")
    log_level: str = option("info", help="What is logged: debug, info, warn or error.")


@dataclass(frozen=True)
class Help:
    """``[help]``: how players ask, and how much."""

    triggers: tuple[str, ...] = option(
        (), help="Words that ask for help, such as !help or 求助. Empty: the adapter's own."
    )
    locale: str = option("en", help="Language of players when neither they nor the server say.")
    min_length: int = option(2, help="Shortest text that opens a ticket, in characters.")
    max_length: int = option(2000, help="Longer texts are cut to this many characters.")
    cooldown: float = option(3.0, help="Seconds between two lines of one player.")
    player_limit: int = option(10, help="Lines one player may send in player_seconds.")
    player_seconds: float = option(60.0, help="The time that player_limit counts, in seconds.")
    server_limit: int = option(600, help="Lines one server may send in server_seconds.")
    server_seconds: float = option(60.0, help="The time that server_limit counts, in seconds.")
    open_per_player: int = option(1, help="Open tickets one player may have; more text joins one.")
    reopen_hours: float = option(
        0.5, help="Hours in which an answer of the player opens a finished ticket again."
    )
    delivery_expires: str = option(
        "7d", help="How long an answer waits for a player who is away, such as 12h or 7d."
    )

    @cached_property
    def expires_seconds(self) -> float:
        """``delivery_expires`` in seconds."""
        from gmkit.durations import parse_duration

        return parse_duration(self.delivery_expires)


@dataclass(frozen=True)
class Role:
    """``[roles.NAME]``: what a role of GMs may do. ``deny`` wins."""

    allow: tuple[str, ...] = option((), help="Permissions, such as ticket.reply or player.*.")
    deny: tuple[str, ...] = option((), help="Permissions taken away again.")


@dataclass(frozen=True)
class Common:
    """The keys that every ``[[server]]`` has, whatever its adapter."""

    name: str = option(help="The server's name: letters, digits, - _ and . only.")
    adapter: str = option(help="The kind of game: see gmkit adapter list.")
    tags: tuple[str, ...] = option((), help="Words to address several servers, as tag:NAME.")
    locale: str = option("", help="Language of its players. Empty: as [help] says.")
    triggers: tuple[str, ...] = option((), help="Help words of this server. Empty: as [help] says.")


@dataclass(frozen=True)
class ServerConfig:
    """One ``[[server]]``. ``options`` are the adapter's own keys, as written."""

    name: str
    adapter: str
    options: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    locale: str = "en"
    triggers: tuple[str, ...] = ()
    """Help words; empty means those of the adapter."""
    index: int = 0
    """Its place in the file, from 0."""


@dataclass(frozen=True)
class Config:
    """The whole file. ``plugins`` holds only those that are on, with their options."""

    file: TomlFile
    daemon: Daemon
    help: Help
    servers: tuple[ServerConfig, ...]
    plugins: Mapping[str, Mapping[str, Any]]
    roles: Mapping[str, Role]

    @property
    def path(self) -> Path:
        return self.file.path

    @property
    def data_dir(self) -> Path:
        return self.beside(self.daemon.data_dir)

    @property
    def socket(self) -> Path:
        """The gate's Unix socket."""
        return self.data_dir / "gate.sock"

    @property
    def database(self) -> Path:
        return self.data_dir / "gmkit.db"

    @property
    def pid_file(self) -> Path:
        return self.data_dir / "gmkit.pid"

    @property
    def tls_cert(self) -> Path:
        return self.beside(self.daemon.tls_cert or str(self.data_dir / "tls" / "cert.pem"))

    @property
    def tls_key(self) -> Path:
        return self.beside(self.daemon.tls_key or str(self.data_dir / "tls" / "key.pem"))

    @property
    def gate(self) -> tuple[Listen, ...]:
        return tuple(map(listen, self.daemon.gate))

    @property
    def bridge(self) -> tuple[Listen, ...]:
        return tuple(map(listen, self.daemon.bridge))

    @property
    def bridge_http(self) -> tuple[Listen, ...]:
        return tuple(map(listen, self.daemon.bridge_http))

    def beside(self, name: str) -> Path:
        """A path of the file, which is meant relative to the file's own folder."""
        return self.file.beside(name)

    def server_options(self, server: ServerConfig, declared: type[T]) -> T:
        """The adapter's options for one server. Raises BadConfig naming the line."""
        return self.file.parsed(declared, server.options, ("server", server.index))

    def fault(self, path: Keys, problem: GMError | str) -> BadConfig:
        """The error for one key, with its line; adapters' and plugins' keys included."""
        return self.file.fault(path, problem)
