"""``gmkit adapter``: the games that gmkit can speak to."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from gmkit import discovery
from gmkit.errors import GMError
from gmkit.i18n import N_

from .common import Subparsers, _, described, subcommand


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    actions = subcommand(subparsers, "adapter").add_subparsers(metavar="ACTION", required=True)
    listing = described(actions, "list", _(N_("name the installed adapters")))
    listing.set_defaults(run=run_list)
    one = described(actions, "describe", _(N_("what an adapter can do, and its options")))
    one.add_argument("name", metavar="NAME", help=_(N_("the adapter")))
    one.set_defaults(run=run_describe)


def run_list(args: argparse.Namespace) -> int:
    """One adapter a line; a broken one is named and does not hide the others."""
    for name in discovery.adapters():
        try:
            title = discovery.load("adapters", name).title
        except GMError as fault:
            title = fault.sentence(_)
        print(f"{name:12} {title}")
    return 0


def run_describe(args: argparse.Namespace) -> int:
    """Capabilities, limits and options, from the adapter's own declarations."""
    adapter = discovery.load("adapters", args.name)
    print(f"{args.name}: {adapter.title}\n")
    print(_(N_("Besides chat it can: {can}")).format(can=", ".join(capabilities(adapter)) or "-"))
    confirms = N_("The game confirms what it has shown: nothing is shown twice.")
    sends = N_("The game confirms nothing: a crash may show a line a second time.")
    print(_(confirms if adapter.confirms else sends))
    print(_(N_("Words for help: {words}")).format(words=" ".join(adapter.help_triggers)))
    print("\n" + _(N_("Options of [[server]]:")))
    for field in dataclasses.fields(adapter.Options):
        print(f"  {field.name:16} {default(field):14} {_(field.metadata.get('help', ''))}")
    return 0


def capabilities(adapter: Any) -> list[str]:
    """The capabilities that the class has of itself; some games add more when they connect."""
    from gmkit.adapter import CAPABILITIES, Adapter

    return [name for name in CAPABILITIES if getattr(adapter, name) is not getattr(Adapter, name)]


def default(field: dataclasses.Field[Any]) -> str:
    """An option's default as it would be written in the file."""
    if field.default_factory is not dataclasses.MISSING:
        return written(field.default_factory())
    if field.default is dataclasses.MISSING:
        return _(N_("(required)"))
    return written(field.default)


def written(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(written, value))}]"
    return "-" if value is None else str(value)
