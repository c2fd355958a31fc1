"""What is installed: adapters, command modules and plugins, found by entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gmkit.errors import GMError
from gmkit.problems import unknown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class NotInstalled(GMError):
    """{problem}"""


class Broken(GMError):
    """{name} is installed but cannot be loaded: {problem}"""


def adapters() -> dict[str, EntryPoint]:
    """Every installed adapter by the name that the configuration uses. Imports nothing."""
    return _group("gmkit.adapters")


def commands() -> dict[str, EntryPoint]:
    """Every installed module of GM commands."""
    return _group("gmkit.commands")


def plugins() -> dict[str, EntryPoint]:
    """Every installed plugin, whether on or off."""
    return _group("gmkit.plugins")


def load(kind: str, name: str) -> Any:
    """Import one of ``adapters``, ``commands`` or ``plugins``: the class or the module.

    Raises NotInstalled with the nearest name, or Broken when its import fails.
    """
    found = _group(f"gmkit.{kind}")
    if name not in found:
        raise NotInstalled(problem=unknown(name, found))
    try:
        return found[name].load()
    except Exception as fault:  # somebody else's module: whatever it raises is its fault
        problem = f"{type(fault).__name__}: {fault}"
        raise Broken(name=name, problem=problem) from fault


def _group(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # slow to import, and often not needed

    return {point.name: point for point in sorted(entry_points(group=group))}
