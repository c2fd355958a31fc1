"""``gmkit demo``: a whole gmkit with simulated game servers, for looking and for proving."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gmkit.errors import BadUsage
from gmkit.i18n import LANGUAGES, N_, language, of_environment

from .common import Subparsers, _, subcommand

GM = "demo"
"""The GM account that the console opens with."""

WELCOME = N_(
    "{servers} simulated game servers with {players} players; nothing here is real, try anything:\n"
    "ticket claim 1 · ticket reply 1 Hello! · ticket complete 1 · servers · search gold · help"
)


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    parser = subcommand(subparsers, "demo")
    parser.add_argument(
        "--headless",
        action="store_true",
        help=_(N_("no terminal: scripted GMs answer, and the totals are printed as JSON")),
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="N",
        default=20.0,
        help=_(N_("with --headless: how long players ask; by default 20")),
    )
    parser.add_argument(
        "--servers", type=int, metavar="N", default=12, help=_(N_("game servers; by default 12"))
    )
    parser.add_argument(
        "--players",
        type=int,
        metavar="N",
        default=300,
        help=_(N_("players on all servers together; by default 300")),
    )
    parser.add_argument(
        "--lang", choices=LANGUAGES, help=_(N_("your language, and that of most players"))
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", default=1, help=_(N_("another number, another story"))
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Open the console on a busy channel, or prove that nothing is lost."""
    _check(args)
    with _stopped_by_signals():
        return _headless(args) if args.headless else _interactive(args)


def fleet(args: argparse.Namespace) -> dict[str, Any]:
    """What both forms of the demo ask of the simulated game."""
    lang = args.lang or of_environment()
    return {
        "servers": args.servers,
        "players": -(-args.players // args.servers),
        "seed": args.seed,
        "chinese": 0.75 if lang == "zh_CN" else 0.25,
    }


def _interactive(args: argparse.Namespace) -> int:
    from .demo_daemon import DemoDaemon
    from .gate_options import need_terminal
    from .main import main

    need_terminal("gmkit demo --headless")
    # A call for help somewhere every four seconds: busy, and a person can still read it.
    options = {
        **fleet(args),
        "asks_per_minute": 15 / args.servers,
        "asks_at_start": -(-8 // args.servers),
    }
    lang = args.lang or of_environment()
    with DemoDaemon(options, gms={GM: "admin"}, lang=lang) as daemon:
        print(language(lang).gettext(WELCOME).format(servers=args.servers, players=args.players))
        return main(["console", "-c", str(daemon.config), "--user", GM, "--lang", lang])


def _headless(args: argparse.Namespace) -> int:
    from .demo_headless import prove

    return prove(fleet(args), args.seconds, args.lang or of_environment())


def _check(args: argparse.Namespace) -> None:
    least = {"seconds": 1, "servers": 1, "players": 1}
    for name, value in least.items():
        if not value <= getattr(args, name) <= 100_000:
            problem = _(N_("--{name} must be a number from {least} to 100000.")).format(
                name=name, least=value
            )
            raise BadUsage(problem=problem, usage="gmkit demo --help")


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does, so that the daemon is stopped as well."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    heeded = [s for s in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(s) != signal.SIG_IGN]
    before = {s: signal.signal(s, stop) for s in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
