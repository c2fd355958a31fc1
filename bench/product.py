"""gmkit under measurement: a folder, a configuration, the daemon as a process of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from gmkit.cli.staff import staff
from gmkit.desk.requests import AddGM

from .process import Process, free_port

TOKEN = "a-token-for-the-benchmark-only"
TERMINALS_OF_ONE = 10
"""Terminals that one GM account has in the benchmark; the daemon allows 20."""

_OFF = 1_000_000_000
"""A flood limit that never strikes."""


class Product:
    """The daemon with ``servers`` bridge servers s0, s1 … and a GM account for ten terminals."""

    def __init__(self, folder: Path, servers: int, terminals: int = 200) -> None:
        self.folder = folder
        self.servers = servers
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.config = folder / "gmkit.toml"
        self.gate = folder / "data" / "gate.sock"
        self.gms = [f"gm{i}" for i in range(max(1, -(-terminals // TERMINALS_OF_ONE)))]
        self._write()
        self._accounts()
        self.address: dict[str, Any] = {
            "port": self.port,
            "gate": str(self.gate),
            "token": TOKEN,
            "gms": self.gms,
        }
        self.process = self.start()

    def _write(self) -> None:
        rows = "".join(
            f'[[server]]\nname = "s{i}"\nadapter = "bridge"\ntoken = "{TOKEN}"\n'
            for i in range(self.servers)
        )
        self.config.write_text(
            f'[daemon]\ndata_dir = "data"\nbridge = ["tcp:127.0.0.1:{self.port}"]\n'
            'log_level = "warn"\n'
            f"[help]\ncooldown = 0\nplayer_limit = {_OFF}\nserver_limit = {_OFF}\n" + rows
        )
        (self.folder / "data").mkdir(mode=0o700, exist_ok=True)

    def _accounts(self) -> None:
        with staff(self.folder / "data" / "gmkit.db") as accounts:
            for name in self.gms:
                accounts.do(AddGM(None, name, "admin"))

    def start(self) -> Process:
        """Start the daemon and wait until it is ready; ``started_in`` says how long it took."""
        log = self.folder / "log"
        log.write_bytes(b"")
        at = time.monotonic()
        self.process = Process([*gmkit(), "serve", "-c", str(self.config)], log)
        self.started_in = self.process.wait_for_line("gmkit: ready", 300) - at
        return self.process

    def do(self, line: str) -> Any:
        """The JSON of one GM command, run as ``gmkit do`` runs it."""
        argv = [*gmkit(), "do", "-c", str(self.config), "--json", line]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{line}: {done.stderr or done.stdout}")
        return json.loads(done.stdout)

    def close(self) -> None:
        """End the daemon and remove its files."""
        self.process.stop()
        shutil.rmtree(self.folder)


def gmkit() -> list[str]:
    """How the ``gmkit`` command is started: the script beside this Python, else the module."""
    script = Path(sys.executable).with_name("gmkit")
    return [str(script)] if script.exists() else [sys.executable, "-m", "gmkit"]
