"""Times as GMs read them: how long ago, and when by the clock of this computer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gmkit.i18n import N_

_UNITS = ((86_400, N_("{n} d")), (3600, N_("{n} h")), (60, N_("{n} min")))
SECONDS = N_("{n} s")


def seconds_since(at: Any, now: float) -> float | None:
    """Seconds from an ISO 8601 time to ``now``; None for what is none."""
    if not isinstance(at, str):
        return None
    try:
        return max(0.0, now - datetime.fromisoformat(at).timestamp())
    except ValueError:
        return None


def age(at: Any, now: float, gettext: Callable[[str], str]) -> str:
    """``12 s``, ``3 min``, ``5 h``, ``2 d``; empty for no time."""
    seconds = seconds_since(at, now)
    if seconds is None:
        return ""
    for size, template in _UNITS:
        if seconds >= size:
            return gettext(template).format(n=int(seconds // size))
    return gettext(SECONDS).format(n=int(seconds))


def moment(at: Any, now: float) -> str:
    """The local time; with the date where that is another day."""
    seconds = seconds_since(at, now)
    if seconds is None:
        return ""
    local = datetime.fromisoformat(at).astimezone()
    same_day = local.date() == datetime.fromtimestamp(now).astimezone().date()
    return local.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M")
