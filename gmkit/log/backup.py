"""A whole copy of the log's file, also while the daemon writes to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from gmkit.errors import GMError

from . import LogUnusable
from .connect import to_read


class TargetExists(GMError):
    """{file} exists already and is not overwritten. Choose another name."""


def backup(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Copy the log as it stands at one moment. The copy appears under its name when it is whole.

    Raises TargetExists, or LogUnusable where something cannot be read or written.
    """
    goal = Path(target)
    if goal.exists():
        raise TargetExists(file=str(goal))
    partial = goal.with_name(f"{goal.name}.partial")
    with closing(to_read(os.fspath(source))) as original:
        try:
            goal.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
            with closing(sqlite3.connect(partial)) as copy:
                original.backup(copy)
            os.link(partial, goal)  # unlike a rename this never overwrites
        except FileExistsError:
            raise TargetExists(file=str(goal)) from None
        except (OSError, sqlite3.Error) as fault:
            reason = getattr(fault, "strerror", None) or str(fault)
            raise LogUnusable(file=str(goal), reason=f"{reason}.") from None
        finally:
            partial.unlink(missing_ok=True)
