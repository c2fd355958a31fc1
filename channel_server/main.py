"""``gmkit serve``: the daemon in the foreground."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred
from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)

from gmkit.config import load
from gmkit.errors import GMError

from .daemon import Daemon
from .reloading import Reloaded, reload_command

GC_THRESHOLDS = (100_000, 20, 100)
"""Tickets and events live long and hold no cycles: looking for some, as often as Python does by
itself, would cost more than the work with them."""


def serve(path: Path) -> int:
    """Run the daemon until SIGTERM or SIGINT; the exit code. Raises GMError if it cannot start."""
    config = load(path)
    began = time.monotonic()
    _raise_file_limit()
    gc.set_threshold(*GC_THRESHOLDS)
    _log_to(sys.stderr, config.daemon.log_level)
    service = Service(Daemon(config, the_reactor), path)
    service.start(began)
    service.run()
    return service.exit_code


class Service:
    """A daemon with a process around it: signals, pid file, the line that says it is ready."""

    def __init__(self, daemon: Daemon, path: Path) -> None:
        self.exit_code = 0
        self._daemon = daemon
        self._path = path
        self._reactor: Any = daemon.reactor
        self._stopping = False
        self._pid_file = daemon.config.pid_file  # where it stays, whatever a reload says

    def start(self, began: float) -> None:
        """Start the daemon, then say so on standard output."""
        self._daemon.start()
        gc.freeze()
        self._daemon.dispatcher.add(reload_command(self._reload_now), owner="gmkit")
        self._pid_file.write_text(f"{os.getpid()}\n")
        self._daemon.failed.addErrback(lambda _: self._stop(1))
        for name, handler in (
            ("SIGTERM", lambda: self._stop(0)),
            ("SIGINT", lambda: self._stop(0)),
            ("SIGHUP", self._reload),
        ):
            self._on_signal(getattr(signal, name), handler)
        servers = len(self._daemon.config.servers)
        took = time.monotonic() - began
        print(f"gmkit: ready, {servers} servers, {took:.2f} s", flush=True)

    def run(self) -> None:
        """Until the daemon has stopped; the signals are ours, not the reactor's."""
        self._reactor.run(installSignalHandlers=False)

    def _on_signal(self, number: int, handler: Any) -> None:
        signal.signal(number, lambda *_: self._reactor.callFromThread(handler))

    def _reload_now(self) -> Reloaded:
        return self._daemon.reload(load(self._path))

    def _reload(self) -> None:
        if self._stopping:
            return
        try:
            changed = self._reload_now()
        except GMError as fault:
            self._daemon.log.error("not reloaded, nothing changed: {fault}", fault=fault)
        else:
            self._daemon.log.info("{changed}", changed=changed)

    def _stop(self, exit_code: int) -> None:
        self.exit_code = max(self.exit_code, exit_code)  # the log may fail while we stop
        if self._stopping:
            return
        self._stopping = True
        stopping = Deferred.fromCoroutine(self._daemon.stop())
        stopping.addErrback(lambda fault: self._daemon.log.failure("stopping failed", fault))
        stopping.addBoth(self._leave)

    def _leave(self, _: object) -> None:
        try:
            self._pid_file.unlink(missing_ok=True)
        finally:
            self._reactor.stop()


def _log_to(file: TextIO, level: str) -> None:
    """The log goes to standard error; whoever runs the daemon keeps it."""
    least = LogLevel.levelWithName(level)
    chosen = LogLevelFilterPredicate(least)
    for theirs in ("twisted", "log_legacy"):
        # Ports that open and connections that are tried: what matters of it we say ourselves.
        chosen.setLogLevelForNamespace(theirs, max(least, LogLevel.warn))
    observer = FilteringLogObserver(textFileLogObserver(file), [chosen])
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)


def _raise_file_limit() -> None:
    """Every game, terminal and database reader needs a file descriptor."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
