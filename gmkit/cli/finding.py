"""What ``gmkit doctor`` says of one thing it looked at."""

from __future__ import annotations

from typing import Any, NamedTuple

from .common import _


class Finding(NamedTuple):
    """One thing that was looked at; a fault's sentence says how to mend it."""

    good: bool
    sentence: str


def good(template: str, **facts: Any) -> Finding:
    """Something is as it should be."""
    return Finding(True, _(template).format(**facts))


def fault(template: str, **facts: Any) -> Finding:
    """Something is not."""
    return Finding(False, _(template).format(**facts))
