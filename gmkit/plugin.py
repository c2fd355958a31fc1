"""The contract for plugins: a module with ``setup(gm)``.

``setup`` registers what the plugin does; every registration is undone when the plugin stops. A
plugin touches the daemon only through ``gm``, has no effect at import and keeps no state in its
module: state worth keeping goes into the log.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gmkit.command import Argument, Call, Command
from gmkit.desk import requests
from gmkit.desk.view import DeskView, TicketView
from gmkit.errors import GMError, Refused
from gmkit.i18n import N_
from gmkit.model import Event, Player
from gmkit.options import BadOption

__all__ = [
    "GM",
    "N_",
    "Argument",
    "BadOption",
    "Call",
    "Command",
    "DeskView",
    "Event",
    "GMError",
    "Player",
    "Refused",
    "TicketView",
    "requests",
]

Handler = Callable[[Event], Awaitable[None] | None]


class GM(ABC):
    """The daemon as one plugin sees it."""

    name: str
    desk: DeskView

    @abstractmethod
    def option(self, name: str, default: Any, help: str) -> Any:
        """Declare an option of ``[plugins.NAME]`` and get its value, of the default's type."""

    @abstractmethod
    def on(self, *kinds: str) -> Callable[[Handler], Handler]:
        """Call the decorated function for every durable event of these kinds, in order."""

    @abstractmethod
    def every(self, seconds: float) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
        """Call the decorated function again and again; a failure is logged and does not end it."""

    @abstractmethod
    def command(self, command: Command) -> Command:
        """Offer a GM command, made with ``gmkit.command.command``."""

    @abstractmethod
    def at_stop(self, undo: Callable[[], Any]) -> None:
        """Call ``undo`` when the plugin stops; last registered, first called."""

    @abstractmethod
    async def do(self, request: requests.Request) -> list[Event]:
        """Have the desk decide; returns the durable events. Raises the desk's refusal."""

    @abstractmethod
    def now(self) -> float:
        """Seconds since the epoch, by the daemon's clock."""

    @abstractmethod
    def say(self, message: str, lang: str | None, **facts: Any) -> str:
        """``message``, a template over the facts, in a reader's language."""

    @abstractmethod
    def servers(self) -> Sequence[str]:
        """The names of the servers this daemon holds."""
