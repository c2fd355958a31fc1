"""The daemon of the demo: a real one, in a child process, with a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gmkit.config import load
from gmkit.desk.requests import AddGM
from gmkit.errors import GMError
from gmkit.testing.fleet import tables, toml

from .staff import staff

LONGEST_FOLDER = 70
"""Bytes that the folder's path may have, so that the gate's socket fits below it."""
START_SECONDS = 30.0
STOP_SECONDS = 10.0


class DaemonFailed(GMError):
    """The demo's daemon did not start: {problem}"""


class DemoDaemon:
    """Starts at ``with``, stops and cleans up at its end. ``options`` are the simulated game's.

    ``gms`` maps the names of GM accounts to their roles. Raises DaemonFailed with the daemon's
    last words.
    """

    def __init__(self, options: Mapping[str, Any], gms: Mapping[str, str], lang: str) -> None:
        self._options = options
        self._gms = gms
        self._lang = lang
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = Path()

    @property
    def config(self) -> Path:
        return self.folder / "gmkit.toml"

    @property
    def ledgers(self) -> Path:
        """Where the simulated servers write down what their players saw."""
        return self.folder / "ledgers"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        return self.data / "gate.sock"

    def __enter__(self) -> Self:
        self.folder = _temporary_folder()
        try:
            self._prepare()
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        """The end of what the daemon printed."""
        said = self._said().strip().splitlines()
        return " / ".join(said[-5:])

    def _prepare(self) -> None:
        self.ledgers.mkdir()
        servers = tables(
            **self._options, epoch=time.time(), ledger=str(self.ledgers), tags=["demo"]
        )
        daemon = {"name": "demo", "data_dir": "data", "log_level": "warn"}
        settings = {"daemon": daemon, "help": {"locale": self._lang}, "plugins.stale": {}}
        self.config.write_text(toml(settings, servers), "utf-8")
        self.data.mkdir(mode=0o700)
        with staff(load(self.config).database) as accounts:
            for name, role in self._gms.items():
                accounts.do(AddGM(by=None, name=name, role=role))

    def _start(self) -> None:
        command = [sys.executable, "-m", "gmkit", "serve", "-c", str(self.config)]
        with (self.folder / "daemon.out").open("wb") as output:
            # A session of its own: Ctrl-C at the terminal is for the console, not for the daemon.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until = time.monotonic() + START_SECONDS
        while "gmkit: ready" not in self._said():
            if not self.running():
                raise DaemonFailed(problem=self.last_words() or "it ended without a word.")
            if time.monotonic() > until:
                raise DaemonFailed(problem=f"it was not ready after {START_SECONDS:.0f} s.")
            time.sleep(0.02)

    def _stop(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _said(self) -> str:
        try:
            return (self.folder / "daemon.out").read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return ""


def _temporary_folder() -> Path:
    usual = os.fsencode(tempfile.gettempdir())
    return Path(
        tempfile.mkdtemp(prefix="gmkit-demo-", dir="/tmp" if len(usual) > LONGEST_FOLDER else None)
    )
