"""``gmkit doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import argparse

from gmkit.config import load
from gmkit.errors import BadConfig
from gmkit.i18n import N_

from .common import Subparsers, _, config_option, subcommand
from .finding import Finding

GOOD, FAULTY = 0, 1


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    parser = subcommand(subparsers, "doctor")
    config_option(parser)
    parser.add_argument(
        "--timeout",
        type=float,
        default=3.0,
        metavar="SECONDS",
        help=_(N_("how long a game server may take to answer; by default 3")),
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check one thing after the other; 1 when any is at fault."""
    from .checks import findings

    try:
        config = load(args.config)
    except BadConfig as bad:
        _show(Finding(False, bad.sentence(_)))
        return FAULTY
    _show(Finding(True, _(N_("The configuration {file} is right.")).format(file=config.path)))
    faults = 0
    for finding in findings(config, args.timeout):
        _show(finding)
        faults += not finding.good
    if faults:
        print(_(N_("Faults: {count}")).format(count=faults))
        return FAULTY
    print(_(N_("No faults.")))
    return GOOD


def _show(finding: Finding) -> None:
    print(f"{'ok' if finding.good else 'FAULT':6} {finding.sentence}", flush=True)
