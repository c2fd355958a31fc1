"""The options of everything that speaks to a running daemon."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from gmkit.i18n import N_, of_environment

from .common import _, config_option

if TYPE_CHECKING:
    from gmkit.console.batch import Who


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
    if where.host and args.user and password is None and sys.stdin.isatty():
        from getpass import getpass

        password = getpass()
    return Who(where, args.user, password, args.lang or of_environment())
