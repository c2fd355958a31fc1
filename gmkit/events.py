"""The kinds of events: the vocabulary of the log.

Every kind names the partition that it belongs to and the keys of its ``data``. The desk folds all
of them; a reader that meets an unknown kind passes it by.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of event. ``partition`` is ``server``, ``gm`` or ``fleet``."""

    partition: str
    about: str
    data: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    # tickets, from the player
    "asked": Kind(
        "server",
        "A player asked for help; this opens the ticket.",
        ("name", "account", "vip", "locale"),
    ),
    "added": Kind("server", "The player said more in an open ticket.", ("name",)),
    "cancelled": Kind("server", "The player withdrew the ticket."),
    "rated": Kind("server", "The player rated the help.", ("stars",)),
    "proof_asked": Kind(
        "server",
        "The player asked whether the GM is real and was shown a phrase that only GMs see too.",
        ("phrase",),
    ),
    # tickets, from the GMs
    "claimed": Kind("server", "A GM took the ticket.", ("taken_from",)),
    "assigned": Kind("server", "A GM gave the ticket to another GM.", ("to", "taken_from")),
    "unassigned": Kind("server", "The ticket went back to the queue.", ("taken_from",)),
    "replied": Kind("server", "A GM answered the player.", ("delivery",)),
    "noted": Kind("server", "A GM left a note that only GMs see."),
    "completed": Kind(
        "server",
        "A GM solved the ticket; the player is asked to rate. text: the last answer, if any.",
        ("delivery",),
    ),
    "closed": Kind("server", "A GM closed the ticket without an answer. text: the reason."),
    "reopened": Kind(
        "server", "The ticket is open again: by a GM, or by the player who answered.", ("to",)
    ),
    "alerted": Kind(
        "server", "The GMs on duty were alerted about a ticket. text: the alert.", ("topic",)
    ),
    # what goes out to the games
    "told": Kind(
        "server",
        "A line to one player that is no answer to a ticket, or that gmkit itself sends.",
        ("delivery", "name", "account", "locale"),
    ),
    "sent": Kind(
        "server",
        "A delivery is on its way to another server than the one it was asked on. server and "
        "player: where; lines: how many of its lines were shown elsewhere before.",
        ("delivery", "lines"),
    ),
    "delivered": Kind(
        "server",
        "A delivery reached the game. server and player: where it was shown.",
        ("delivery", "how"),  # how: shown (the game confirmed it) or sent (the game cannot confirm)
    ),
    "expired": Kind("server", "A delivery was given up. text: why.", ("delivery",)),
    "announced": Kind("fleet", "A line to everybody on the servers named.", ("servers",)),
    # actions on players
    "acted": Kind(
        "server",
        "A GM acted on a player. text: the reason; verb: kick, ban, …; result: done or the fault.",
        ("verb", "name", "result", "arguments"),
    ),
    # GMs
    "gm_added": Kind("gm", "A GM account was made.", ("name", "role", "servers", "password")),
    "gm_changed": Kind(
        "gm", "A GM account was changed.", ("name", "role", "servers", "password", "disabled")
    ),
    "duty_started": Kind("gm", "A GM came on duty."),
    "duty_ended": Kind("gm", "A GM went off duty."),
    # servers
    "server_up": Kind("server", "The link to a game server works."),
    "server_degraded": Kind("server", "The link works in part. text: the reason."),
    "server_down": Kind("server", "The link to a game server is lost. text: the reason."),
    # the daemon
    "noticed": Kind("fleet", "gmkit tells the GMs something. text: what.", ("topic",)),
}
