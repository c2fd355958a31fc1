"""The ``gmkit`` command: finds the sub-command, runs it, and says in one sentence what failed."""

from __future__ import annotations

import argparse
import gettext
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from gmkit import __version__
from gmkit.errors import BadUsage, GMError
from gmkit.i18n import DOMAIN, FOLDER, N_, language, of_environment
from gmkit.problems import unknown
from gmkit.text import safe

DONE, FAILED, USAGE = 0, 1, 2

COMMANDS = {
    "demo": N_("try gmkit: simulated game servers, players who ask for help, a GM's terminal"),
    "init": N_("write a configuration, keys and the first GM account; never overwrites"),
    "serve": N_("run the daemon in the foreground"),
    "console": N_("open the GM's terminal"),
    "do": N_("run one GM command, for scripts"),
    "watch": N_("print the help channel, one event a line"),
    "gm": N_("add, list and change GM accounts"),
    "adapter": N_("list and describe the games that gmkit can speak to"),
    "plugin": N_("list the installed plugins"),
    "reload": N_("have the running daemon apply a changed configuration"),
    "doctor": N_("check the configuration, files, ports and servers, and say how to mend them"),
    "db": N_("back up, check, rebuild or export the database"),
}
"""Each is a module of this package with ``add(subparsers)``; only the one asked for is imported,
so that ``gmkit do`` starts quickly."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line. Returns 0 done, 1 refused or failed, 2 usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    speak()
    say = language(of_environment()).gettext
    asked = next((word for word in given if not word.startswith("-")), None)
    if asked is not None and asked not in COMMANDS:
        return _failed(unknown(asked, COMMANDS).sentence(say), USAGE)
    args = parser(given).parse_args(given)
    try:
        return int(args.run(args))
    except BadUsage as wrong:
        return _failed(wrong.sentence(say), USAGE)
    except GMError as fault:
        return _failed(fault.sentence(say))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as fault:
        return _failed(f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault))
    except Exception as fault:  # noqa: BLE001 (the last resort: a sentence, not a traceback)
        return _failed(_unexpected(fault, say(UNEXPECTED)))


def speak() -> None:
    """Have argparse, which asks the process-wide catalogue, use ours."""
    gettext.bindtextdomain(DOMAIN, str(FOLDER))
    gettext.textdomain(DOMAIN)


ARGPARSE = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("show program's version number and exit"),
    N_("%(prog)s: error: %(message)s\n"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
    N_("expected one argument"),
    N_("expected at least one argument"),
    N_("invalid %(type)s value: %(value)r"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
)
"""What argparse says; marked here so that the catalogues have it."""

UNEXPECTED = N_(
    "gmkit met a fault of its own: {fault}. Please report it, with what "
    "GMKIT_DEBUG=1 in the environment prints for the same command."
)


def parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The whole grammar, with the arguments of only that sub-command which is being called."""
    say = language(of_environment()).gettext
    whole = argparse.ArgumentParser(
        prog="gmkit", description=say(N_("One help channel for every server of a game."))
    )
    whole.add_argument("--version", action="version", version=f"gmkit {__version__}")
    subparsers = whole.add_subparsers(metavar=say(N_("COMMAND")), required=True)
    asked = next((word for word in given if not word.startswith("-")), None)
    for name, about in COMMANDS.items():
        if name == asked:
            import_module(f"gmkit.cli.{name}").add(subparsers)
        else:
            subparsers.add_parser(name, help=say(about), add_help=False)
    return whole


def _failed(sentence: str, code: int = FAILED) -> int:
    if os.environ.get("GMKIT_DEBUG") == "1" and sys.exc_info()[0] is not None:
        traceback.print_exc()
    print(f"gmkit: {safe(sentence)}", file=sys.stderr)
    return code


def _unexpected(fault: Exception, template: str) -> str:
    return template.format(fault=f"{type(fault).__name__}: {fault}")


if __name__ == "__main__":
    sys.exit(main())
