"""``gmkit reload``: have the running daemon apply a changed configuration."""

from __future__ import annotations

import argparse
import os
import signal

from gmkit.config import Config, load
from gmkit.console.endpoint import Endpoint
from gmkit.errors import GMError
from gmkit.i18n import N_, of_environment

from .common import Subparsers, _, config_option, subcommand


class NoDaemon(GMError):
    """No daemon runs with {file}. Start it with: gmkit serve"""


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    parser = subcommand(subparsers, "reload")
    config_option(parser)
    parser.add_argument("--user", metavar="NAME", help=_(N_("the GM account that you act as")))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the file here, so that its faults are told at once; then ask the daemon.

    Whoever has no GM account with the permission ``daemon.reload`` but may signal the process
    still can; the daemon's answer is in its log then.
    """
    from gmkit.console.batch import Who, do
    from gmkit.console.core import TurnedAway

    config = load(args.config)
    who = Who(Endpoint(path=str(config.socket)), user=args.user, lang=of_environment())
    try:
        return do(who, "reload")
    except TurnedAway:
        return _signalled(config)


def _signalled(config: Config) -> int:
    try:
        process = int(config.pid_file.read_text("ascii"))
        os.kill(process, signal.SIGHUP)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        raise NoDaemon(file=config.path) from None
    print(
        _(N_("Process {process} was told to reload; its log says what came of it.")).format(
            process=process
        )
    )
    return 0
