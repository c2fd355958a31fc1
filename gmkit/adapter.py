"""The contract between gmkit and one game: everything an adapter's author needs is on this page.

An adapter speaks a game's own protocol. gmkit makes one object for each ``[[server]]`` of the
configuration, runs it, restarts it when it fails, and paces and splits what it is asked to say.
Four methods are required. Everything else a game can do is a *capability*: override the method and
the adapter has it.

An adapter is found by an entry point of the group ``gmkit.adapters``, ``name = module:Class``, and
used by every ``[[server]]`` with ``adapter = "name"``. It runs in the daemon's Twisted reactor, so it
must not block. ``gmkit.testing.FakeLink`` stands in for the daemon in its tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gmkit.errors import GMError, Refused
from gmkit.model import Player, Source
from gmkit.options import BadOption, option

__all__ = [
    "CAPABILITIES",
    "Adapter",
    "BadOption",
    "Channel",
    "GMError",
    "Gone",
    "Limits",
    "Link",
    "LinkLost",
    "NoOptions",
    "Player",
    "Refused",
    "Source",
    "option",
]

CAPABILITIES = (
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
"""The names that commands may ask for; each is a method of :class:`Adapter`."""


class Gone(GMError):
    """The player is not on this server."""


class LinkLost(GMError):
    """{reason}"""


class Unable(Refused):
    """{server} cannot {verb}: its game has no way to do it."""


class Limits(NamedTuple):
    """What one chat line of the game can hold. 0 means no limit.

    ``characters`` and ``bytes`` (in ``encoding``) bound one line; longer texts are split between
    characters and numbered. ``lines_per_second`` paces everything said to the server, after a
    first ``burst`` of lines.
    """

    characters: int = 0
    bytes: int = 0
    encoding: str = "utf-8"
    lines_per_second: float = 0.0
    burst: int = 5


@dataclass(frozen=True)
class NoOptions:
    """An adapter without options."""


class Channel(ABC):
    """One authenticated connection of a game that dials in (see ``docs/bridge-protocol.md``)."""

    hello: Mapping[str, Any]
    """The game's greeting, checked: ``server``, ``stream``, ``can``, ``client`` …"""

    @abstractmethod
    def send(self, message: Mapping[str, Any]) -> None:
        """Queue one message; everything of one reactor turn leaves together."""

    @abstractmethod
    def receive(self) -> Deferred[Sequence[Mapping[str, Any]]]:
        """The next messages, in order; fails with :class:`LinkLost` when the connection ends."""

    def ack(self, upto: int) -> None:
        """Everything up to message ``upto`` is on disk; of one turn only the last one is sent."""
        self.send({"type": "ack", "upto": upto})

    def each(self, handler: Callable[[Sequence[Mapping[str, Any]]], None]) -> Deferred[None]:
        """Call ``handler`` at once with all that comes; fails with :class:`LinkLost` at the end.

        For many messages cheaper than :meth:`receive`. A GMError that the handler raises ends the
        connection with that reason; any other exception, which the result fails with, as well.
        """
        return Deferred.fromCoroutine(self._each(handler))

    async def _each(self, handler: Callable[[Sequence[Mapping[str, Any]]], None]) -> None:
        while True:
            messages = await self.receive()
            try:
                handler(messages)
            except GMError as fault:
                self.close(str(fault))
                raise LinkLost(reason=str(fault)) from None
            except BaseException:
                self.close("gmkit could not go on; try again.")
                raise

    @abstractmethod
    def close(self, reason: str) -> None:
        """End the connection and tell the game why."""


class Link(ABC):
    """What an adapter tells gmkit. One for each server; the names are those of the game's world."""

    server: str
    """The server's name in the configuration."""
    log: Logger

    @abstractmethod
    def up(self, detail: str = "") -> None:
        """The connection works: lines flow both ways."""

    @abstractmethod
    def degraded(self, reason: str) -> None:
        """The connection works in part; ``up`` ends it."""

    @abstractmethod
    def down(self, reason: str) -> None:
        """The game went away, but ``run`` goes on waiting for it. Not needed before ``run`` ends."""

    @abstractmethod
    def said(self, player: Player, text: str, source: Source | None = None) -> None:
        """A player typed ``text`` where gmkit may hear it; pass on every line, help or not.

        With a ``source`` a repeated line is recognised, and ``Adapter.settled`` is called once the
        line and all before it are on disk.
        """

    @abstractmethod
    def joined(self, player: Player) -> None:
        """The player is on the server now. Repeating it is harmless."""

    @abstractmethod
    def left(self, player_id: str) -> None:
        """The player is no longer on the server."""

    @abstractmethod
    def renamed(self, player: Player) -> None:
        """The player, known by ``id``, has another name now."""

    @abstractmethod
    def data(self, player_id: str, facts: Mapping[str, Any]) -> None:
        """The game volunteers facts about a player, such as level or position."""

    @abstractmethod
    def roster(self, players: Sequence[Player]) -> None:
        """Exactly these players are on the server: replaces what joins and leaves have told."""

    @abstractmethod
    def settled_up_to(self, stream: str) -> int:
        """The highest ``n`` of the stream that is on disk, 0 for none: where a game resumes."""

    @abstractmethod
    def accept(self, token: str) -> Deferred[Channel]:
        """Wait for the game to dial in with this token. A newer connection ends the older one."""


class Adapter(ABC):
    """One game server, spoken to in its own protocol."""

    title: ClassVar[str]
    """The game as people call it."""
    Options: ClassVar[type] = NoOptions
    """A frozen dataclass made of :func:`option` fields; the keys of ``[[server]]``. A value that
    will not do is refused in ``__post_init__``: ``BadOption(key="port", problem="must be …")``."""
    limits: Limits = Limits()
    confirms: ClassVar[bool] = False
    """Whether ``tell`` ends only when the game has shown the line, and the game knows a repeated
    ``delivery`` again. Otherwise a crash at the wrong moment may show a line twice."""
    help_triggers: ClassVar[tuple[str, ...]] = ("!help", "/help", "@GM", "求助")
    """What players type for help unless the configuration says otherwise. The first is the one
    that players are told."""

    def __init__(self, options: Any, link: Link, reactor: Any) -> None:
        """Keep what is given; connect in ``run``. ``reactor`` is the clock and the network."""
        self.options = options
        self.link = link
        self.reactor = reactor

    @abstractmethod
    async def run(self) -> None:
        """Connect, call ``link.roster`` and ``link.up``, serve until the connection ends.

        Returning or raising means that the connection is lost; gmkit waits and calls it again.
        Raise :class:`LinkLost` with a reason that an operator can act on. Cancelled on stop.
        """

    @abstractmethod
    async def tell(self, player: Player, text: str, delivery: str) -> None:
        """Show one line to one player and nobody else. Raises :class:`Gone` if that is impossible.

        ``text`` is clean (no control characters or line breaks) and within ``limits``.
        ``delivery`` is the same for every attempt at the same line.
        """

    @abstractmethod
    async def announce(self, text: str) -> None:
        """Show one line to everybody on the server."""

    @abstractmethod
    async def who(self) -> list[Player]:
        """Who is on the server now."""

    def settled(self, source: Source) -> None:  # noqa: B027 - an optional hook
        """Every line up to ``source`` is on disk. For games that resend until they hear so."""

    def notify(self, player: Player, text: str, delivery: str) -> None:
        """``tell`` for lines whose loss does no harm; override where there is a cheaper way."""
        Deferred.fromCoroutine(self.tell(player, text, delivery)).addErrback(
            lambda fault: self.link.log.debug("notice lost: {fault}", fault=fault.value)
        )

    def can(self) -> frozenset[str]:
        """The capabilities this server has. Override where the server itself tells."""
        return frozenset(
            name for name in CAPABILITIES if getattr(type(self), name) is not getattr(Adapter, name)
        )

    async def lookup(self, player: Player) -> dict[str, Any]:
        """Facts about the player: ``level``, ``position``, ``money``, ``health``, ``guild`` …"""
        raise self.unable("lookup")

    async def inventory(self, player: Player) -> list[dict[str, Any]]:
        """What the player carries: rows with ``item``, ``count`` and what else the game knows."""
        raise self.unable("inventory")

    async def purchases(self, player: Player) -> list[dict[str, Any]]:
        """What the player bought: rows with ``at``, ``order``, ``item``, ``amount``."""
        raise self.unable("purchases")

    async def logins(self, player: Player) -> list[dict[str, Any]]:
        """When the player came: rows with ``at``, ``address``."""
        raise self.unable("logins")

    async def kick(self, player: Player, reason: str) -> None:
        """Send the player out."""
        raise self.unable("kick")

    async def mute(self, player: Player, seconds: float, reason: str) -> None:
        """Silence the player; 0 seconds means until unmuted."""
        raise self.unable("mute")

    async def unmute(self, player: Player) -> None:
        """Let the player speak again."""
        raise self.unable("unmute")

    async def ban(self, player: Player, seconds: float, reason: str) -> None:
        """Lock the player out; 0 seconds means until unbanned."""
        raise self.unable("ban")

    async def unban(self, player: Player) -> None:
        """Let the player in again."""
        raise self.unable("unban")

    async def teleport(self, player: Player, place: str) -> None:
        """Move the player to a place named in the game's own way."""
        raise self.unable("teleport")

    async def give(self, player: Player, item: str, count: int) -> None:
        """Put items into the player's hands."""
        raise self.unable("give")

    async def mail(self, player: Player, subject: str, text: str) -> None:
        """Send in-game mail, read at leisure, also by players who are away."""
        raise self.unable("mail")

    def unable(self, verb: str) -> Unable:
        """The refusal for a capability that this game does not have."""
        return Unable(server=self.link.server, verb=verb)
