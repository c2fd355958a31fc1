"""What several sub-commands share."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gmkit.i18n import N_, language, of_environment

from .main import COMMANDS

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Subparsers = object


def _(message: str) -> str:
    """The message in the language of whoever typed the command."""
    return language(of_environment()).gettext(message)


def subcommand(subparsers: Subparsers, name: str) -> argparse.ArgumentParser:
    """The parser of one sub-command, described as the table in ``main`` says."""
    return described(subparsers, name, _(COMMANDS[name]))


def described(subparsers: Subparsers, name: str, about: str) -> argparse.ArgumentParser:
    """A parser that says the same of itself in both helps."""
    return subparsers.add_parser(name, help=about, description=about)


def config_option(parser: argparse.ArgumentParser) -> None:
    """``-c FILE``, the configuration."""
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        help=_(N_("the configuration; by default $GMKIT_CONFIG, ./gmkit.toml, then /etc/gmkit")),
    )
