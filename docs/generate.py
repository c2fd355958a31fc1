"""Bring the generated parts of the documentation up to date: ``make docs``.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``; it is written from the
declarations in the code, so that page and code cannot drift apart.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from command_parts import command_sections, permission_rows

from gmkit import config, discovery
from gmkit.channel_server.declared import Recorder
from gmkit.cli import main as cli
from gmkit.cli.adapter import capabilities, default, written
from gmkit.events import KINDS
from gmkit.permissions import READY_MADE

DOCS = Path(__file__).parent
PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

Row = tuple[str, ...]


def main() -> int:
    """Rewrite the pages, or with ``--check`` only name those that are out of date."""
    parser = argparse.ArgumentParser(description="Bring the generated parts of docs/ up to date.")
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    made = parts()
    stale = [
        page
        for page in sorted(DOCS.rglob("*.md"))
        if renewed(page, made) != page.read_text("utf-8")
    ]
    for page in stale:
        fate = "out of date; run: make docs" if check else "written"
        print(f"{page.name}: {fate}", file=sys.stderr if check else sys.stdout)
        if not check:
            page.write_text(renewed(page, made), "utf-8")
    return int(check and bool(stale))


def renewed(page: Path, made: Mapping[str, str]) -> str:
    """The page's text with every generated part as it ought to be."""
    return PART.sub(lambda m: f"{m[1]}{made[m[2]]}\n{m[3]}", page.read_text("utf-8"))


def parts() -> Mapping[str, str]:
    """Every generated part by its name."""
    made = {
        "daemon": keys(config.Daemon),
        "help": keys(config.Help),
        "server": keys(config.Common),
        "roles": keys(config.Role),
        "events": table(
            ("kind", "what happened", "keys of `data`"),
            [(f"`{kind}`", about, code(data)) for kind, (_, about, data) in KINDS.items()],
        ),
        "command-line": "\n\n".join(command_line()),
        "permissions": table(
            ("permission", *(role.name for role in READY_MADE)), permission_rows()
        ),
        "commands": "\n\n".join(command_sections()),
    }
    for name in discovery.adapters():
        adapter = discovery.load("adapters", name)
        can = ", ".join(capabilities(adapter)) or "chat only"
        made[f"adapter-{name}"] = f"{adapter.title}. Can: {can}.\n\n{keys(adapter.Options)}"
    for name in discovery.plugins():
        options = Recorder(discovery.load("plugins", name)).options
        rows = [(f"`{o.name}`", f"`{written(o.default)}`", o.help) for o in options]
        made[f"plugin-{name}"] = table(("key", "default", "what it does"), rows)
    return made


def code(names: Iterable[str]) -> str:
    """Names as they are typed."""
    return ", ".join(f"`{name}`" for name in names) or "-"


def keys(declared: type) -> str:
    """A table of the keys of a declaration."""
    rows = [
        (f"`{f.name}`", f"`{default(f)}`", f.metadata["help"]) for f in dataclasses.fields(declared)
    ]
    return table(("key", "default", "what it does"), rows)


def command_line() -> Iterator[str]:
    """A section for each sub-command, in the order of ``gmkit --help``."""
    for name, about in cli.COMMANDS.items():
        yield f"## gmkit {name}\n\n{sentence(about)}"
        whole = cli.parser([name])
        yield from sections(subparsers(whole)[name])


def sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    """One command's arguments, or those of each of its actions."""
    actions = subparsers(parser)
    for action in actions.values():
        yield f"### {action.prog}\n\n{sentence(action.description or '')}"
        yield from sections(action)
    rows = [
        (f"`{written_as(action)}`", action.help or "")
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction) and not actions
    ]
    if rows:
        yield table(("argument", "what it does"), rows)


def written_as(action: argparse.Action) -> str:
    """``-c, --config FILE`` or ``[DIR]``."""
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else "")
    if action.option_strings:
        takes = "" if action.nargs == 0 else f" {value or action.dest.upper()}"
        return ", ".join(action.option_strings) + takes
    return f"[{value}]" if action.nargs == "?" else str(value)


def sentence(text: str) -> str:
    """What ``--help`` says of a command, as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The sub-commands of a parser, by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table; ``-`` where there is nothing."""
    lines = [head, tuple("---" for _ in head), *rows]
    escaped = [[cell.replace("|", "\\|").replace("%%", "%") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"  # the pages are in English
    sys.exit(main())
