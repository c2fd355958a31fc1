"""What games say over the bridge: peers' maps, checked and made into values.

The shapes are those of docs/bridge-protocol.md. Everything here is hostile until it has passed:
a fault of one numbered message is Unfit (that message is refused), a fault of the conversation is
BadMessage (the connection ends). Fields that are not named are never looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gmkit.errors import GMError
from gmkit.model import Player
from gmkit.text import safe

from .challenge import is_nonce

PROTOCOL = 1
"""The version of the protocol."""
WINDOW = 256
"""The numbered messages that a game may have under way without an ack."""
SLACK = 4
"""How many windows gmkit bears before it ends the connection."""
TEXT = 16 * 1024
"""The longest text, in bytes of UTF-8."""
NAME = 256
"""The longest name, in characters."""
ID = 128
"""The longest identity of a player, server, stream or delivery, in characters."""
ROSTER = 20_000
"""The players that one roster may hold."""
DEPTH = 8
"""How deep maps and lists may nest in facts and results."""
VALUES = 10_000
"""How many values facts or a result may hold, all levels together."""
NUMBERS = 1 << 63
"""Whole numbers are below this and not below its negative."""

VERBS = (
    "lookup",
    "inventory",
    "purchases",
    "logins",
    "kick",
    "mute",
    "unmute",
    "ban",
    "unban",
    "teleport",
    "give",
    "mail",
)
"""What a game may say that it can do: the capabilities of gmkit.adapter."""

Message = Mapping[str, Any]

_SURE = TEXT // 4  # so many characters fit whatever they are


class BadMessage(GMError):
    """The message {type} does not follow the bridge protocol: {problem}"""


class Unfit(GMError):
    """{field} {problem}"""

    reason = "malformed"


class TooLong(Unfit):
    """{field} is too long: the most is {most}."""

    reason = "too-long"


class ChatLimits(NamedTuple):
    """What one chat line of the game holds; 0 means no limit."""

    characters: int = 0
    bytes: int = 0
    lines_per_second: float = 0.0


class Hello(NamedTuple):
    """A game's greeting. ``can`` holds only names of VERBS."""

    server: str
    stream: str
    nonce: str
    client: str
    can: frozenset[str]
    limits: ChatLimits
    triggers: tuple[str, ...]


def number(message: Message) -> int:
    """The ``id`` that an upstream message counts with. Raises BadMessage."""
    n = message.get("id")
    if type(n) is int and 0 < n < NUMBERS:
        return n
    raise BadMessage(type=kind(message), problem="id must be a whole number from 1.")


def kind(message: Message) -> str:
    """The message's type as a log line bears it."""
    return safe(str(message.get("type"))[:32])


def player(message: Message) -> Player:
    """The player in the fields of a message or of a roster's row. Raises Unfit."""
    get = message.get
    who, name, account = get("player"), get("name", ""), get("account")
    vip, locale = get("vip"), get("locale")
    if (
        type(who) is str
        and 0 < len(who) <= ID
        and type(name) is str
        and len(name) <= NAME
        and (account is None or (type(account) is str and len(account) <= ID))
        and (vip is None or (type(vip) is int and 0 <= vip <= 1000))
        and (locale is None or (type(locale) is str and len(locale) <= 32))
    ):
        return Player(who, name or who, account, vip or 0, locale)
    raise _player_fault(message)


def said(message: Message) -> tuple[Player, str]:
    """Who said what. Raises Unfit."""
    text = message.get("text")
    if type(text) is str and len(text) <= _SURE:
        return player(message), text
    return player(message), _text(text)


def player_id(message: Message) -> str:
    """The field ``player``. Raises Unfit."""
    return label(message, "player")


def label(message: Message, field: str, most: int = ID) -> str:
    """A required short text that is not empty. Raises Unfit."""
    value = message.get(field)
    if type(value) is not str or not value:
        raise Unfit(field=field, problem="must be a text that is not empty.")
    if len(value) > most:
        raise TooLong(field=field, most=f"{most} characters")
    return value


def roster(message: Message) -> list[Player]:
    """The players of a roster. Raises Unfit."""
    rows = message.get("players")
    if type(rows) is not list or not all(type(row) is dict for row in rows):
        raise Unfit(field="players", problem="must be a list of maps.")
    if len(rows) > ROSTER:
        raise TooLong(field="players", most=f"{ROSTER} players")
    return [player(row) for row in rows]


def facts(message: Message) -> dict[str, Any]:
    """The facts about a player: a map of plain values. Raises Unfit."""
    given = message.get("facts")
    if type(given) is not dict:
        raise Unfit(field="facts", problem="must be a map.")
    plain(given, "facts")
    return given


def plain(value: Any, field: str) -> None:
    """Check that a value is null, a boolean, number, text, or lists and maps of these.

    Raises Unfit or TooLong: for what JSON cannot carry, and above DEPTH, VALUES and TEXT.
    """
    left, level = VALUES, [value]
    for _ in range(DEPTH):
        deeper: list[Any] = []
        left -= len(level)
        if left < 0:
            raise TooLong(field=field, most=f"{VALUES} values")
        for item in level:
            _plain_one(item, field, deeper)
        if not deeper:
            return
        level = deeper
    raise TooLong(field=field, most=f"{DEPTH} levels")


def hello(message: Message) -> Hello:
    """The game's greeting. Raises BadMessage; the version has been looked at before."""
    try:
        if not is_nonce(message.get("nonce")):
            raise Unfit(field="nonce", problem="must be 16 to 128 printable ASCII characters.")
        server = label(message, "server")
        if "\n" in server:
            raise Unfit(field="server", problem="must not hold a line break.")
        return Hello(
            server=server,
            stream=label(message, "stream"),
            nonce=message["nonce"],
            client=_client(message.get("client")),
            can=frozenset(_texts(message, "can", 64)) & frozenset(VERBS),
            limits=_limits(message.get("limits")),
            triggers=tuple(_texts(message, "triggers", 16)),
        )
    except Unfit as fault:
        raise BadMessage(type="hello", problem=str(fault)) from None


def _plain_one(item: Any, field: str, deeper: list[Any]) -> None:
    kind_ = type(item)
    if kind_ is str:
        _text(item, field)
    elif kind_ is float:
        if not math.isfinite(item):
            raise Unfit(field=field, problem="must not hold NaN or an infinity.")
    elif kind_ is int:
        if not -NUMBERS <= item < NUMBERS:
            raise Unfit(field=field, problem="must hold whole numbers of at most 64 bits.")
    elif kind_ is list:
        deeper += item
    elif kind_ is dict:
        if any(type(key) is not str or len(key) > NAME for key in item):
            raise Unfit(field=field, problem=f"must have keys of at most {NAME} characters.")
        deeper += item.values()
    elif item is not None and kind_ is not bool:
        raise Unfit(field=field, problem="must hold only what JSON can carry.")


def _text(value: Any, field: str = "text") -> str:
    if type(value) is not str:
        raise Unfit(field=field, problem="must be a text.")
    if len(value) > _SURE and len(value.encode("utf-8", "backslashreplace")) > TEXT:
        raise TooLong(field=field, most=f"{TEXT} bytes")
    return value


def _player_fault(message: Message) -> Unfit:
    """Which field of a player's is at fault, looked for only when one is."""
    try:
        label(message, "player")
        if message.get("name", "") != "":
            label(message, "name", NAME)
        if message.get("account") not in (None, ""):
            label(message, "account")
        if message.get("locale") not in (None, ""):
            label(message, "locale", 32)
    except Unfit as fault:
        return fault
    return Unfit(field="vip", problem="must be a whole number from 0 to 1000.")


def _client(given: Any) -> str:
    return safe(given[:ID]) if type(given) is str else ""


def _texts(message: Message, field: str, most: int) -> Sequence[str]:
    given = message.get(field)
    if given is None:
        return ()
    if type(given) is not list or not all(type(x) is str and 0 < len(x) <= ID for x in given):
        raise Unfit(field=field, problem=f"must be a list of texts of 1 to {ID} characters.")
    if len(given) > most:
        raise TooLong(field=field, most=f"{most} texts")
    return given


def _limits(given: Any) -> ChatLimits:
    if given is None:
        return ChatLimits()
    if type(given) is not dict:
        raise Unfit(field="limits", problem="must be a map.")
    values = [given.get(name, 0) for name in ChatLimits._fields]
    if not all(type(v) in (int, float) and 0 <= v <= 1 << 20 for v in values):
        raise Unfit(field="limits", problem="must hold numbers from 0.")
    limits = ChatLimits(int(values[0]), int(values[1]), float(values[2]))
    if 0 < limits.characters < 8 or 0 < limits.bytes < 32:
        raise Unfit(field="limits", problem="must allow 8 characters and 32 bytes at least.")
    return limits
