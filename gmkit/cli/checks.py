"""What ``gmkit doctor`` looks at, in order. Each check yields findings and changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from gmkit.config import Config
from gmkit.i18n import N_
from gmkit.problems import NotAFolder

from .checks_data import accounts, database
from .checks_net import bridge, certificate, game, ports
from .checks_plugins import plugins
from .common import _
from .finding import Finding, fault, good

LEAST_SPACE = 200 * 2**20
"""Bytes that must be free where the database is."""


def findings(config: Config, timeout: float) -> Iterator[Finding]:
    """Everything there is to say, in the order in which to mend it."""
    yield from folder(config)
    yield from clock(config)
    yield from terminal()
    running = daemon_pid(config)
    yield from daemon(config, running)
    yield from database(config)
    if running is None:
        yield from accounts(config)
        yield from ports(config)
    yield from certificate(config)
    yield from bridge(config)
    yield from plugins(config)
    for server in config.servers:
        yield from game(config, server, timeout)


def folder(config: Config) -> Iterator[Finding]:
    """The data folder: there, ours, private, with room."""
    path = config.data_dir
    if not path.exists():
        yield fault(N_("{path} is missing. Make it with: gmkit init"), path=path)
        return
    if not path.is_dir():
        yield Finding(
            False, config.fault(("daemon", "data_dir"), NotAFolder(path=path)).sentence(_)
        )
        return
    faults = list(folder_faults(config, path))
    yield from faults
    if not faults:
        free = shutil.disk_usage(path).free // 2**30
        yield good(N_("{path} is in order, {gigabytes} GB are free."), path=path, gigabytes=free)


def folder_faults(config: Config, path: Path) -> Iterator[Finding]:
    """What is wrong with a data folder that is there."""
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield fault(
            N_("{path} cannot be written by this user. Mend: sudo chown -R $USER {path}"), path=path
        )
    if not private(path):
        yield fault(N_("Others may look into {path}. Mend: chmod 700 {path}"), path=path)
    space = shutil.disk_usage(path).free
    if space < LEAST_SPACE:
        yield fault(
            N_(
                "Only {megabytes} MB are free where {path} is. Make room: gmkit stops when it "
                "cannot write."
            ),
            megabytes=space // 2**20,
            path=path,
        )
    for secret in (*path.glob("*.token"), *path.glob("*.password"), config.tls_key):
        if secret.is_file() and not private(secret):
            yield fault(
                N_("Others may read the secret {path}. Mend: chmod 600 {path}"), path=secret
            )


def private(path: Path) -> bool:
    """Whether only the owner may read it."""
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def clock(config: Config) -> Iterator[Finding]:
    """The clock must not stand before what it has stamped already."""
    newest = max(
        (path.stat().st_mtime for path in (config.path, config.database) if path.exists()),
        default=0.0,
    )
    if time.time() + 60 < newest:
        yield fault(
            N_(
                "The clock says {now}, which is before files that gmkit wrote. Set it, best by NTP."
            ),
            now=datetime.now(UTC).isoformat(timespec="minutes"),
        )


def terminal() -> Iterator[Finding]:
    """Chinese needs UTF-8."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        yield fault(
            N_("The terminal's encoding is {encoding}. Mend: export LANG=C.UTF-8"),
            encoding=sys.stdout.encoding,
        )


def daemon_pid(config: Config) -> int | None:
    """The process that listens on the gate's socket, 0 if it is not known; None without one."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(3.0)
        try:
            probe.connect(str(config.socket))
        except OSError:
            return None
    try:
        return int(config.pid_file.read_text("ascii"))
    except (OSError, ValueError):
        return 0


def daemon(config: Config, running: int | None) -> Iterator[Finding]:
    """Whether it runs."""
    if running is None:
        yield good(N_("The daemon does not run."))
    else:
        yield good(N_("The daemon runs as process {process}."), process=running or "?")
