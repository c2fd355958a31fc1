"""``gmkit serve``."""

from __future__ import annotations

import argparse

from gmkit.config import find

from .common import Subparsers, config_option, subcommand


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    parser = subcommand(subparsers, "serve")
    config_option(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the daemon until it is stopped."""
    from gmkit.channel_server.main import serve

    return serve(find(args.config))
