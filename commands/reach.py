"""Whether a line reaches a player now or later."""

from __future__ import annotations

from gmkit.command import Call, Unknown


def reach(call: Call, server: str, player_id: str) -> str:
    """``online``, ``away`` (the player is not there) or ``down`` (the server is not)."""
    try:
        (view,) = call.servers(server)
    except Unknown:
        return "down"  # it was taken out of the configuration
    if view.state not in ("up", "degraded"):
        return "down"
    return "online" if any(p.id == player_id for p in view.online) else "away"
