"""The parts of commands.md that follow from the commands' declarations."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

from gmkit.channel_server.dispatch.catalogue import load_commands
from gmkit.command import Argument, Command
from gmkit.permissions import FORCE, READY_MADE

AREAS = {
    "ticket": "Tickets",
    "player": "Players",
    "server": "Servers",
    "staff": "GMs, accounts and help",
}


def permission_rows() -> Iterator[tuple[str, ...]]:
    """Each permission, and which ready-made roles have it."""
    for name in sorted({one.permission for one in load_commands()} | {FORCE}):
        yield (f"`{name}`", *("yes" if role.allows(name) else "" for role in READY_MADE))


def command_sections() -> Iterator[str]:
    """A section for each command, under its area."""
    for area, ones in _by_area(load_commands()).items():
        yield f"## {AREAS.get(area, area)}"
        for one in ones:
            yield f"### {one.name}\n\n    {one.usage()}"
            yield _prose(one)
            yield "\n".join(f"- {line}" for line in _facts(one))


def _by_area(commands: Iterable[Command]) -> dict[str, list[Command]]:
    areas: dict[str, list[Command]] = {area: [] for area in AREAS}
    for one in commands:
        areas.setdefault(one.permission.partition(".")[0], []).append(one)
    return areas


def _prose(one: Command) -> str:
    more = " ".join((inspect.getdoc(one.run) or "").split())
    return f"{one.about} {more}".replace("``", "`").strip()


def _facts(one: Command) -> Iterator[str]:
    for argument in one.arguments:
        yield _argument(argument)
    if one.aliases:
        yield "also: " + ", ".join(f"`{alias}`" for alias in one.aliases)
    yield f"permission: `{one.permission}`"
    if one.needs:
        yield f"for servers whose game can `{one.needs}`"
    if one.examples:
        yield "examples: " + ", ".join(f"`{example}`" for example in one.examples)


def _argument(argument: Argument) -> str:
    if argument.kind == "force":
        return f"`!` behind the name: {argument.about}"
    optional = "" if argument.required else " (optional)"
    return f"`{argument.name.upper()}`{optional}: {argument.about}"
