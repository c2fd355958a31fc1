"""One daemon for one log: a lock on a file beside the database, gone when its process ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from . import LogInUse, LogUnusable


class Lock:
    """Held from ``take`` until ``release`` or the end of the process."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises LogInUse when another process has it, or this one twice."""
        beside = f"{self._file}.lock"
        try:
            Path(beside).parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as fault:
            raise LogUnusable(file=beside, reason=f"{fault.strerror}.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            process = os.read(descriptor, 32).decode("ascii", "replace").strip() or "?"
            os.close(descriptor)
            raise LogInUse(file=self._file, process=process) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def __enter__(self) -> None:
        self.take()

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let another process have it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
