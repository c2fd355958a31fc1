"""Helpers that run as processes of their own: JSON in, JSON out."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from typing import Any


class ChildFailed(Exception):
    """A helper process ended with an error."""


def ask(module: str, spec: Any, timeout: float = 600.0) -> Any:
    """What ``python -m module`` prints when it is given ``spec``. Raises ChildFailed."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        check=False,
        input=json.dumps(spec),
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode:
        raise ChildFailed(f"{module}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def task() -> Any:
    """What this process was given, read in such a process; it may open many files from now on."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return json.load(sys.stdin)
