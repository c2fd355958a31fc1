"""The one player a GM means."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gmkit.command import Ambiguous, Archive, Player, ServerView, Target, Unknown

SHOWN = 10
"""Candidates that are listed."""
LONGEST = 64
"""Characters of a name that are compared with others and repeated."""
LOOKED_UP = 200
"""Players of the archive that are looked at for one name."""

Found = tuple[str, Player]


class NoSuchPlayer(Unknown):
    """There is no player {name} on the servers you cover, neither online nor in the archive.
    To look for a part of the name: find {part}"""


class MisspeltPlayer(NoSuchPlayer):
    """There is no player {name} on the servers you cover. Similar names: {near}."""


class AmbiguousPlayer(Ambiguous):
    """{name} fits more than one player: {candidates}. Say which one, as server:name or @id."""


async def find_player(
    target: Target,
    *,
    servers: Sequence[ServerView],
    archive: Archive,
    covered: Sequence[str],
    may: Callable[[str], bool],
) -> Found:
    """The player meant and their server: who is online, or else who asked at some time.

    Names count whole, in any letter case; part of a name never picks anybody. ``covered`` are
    the patterns of the GM's servers, all with none; ``may`` tells for one of them. Raises NoSuchPlayer or AmbiguousPlayer.
    """
    if target.server is not None and not any(s.name == target.server for s in servers):
        target = Target(name=str(target))  # a name with a colon in it
    named = [s for s in servers if target.server in (None, s.name)]
    online = [(s.name, p) for s in named for p in s.online if _fits(target, p)]
    found = online or await _archived(target, archive, covered, may)
    if len(found) == 1:
        return found[0]
    if not found:
        raise _unfound(target, named)
    raise AmbiguousPlayer(name=_shown(target), what="player", candidates=_listed(found))


async def _archived(
    target: Target, archive: Archive, covered: Sequence[str], may: Callable[[str], bool]
) -> list[Found]:
    part = target.id if target.id is not None else str(target.name)
    servers = covered if target.server is None else (target.server,)
    rows = await archive.players(part, LOOKED_UP, servers)
    known = [(str(row["server"]), player_of(row)) for row in rows]
    return [
        (server, player)
        for server, player in known
        if target.server in (None, server) and _fits(target, player) and may(server)
    ]


def player_of(row: Mapping[str, Any]) -> Player:
    """The player of one row of ``Archive.players``."""
    return Player(
        str(row["id"]),
        str(row["name"]),
        row.get("account"),
        row.get("vip") or 0,
        row.get("locale"),
    )


def _fits(target: Target, player: Player) -> bool:
    if target.id is not None:
        return player.id == target.id
    return _alike(player.name) == _alike(str(target.name))


def _alike(name: str) -> str:
    """Names that read the same are the same."""
    return unicodedata.normalize("NFKC", name).casefold()


def _unfound(target: Target, servers: Iterable[ServerView]) -> NoSuchPlayer:
    if target.name is not None and len(target.name) <= LONGEST:
        names = {_alike(p.name): p.name for s in servers for p in s.online}
        near = difflib.get_close_matches(_alike(target.name), list(names), n=3)
        if near:
            similar = ", ".join(names[name] for name in near)
            return MisspeltPlayer(what="player", name=_shown(target), near=similar)
    part = str(target.name or target.id or "")[:LONGEST]
    return NoSuchPlayer(what="player", name=_shown(target), part=part)


def _shown(target: Target) -> str:
    name = str(target)
    return name if len(name) <= LONGEST else name[:LONGEST] + "…"


def _listed(found: Sequence[Found]) -> str:
    listed = [f"{server}:{player.name} (@{player.id})" for server, player in found[:SHOWN]]
    return ", ".join([*listed, "…"] if len(found) > SHOWN else listed)
