"""``gmkit db``: the database of one daemon."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from gmkit.config import load
from gmkit.errors import GMError
from gmkit.i18n import N_

from .common import Subparsers, _, config_option, described, subcommand

EXPORTS = ("events", "tickets", "messages", "players", "deliveries")


class NoDatabase(GMError):
    """There is no database {file} yet; the daemon makes it: gmkit serve"""


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    actions = subcommand(subparsers, "db").add_subparsers(metavar="ACTION", required=True)
    one = _action(actions, "backup", _(N_("copy it, also while the daemon runs")), run_backup)
    one.add_argument("target", metavar="FILE", help=_(N_("the copy; it must not exist yet")))
    _action(
        actions,
        "check",
        _(N_("prove that the file is sound and that its tables are what the log says")),
        run_check,
    )
    _action(
        actions,
        "rebuild",
        _(N_("make the tables anew out of the log, while the daemon does not run")),
        run_rebuild,
    )
    one = _action(actions, "export", _(N_("print it as JSON, one record a line")), run_export)
    one.add_argument(
        "kind",
        nargs="?",
        default="events",
        choices=EXPORTS,
        metavar="KIND",
        help=_(N_("events, tickets, messages, players or deliveries; events by default")),
    )


def _action(
    actions: Subparsers, name: str, about: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser = described(actions, name, about)
    config_option(parser)
    parser.set_defaults(run=run)
    return parser


def _database(args: argparse.Namespace) -> str:
    file = load(args.config).database
    if not file.is_file():
        raise NoDatabase(file=file)
    return str(file)


def run_backup(args: argparse.Namespace) -> int:
    """Copy the database."""
    from gmkit.log.backup import backup

    backup(_database(args), args.target)
    print(_(N_("{file} is written.")).format(file=args.target))
    return 0


def run_check(args: argparse.Namespace) -> int:
    """Print every fault; 1 when there is one."""
    from gmkit.log.check import check

    faults = check(_database(args))
    for fault in faults:
        print(fault)
    if not faults:
        print(_(N_("The database is sound, and its tables are what the log says.")))
    return int(bool(faults))


def run_rebuild(args: argparse.Namespace) -> int:
    """Fold the whole log again."""
    from gmkit.log.rebuild import rebuild

    def progress(done: int, of: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} / {of}", end="", file=sys.stderr, flush=True)

    count = rebuild(_database(args), progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(_(N_("The tables are made anew out of {count} events.")).format(count=count))
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Print records, the oldest first."""
    from gmkit.log.export import export

    for line in export(_database(args), args.kind):
        print(line)
    return 0
