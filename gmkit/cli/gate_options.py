"""The options of everything that speaks to a running daemon."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from gmkit.errors import GMError
from gmkit.i18n import N_, of_environment

from .common import _, config_option

if TYPE_CHECKING:
    from gmkit.console.batch import Who


class NoPassword(GMError):
    """There is no terminal to ask for the password. Put it into the environment as
    GMKIT_PASSWORD."""


class NoTerminal(GMError):
    """There is no terminal here. For scripts there are: {instead}"""


def need_terminal(instead: str) -> None:
    """Raise NoTerminal, with what to use instead, unless a person sits at both ends."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoTerminal(instead=instead)


def gate_options(parser: argparse.ArgumentParser) -> None:
    """``-c``, ``--connect``, ``--cert``, ``--user``, ``--lang``."""
    config_option(parser)
    parser.add_argument(
        "--connect",
        metavar="ENDPOINT",
        help=_(N_("the daemon's gate: unix:/PATH/gate.sock or tls:HOST:PORT; no file is read")),
    )
    parser.add_argument(
        "--cert",
        metavar="FILE",
        help=_(N_("a copy of the daemon's certificate (PEM), for tls")),
    )
    parser.add_argument(
        "--user",
        metavar="NAME",
        help=_(N_("the GM account; over tls its password is asked for, or is in GMKIT_PASSWORD")),
    )
    parser.add_argument(
        "--lang", choices=("en", "zh_CN"), help=_(N_("the language; by default the system's"))
    )


def who(args: argparse.Namespace) -> Who:
    """Which daemon and as whom, from the arguments and the environment.

    Raises BadConfig or BadUsage.
    """
    from gmkit.console.batch import Who
    from gmkit.console.endpoint import Endpoint, endpoint

    if args.connect:
        where = endpoint(args.connect, args.cert)
    else:
        from gmkit.config import socket_path

        where = Endpoint(path=str(socket_path(args.config)))
    password = os.environ.get("GMKIT_PASSWORD")
    if where.host and args.user and password is None:
        if not sys.stdin.isatty():
            raise NoPassword
        from getpass import getpass

        password = getpass(_(N_("Password for {name}: ")).format(name=args.user))
    return Who(where, args.user, password, args.lang or of_environment())
