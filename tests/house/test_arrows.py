"""Who may import whom: the table of docs/architecture.md, held against the real imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAPPED = ("adapters", "channel_server", "commands", "plugins")

VALUES = {
    "gmkit.model",
    "gmkit.events",
    "gmkit.errors",
    "gmkit.text",
    "gmkit.durations",
    "gmkit.patterns",
    "gmkit.problems",
    "gmkit.listen",
    "gmkit.i18n",
    "gmkit.options",
    "gmkit.shapes",
    "gmkit.split",
    "gmkit.passwords",
}
CONTRACTS = {"gmkit.adapter", "gmkit.command", "gmkit.plugin"}
BELOW = VALUES | {"gmkit.desk", "gmkit.permissions", "gmkit.log", "gmkit.wire"}
CONFIG = {
    "gmkit.config",
    "gmkit.config_check",
    "gmkit.config_tables",
    "gmkit.toml_file",
    "gmkit.discovery",
}
DAEMON = BELOW | CONTRACTS | CONFIG | {"gmkit.adapters", "gmkit.commands", "gmkit.plugins"}

MAY_IMPORT = {
    **dict.fromkeys(VALUES, VALUES),
    "gmkit.desk": VALUES,
    "gmkit.permissions": VALUES,
    "gmkit.log": VALUES,
    "gmkit.wire": VALUES,
    **dict.fromkeys(CONTRACTS, BELOW | CONTRACTS),
    "gmkit.bridge": VALUES | {"gmkit.wire"},
    "gmkit.console": VALUES | {"gmkit.wire"},
    **dict.fromkeys(CONFIG, VALUES | CONFIG),
    "gmkit.channel_server": DAEMON,
    "gmkit.adapters": {"gmkit.adapter", "gmkit.wire"},
    "gmkit.commands": {"gmkit.command"},
    "gmkit.plugins": {"gmkit.plugin"},
}
FOR_TYPES_ONLY = {"gmkit.console": {"gmkit.command"}}
UNBOUND = {"gmkit.cli", "gmkit.testing", "gmkit.locale", "gmkit.__main__", "gmkit"}
WITHOUT_TWISTED = VALUES | CONFIG | {"gmkit.desk", "gmkit.permissions", "gmkit.wire"}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package by its full name, at its real place."""
    for folder in ("gmkit", *MAPPED):
        for path in sorted((ROOT / folder).rglob("*.py")):
            relative = path.relative_to(ROOT)
            if folder == "gmkit" and relative.parts[1] in MAPPED:
                continue  # the same files through the links
            parts = relative.with_suffix("").parts
            name = ".".join(parts if folder == "gmkit" else ("gmkit", *parts))
            yield name.removesuffix(".__init__"), path


def room(module: str) -> str:
    """``gmkit.desk.fold`` lives in ``gmkit.desk``."""
    return ".".join(module.split(".")[:2])


@cache
def imports(module: str, path: Path) -> Sequence[tuple[str, bool, int]]:
    """What a module imports: the full name, whether for types only, the line."""
    return list(_imports(module, path))


def _imports(module: str, path: Path) -> Iterator[tuple[str, bool, int]]:
    tree = ast.parse(path.read_text("utf-8"))
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in typing, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).rstrip(".")
            for alias in node.names:
                modules = base in ("gmkit", "twisted.internet") or node.module is None
                name = f"{base}.{alias.name}" if modules else base
                yield name, id(node) in typing, node.lineno


EVERYTHING = list(modules())


def test_the_table_knows_every_room() -> None:
    rooms = {room(name) for name, _ in EVERYTHING}
    assert not rooms - MAY_IMPORT.keys() - UNBOUND, "say what these may import"


def test_imports_follow_the_arrows() -> None:
    assert not list(against_the_arrows())


def against_the_arrows() -> Iterator[str]:
    for name, path in EVERYTHING:
        here = room(name)
        if here in UNBOUND:
            continue
        for imported, types_only, line in imports(name, path):
            there = room(imported)
            if not there.startswith("gmkit") or there in (here, "gmkit.__version__"):
                continue
            allowed = MAY_IMPORT[here] | (FOR_TYPES_ONLY.get(here, set()) if types_only else set())
            if there not in allowed:
                yield f"{path}:{line}: {here} may not import {there}"


def test_no_modules_import_each_other() -> None:
    """Inside of the rooms, too, the arrows point one way; imports for types only aside."""
    known = {name for name, _ in EVERYTHING}
    graph = {
        name: {there for there, types_only, _ in imports(name, path) if not types_only} & known
        for name, path in EVERYTHING
    }
    TopologicalSorter(graph).prepare()


def test_the_domain_knows_no_twisted() -> None:
    found = [
        f"{path}:{line} imports {imported}"
        for name, path in EVERYTHING
        if room(name) in WITHOUT_TWISTED
        for imported, _, line in imports(name, path)
        if imported.startswith("twisted")
    ]
    assert not found


def is_main(name: str) -> bool:
    return name.startswith("gmkit.cli.") or name.rpartition(".")[2] in ("main", "__main__")


def test_only_mains_import_the_reactor() -> None:
    found = [
        f"{path}:{line}: take the reactor as an argument"
        for name, path in EVERYTHING
        if not is_main(name)
        for imported, _, line in imports(name, path)
        if imported == "twisted.internet.reactor"
    ]
    assert not found


def everywhere() -> Iterator[Path]:
    for folder in ("gmkit", *MAPPED, "tests", "bench", "docs"):
        yield from (ROOT / folder).rglob("*.py")


def test_nobody_imports_the_folders_at_the_root_by_their_bare_name() -> None:
    """It would make a second copy of every class."""
    found = [
        f"{path}:{line}: import gmkit.{imported}"
        for path in everywhere()
        for imported, _, line in imports("tests.any", path)
        if imported.split(".")[0] in MAPPED
    ]
    assert not found
