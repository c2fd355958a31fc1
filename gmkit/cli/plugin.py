"""``gmkit plugin``: the optional behaviours."""

from __future__ import annotations

import argparse

from gmkit import discovery
from gmkit.config import load
from gmkit.errors import GMError
from gmkit.i18n import N_

from .common import Subparsers, _, config_option, described, subcommand


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    actions = subcommand(subparsers, "plugin").add_subparsers(metavar="ACTION", required=True)
    listing = described(actions, "list", _(N_("name the installed plugins, and which are on")))
    config_option(listing)
    listing.set_defaults(run=run_list)


def run_list(args: argparse.Namespace) -> int:
    """One plugin a line with its first sentence; ``on`` as the configuration says."""
    on = load(args.config).plugins
    for name in discovery.plugins():
        try:
            about = first_sentence(discovery.load("plugins", name).__doc__ or "")
        except GMError as fault:
            about = fault.sentence(_)
        print(f"{'on' if name in on else 'off':4} {name:12} {about}")
    return 0


def first_sentence(docstring: str) -> str:
    """What stands before the first full stop or empty line."""
    return " ".join(docstring.strip().split("\n\n")[0].split()).split(". ")[0].rstrip(".")
