"""``gmkit watch``: the channel as lines."""

from __future__ import annotations

import argparse

from gmkit.i18n import N_

from .common import Subparsers, _, subcommand
from .gate_options import gate_options, who


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    parser = subcommand(subparsers, "watch")
    gate_options(parser)
    parser.add_argument(
        "--json", action="store_true", help=_(N_("one JSON object a line, as in docs/json.md"))
    )
    parser.add_argument(
        "--since",
        type=int,
        metavar="SEQ",
        help=_(
            N_("begin behind this event; 0 for everything there is; by default with what comes")
        ),
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print until interrupted."""
    from gmkit.console.batch import watch

    return watch(who(args), as_json=args.json, since=args.since)
