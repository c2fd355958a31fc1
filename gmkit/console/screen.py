"""What is written above the prompt: the stream, answers and tables."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Iterable
from typing import IO

from rich.console import Console, RenderableType

from .ansi import coloured, plain
from .lines import Span


class Screen:
    """Writes lines. ``file`` takes text with colours if ``colours``."""

    def __init__(self, file: IO[str], *, colours: bool, columns: Callable[[], int]) -> None:
        self._file = file
        self._colours = colours
        self._paint = coloured if colours else plain
        self._columns = columns

    def line(self, spans: Iterable[Span]) -> None:
        """One line of the stream; its text is safe already."""
        self._file.write(self._paint(spans) + "\n")

    def show(self, parts: Iterable[RenderableType]) -> None:
        """Tables and texts."""
        page = io.StringIO()
        console = Console(
            file=page,
            width=self._columns(),
            force_terminal=self._colours,
            color_system="standard" if self._colours else None,
            highlight=False,
            markup=False,
            emoji=False,
        )
        for part in parts:
            console.print(part)
        self._file.write(page.getvalue())


def columns() -> int:
    """The terminal's width."""
    return shutil.get_terminal_size((100, 24)).columns
