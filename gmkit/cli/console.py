"""``gmkit console``: the GM's terminal."""

from __future__ import annotations

import argparse

from gmkit.i18n import N_

from .common import Subparsers, _, subcommand
from .gate_options import gate_options, need_terminal, who


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    parser = subcommand(subparsers, "console")
    gate_options(parser)
    parser.add_argument(
        "--off-duty", action="store_true", help=_(N_("look on without coming on duty"))
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the terminal; returns when the GM leaves."""
    from gmkit.console.app import console

    need_terminal("gmkit do, gmkit watch")
    return console(who(args), duty=not args.off_duty)
