"""``gmkit do``: one GM command, for scripts."""

from __future__ import annotations

import argparse

from gmkit.i18n import N_

from .common import Subparsers, _, subcommand
from .gate_options import gate_options, who


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    parser = subcommand(subparsers, "do")
    gate_options(parser)
    parser.add_argument("--json", action="store_true", help=_(N_("print data, as in docs/json.md")))
    parser.add_argument(
        "--wait",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help=_(N_("how long to wait for the answer, also over a lost connection; 30 by default")),
    )
    parser.add_argument(
        "line",
        nargs="+",
        metavar="COMMAND",
        help=_(N_("the command, as in the terminal, such as: 'ticket reply 12 Done!'")),
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run it. Returns 0 done, 1 refused."""
    from gmkit.console.batch import do

    return do(who(args), " ".join(args.line), as_json=args.json, wait=args.wait)
