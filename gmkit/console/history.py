"""What the GM typed before, kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

SECRET = ("passwd",)


class CommandHistory(FileHistory):
    """A file of one GM's lines; those with secrets are not kept."""

    def append_string(self, string: str) -> None:
        """Keep a line, unless it holds a secret."""
        if not any(word in string for word in SECRET):
            super().append_string(string)


def history() -> History:
    """``$XDG_STATE_HOME/gmkit/history``, for this user only; in memory where that is impossible."""
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    path = Path(home).expanduser() / "gmkit" / "history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.open("ab").close()
    except OSError:
        return InMemoryHistory()
    return CommandHistory(str(path))
