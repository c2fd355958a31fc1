"""A program on a terminal of its own, and the screen as a person would see it."""

from __future__ import annotations

import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from fcntl import ioctl
from types import TracebackType
from typing import Self

import pyte

PATIENCE = 30.0


class Screen:
    """Runs ``command``; ``lines`` is what its terminal shows."""

    def __init__(
        self, command: Sequence[str], env: dict[str, str], columns: int = 100, rows: int = 30
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self._ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
        self.raw = bytearray()
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", **env},
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if fault is not None:
            print("\n".join(self.lines))
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, wide characters once."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def enter(self, line: str) -> None:
        """Type a line, wait until it is seen, press Enter."""
        self.type(line)
        self.until(lambda: line in self.lines_of_prompt())
        self.type("\r")

    def lines_of_prompt(self) -> str:
        """The prompt and what follows; long lines wrap."""
        at = max((i for i, line in enumerate(self.lines) if "›" in line), default=0)
        return "".join(self.lines[at:])

    def read(self, seconds: float) -> bool:
        """Take what the program writes; False when it has ended."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:
            return False
        self.raw += data
        self._stream.feed(data)
        # The terminal answers where its cursor is (DSR), as prompt_toolkit asks.
        if b"\x1b[6n" in data:
            cursor = self._screen.cursor
            os.write(self._ours, f"\x1b[{cursor.y + 1};{cursor.x + 1}R".encode())
        return True

    def until(self, what: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Read until it is so."""
        end = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < end, f"not within {seconds} s; the screen:\n{self.text}"
            assert self.read(0.05) or what(), f"it ended; the screen:\n{self.text}"

    def shows(self, text: str) -> None:
        """Wait until the text is on the screen, spaces of wide characters apart."""
        self.until(lambda: text in self.text)

    def ended(self) -> int:
        """Wait for the program's end; its exit status."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self.read(0.05)
            assert time.monotonic() < end, f"it goes on:\n{self.text}"
        return self.process.returncode
