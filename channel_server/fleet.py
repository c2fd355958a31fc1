"""All the game servers that this daemon holds, and what others may see of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred

from gmkit.command import ServerView
from gmkit.config import ServerConfig
from gmkit.errors import Unknown
from gmkit.model import Player

from .links import ServerLink
from .rosters import Rosters


class Change(NamedTuple):
    """What a configuration changes. ``made`` are links that are not started yet."""

    wanted: list[str]
    made: dict[str, ServerLink]
    gone: list[str]


class Fleet:
    """The links by server name, in the order of the configuration."""

    def __init__(
        self,
        *,
        make_link: Callable[[ServerConfig], ServerLink],
        rosters: Rosters,
    ) -> None:
        self.links: dict[str, ServerLink] = {}
        self._make_link = make_link
        self._rosters = rosters

    def prepare(self, servers: tuple[ServerConfig, ...]) -> Change:
        """What is to be started and stopped for these servers to be served; changes nothing.

        A server whose entry changed is both. Raises the first error of a new entry.
        """
        wanted = {server.name: server for server in servers}
        gone = [n for n, link in self.links.items() if not _same(link.config, wanted.get(n))]
        made = {
            name: self._make_link(server)
            for name, server in wanted.items()
            if name not in self.links or name in gone
        }
        return Change(list(wanted), made, gone)

    def apply(self, change: Change) -> tuple[list[str], list[str]]:
        """Start what is new, stop what is gone, leave the rest alone; the names of both."""
        for name in change.gone:
            self._drop(name)
        self.links.update(change.made)
        order = {name: self.links[name] for name in change.wanted}
        self.links.clear()
        self.links.update(order)
        for link in change.made.values():
            link.start()
        return list(change.made), [name for name in change.gone if name not in change.made]

    def _drop(self, name: str) -> None:
        self.links.pop(name).stop()
        self._rosters.replace(name, ())

    def stop(self) -> None:
        """Stop every link."""
        for link in self.links.values():
            link.stop()

    # --- what commands see --------------------------------------------------------------------

    def names(self) -> list[str]:
        return list(self.links)

    def views(self) -> list[ServerView]:
        """Every server as GMs see it."""
        return [self._view(link) for link in self.links.values()]

    def view(self, name: str) -> ServerView | None:
        """The server of just that name."""
        link = self.links.get(name)
        return self._view(link) if link is not None else None

    def _view(self, link: ServerLink) -> ServerView:
        return ServerView(
            name=link.server,
            adapter=link.config.adapter,
            title=link.adapter.title,
            state=link.state,
            since=link.since,
            reason=link.reason,
            tags=link.config.tags,
            can=link.adapter.can(),
            online=tuple(self._rosters.online(link.server)),
        )

    def rows(self) -> list[dict[str, Any]]:
        """Every server as plain data."""
        return [view.as_json() for view in self.views()]

    def tags_of(self, server: str) -> tuple[str, ...]:
        link = self.links.get(server)
        return link.config.tags if link is not None else ()

    def online(self) -> Iterator[tuple[str, Player]]:
        """Every player online, with the server."""
        for server in self.links:
            for player in self._rosters.online(server):
                yield server, player

    def act(self, server: str, verb: str, player: Player, *arguments: Any) -> Deferred[Any]:
        """Use a server's capability; fails with what the adapter raises. Raises Unknown."""
        link = self.links.get(server)
        if link is None:
            raise Unknown(what="server", name=server)
        return Deferred.fromCoroutine(link.act(verb, player, *arguments))


def _same(one: ServerConfig, other: ServerConfig | None) -> bool:
    """Whether nothing but its place in the file differs."""
    if other is None:
        return False
    keys = ("adapter", "options", "tags", "locale", "triggers")
    return all(getattr(one, key) == getattr(other, key) for key in keys)
