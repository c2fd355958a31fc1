"""The desk's settings."""

from __future__ import annotations

from typing import NamedTuple


class Rules(NamedTuple):
    """What an operator may set. They bind new decisions only, never the fold of old events."""

    open_per_player: int = 1
    """How many open tickets a player may have on one server; more text joins the newest."""
    reopen_seconds: float = 1800.0
    """How long after completion a player's next line opens the same ticket again."""
