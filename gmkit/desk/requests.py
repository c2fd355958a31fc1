"""What may be asked of the desk. Each is decided into events or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gmkit.model import Player, Source

# --- from players -------------------------------------------------------------------------------


class Ask(NamedTuple):
    """A player asks for help, or says more in an open ticket, or answers a finished one."""

    server: str
    player: Player
    text: str
    source: Source | None = None


class Cancel(NamedTuple):
    """A player withdraws the open ticket."""

    server: str
    player_id: str
    source: Source | None = None


class Rate(NamedTuple):
    """A player rates the help just received; ``stars`` 1 to 5."""

    server: str
    player_id: str
    stars: int
    source: Source | None = None


class Verify(NamedTuple):
    """A player with an open ticket wants proof of the GM; ``phrase`` is made for this once."""

    server: str
    player_id: str
    phrase: str
    source: Source | None = None


# --- from GMs -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """Take a ticket. ``force`` takes it from another holder."""

    gm: str
    ticket: int
    force: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """Give a ticket to another GM. ``force`` takes it from another holder."""

    gm: str
    ticket: int
    to: str
    force: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Unassign:
    """Put a ticket back into the queue. ``force`` where somebody else holds it."""

    gm: str
    ticket: int
    force: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer the player. ``force`` answers although another GM holds the ticket."""

    gm: str
    ticket: int
    text: str
    force: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Leave a note for other GMs."""

    gm: str
    ticket: int
    text: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """Solve a ticket: send a last answer, if any, and ask for a rating."""

    gm: str
    ticket: int
    text: str = ""
    force: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """Close a ticket without a word to the player; ``reason`` is for GMs."""

    gm: str
    ticket: int
    reason: str = ""
    force: bool = False
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    """Open a finished ticket again."""

    gm: str
    ticket: int
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """One line to one player, apart from any answer. ``gm`` None: gmkit itself speaks."""

    gm: str | None
    server: str
    player: Player
    text: str
    ticket: int | None = None
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Announce:
    """A line to everybody on the servers named."""

    gm: str
    servers: tuple[str, ...]
    text: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Record what a GM did to a player. ``result`` is ``done`` or the fault's sentence."""

    gm: str
    server: str
    player: Player
    verb: str
    reason: str
    result: str
    arguments: tuple[str, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """A GM comes on duty or goes off it. Asking for what is already so changes nothing."""

    gm: str
    on: bool
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class AddGM:
    """Make a GM account. ``password`` is a slow salted hash, or None for local use only."""

    by: str | None
    name: str
    role: str
    servers: tuple[str, ...] = ("*",)
    password: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeGM:
    """Change what is not None of a GM account."""

    by: str | None
    name: str
    role: str | None = None
    servers: tuple[str, ...] | None = None
    password: str | None = None
    disabled: bool | None = None


# --- from gmkit itself --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery is about to be tried on another server than its own, as ``player_id`` there.

    ``lines`` of it were shown before: should the daemon die now, the next one asks there first.
    """

    delivery: str
    server: str
    player_id: str
    lines: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery reached the game, on ``server`` and ``player_id`` where it was shown.

    ``how``: ``shown`` (the game confirmed it) or ``sent`` (the game cannot confirm).
    """

    delivery: str
    server: str
    player_id: str
    how: str


@dataclass(frozen=True, slots=True)
class Expired:
    """A delivery is given up."""

    delivery: str
    reason: str


@dataclass(frozen=True, slots=True)
class Alert:
    """Alert the GMs on duty about a ticket, once for each topic and spell of waiting."""

    ticket: int
    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link to a server changed: ``state`` is up, degraded or down."""

    server: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Notify:
    """gmkit tells the GMs something. ``topic`` is a word for programs, such as ``reloaded``."""

    topic: str
    text: str


Request = (
    Ask
    | Cancel
    | Rate
    | Verify
    | Claim
    | Assign
    | Unassign
    | Reply
    | Note
    | Complete
    | Close
    | Reopen
    | Tell
    | Announce
    | Act
    | Duty
    | AddGM
    | ChangeGM
    | Sent
    | Delivered
    | Expired
    | Alert
    | LinkChanged
    | Notify
)
