"""The contract for plugins: a module with ``setup(gm)``.

It is found by an entry point of the group ``gmkit.plugins``, ``name = package.module``, runs where
``[plugins.name]`` stands in gmkit.toml, and is started anew when its options there change::

    def setup(gm: GM) -> None:
        least = gm.option("least", 4, "Stars that are worth telling.")

        @gm.on("rated")
        async def rated(event: Event) -> None:
            if event.data["stars"] >= least:
                await gm.do(requests.Notify("praise", f"#{event.ticket} was rated well"))

The kinds of events and what their ``data`` holds are in docs/events.md, the requests in
gmkit/desk/requests.py.

``setup`` registers what the plugin does; every registration is undone when the plugin stops. A
plugin touches the daemon only through ``gm``, has no effect at import and keeps no state in its
module: state worth keeping goes into the log.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from twisted.logger import Logger

from gmkit.command import Answer, Argument, Call, Command, command
from gmkit.desk import requests
from gmkit.desk.view import DeskView, TicketView
from gmkit.errors import GMError, Refused
from gmkit.i18n import N_
from gmkit.model import Event, Player
from gmkit.options import BadOption

__all__ = [
    "GM",
    "N_",
    "Answer",
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
    "command",
    "requests",
]

Handler = Callable[[Event], Awaitable[None] | None]


class GM(ABC):
    """The daemon as one plugin sees it."""

    name: str
    desk: DeskView
    """Tickets, queue, accounts and duty as they are now. Handlers run a moment after their event:
    the ticket may have changed since, or be gone."""
    log: Logger
    """The daemon's log, under the plugin's name."""

    @abstractmethod
    def option(self, name: str, default: Any, help: str) -> Any:
        """Declare an option of ``[plugins.NAME]`` and get its value, of the default's type.

        For a value that will not do raise ``BadOption(key=name, problem="must be …")``.
        """

    @abstractmethod
    def on(self, *kinds: str) -> Callable[[Handler], Handler]:
        """Call the decorated function for every durable event of these kinds, in order.

        A coroutine function is started in that order and not waited for. A failure is logged.
        """

    @abstractmethod
    def every(self, seconds: float) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
        """Call the decorated function again and again, first after ``seconds``.

        It may be a coroutine function; the next call waits for it. A failure is logged and does
        not end it.
        """

    @abstractmethod
    def command(self, command: Command) -> Command:
        """Offer a GM command, declared with :func:`command` as gmkit/command.py says."""

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
        """``message``, a template over the facts, in a reader's language, such as
        ``ticket.locale``. None is the language of ``[help] locale``, for what all GMs read."""

    @abstractmethod
    def servers(self) -> Sequence[str]:
        """The names of the servers this daemon holds."""
