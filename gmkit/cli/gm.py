"""``gmkit gm``: GM accounts, through the running daemon or, when none runs, in its database."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable

from gmkit.config import Config, load
from gmkit.console.endpoint import Endpoint, NotRunning
from gmkit.desk import requests
from gmkit.errors import GMError
from gmkit.i18n import N_, of_environment

from .common import Subparsers, _, config_option, described, subcommand

Request = requests.AddGM | requests.ChangeGM


class BadRole(GMError):
    """The role {problem}"""


class Different(GMError):
    """The two passwords differ; nothing was changed."""


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    actions = subcommand(subparsers, "gm").add_subparsers(metavar="ACTION", required=True)
    _action(actions, "list", _(N_("name the accounts")), run_list, name_wanted=False)
    one = _action(actions, "add", _(N_("make an account")), run_add)
    one.add_argument("--role", default="gm", help=_(N_("gm, lead, admin or one of your own")))
    one.add_argument(
        "--servers",
        nargs="+",
        metavar="PATTERN",
        help=_(N_("the servers it covers; by default all")),
    )
    one.add_argument(
        "--password",
        action="store_true",
        help=_(N_("give it a password too, for use from other hosts")),
    )
    one = _action(actions, "role", _(N_("give an account another role or servers")), run_role)
    one.add_argument("role", metavar="ROLE", help=_(N_("gm, lead, admin or one of your own")))
    one.add_argument(
        "--servers", nargs="+", metavar="PATTERN", help=_(N_("the servers it covers from now on"))
    )
    one = _action(actions, "passwd", _(N_("set an account's password")), run_passwd)
    one.add_argument(
        "--generate", action="store_true", help=_(N_("make one and print it, instead of asking"))
    )
    _action(actions, "disable", _(N_("lock an account")), run_disable)
    _action(actions, "enable", _(N_("unlock an account")), run_enable)


def _action(
    actions: Subparsers,
    name: str,
    about: str,
    run: Callable[[argparse.Namespace], int],
    *,
    name_wanted: bool = True,
) -> argparse.ArgumentParser:
    parser = described(actions, name, about)
    config_option(parser)
    parser.add_argument("--user", metavar="NAME", help=_(N_("the GM account that you act as")))
    if name_wanted:
        parser.add_argument("name", metavar="NAME", help=_(N_("the account")))
    parser.set_defaults(run=run)
    return parser


def run_list(args: argparse.Namespace) -> int:
    """Every account with its role and servers."""
    config = load(args.config)
    try:
        return _through_daemon(config, args.user, "gm list")
    except NotRunning:
        from .staff import staff

        if not config.database.exists():
            print(_(N_("There is no GM account yet. Make one: gmkit gm add NAME --role admin")))
            return 0
        with staff(config.database) as team:
            for account in team.accounts():
                state = _(N_("disabled")) if account.disabled else ""
                print(f"{account.name:20} {account.role:10} {' '.join(account.servers):20} {state}")
        return 0


def run_add(args: argparse.Namespace) -> int:
    """Make an account, and give it a password if that was asked for."""
    servers = tuple(args.servers or ("*",))
    _known_role(load(args.config), args.role)
    line = f"gm add {args.name} {args.role} {' '.join(servers)}"
    hashed = _asked_hash(args.name) if args.password else None
    request = requests.AddGM(by=None, name=args.name, role=args.role, servers=servers)
    done = _do(args, line, request)
    return done or (_set_hash(args, hashed) if hashed else 0)


def run_role(args: argparse.Namespace) -> int:
    """Give an account another role."""
    _known_role(load(args.config), args.role)
    line = f"gm role {args.name} {args.role} {' '.join(args.servers or ())}"
    servers = tuple(args.servers) if args.servers else None
    return _do(args, line, requests.ChangeGM(None, args.name, role=args.role, servers=servers))


def run_passwd(args: argparse.Namespace) -> int:
    """Set a password; only its hash leaves this process."""
    from gmkit import passwords

    if not args.generate:
        return _set_hash(args, _asked_hash(args.name))
    password = passwords.generate()
    done = _set_hash(args, passwords.hash_password(password))
    if not done:
        print(_(N_("Its password, shown only now: {password}")).format(password=password))
    return done


def run_disable(args: argparse.Namespace) -> int:
    """Lock an account."""
    change = requests.ChangeGM(None, args.name, disabled=True)
    return _do(args, f"gm disable {args.name}", change)


def run_enable(args: argparse.Namespace) -> int:
    """Unlock an account."""
    change = requests.ChangeGM(None, args.name, disabled=False)
    return _do(args, f"gm enable {args.name}", change)


def _set_hash(args: argparse.Namespace, hashed: str) -> int:
    change = requests.ChangeGM(None, args.name, password=hashed)
    return _do(args, f"gm passwd {args.name} {hashed}", change)


def _do(args: argparse.Namespace, line: str, request: Request) -> int:
    """Have the running daemon do it, by ``line``, or do it where no daemon runs."""
    config = load(args.config)
    good_name(args.name)
    try:
        return _through_daemon(config, args.user, line)
    except NotRunning:
        from .staff import staff

        with staff(config.database) as team:
            team.do(request)
        print(
            _(N_("Done; no daemon runs, so it was written to {file}.")).format(file=config.database)
        )
        return 0


def good_name(name: str) -> None:
    """Raise BadName for what cannot name an account."""
    from gmkit.commands.accounts import NAME_SHAPE, BadName

    if not NAME_SHAPE.fullmatch(name):
        raise BadName(name=repr(name))


def _through_daemon(config: Config, user: str | None, line: str) -> int:
    from gmkit.console.batch import Who, do

    where = Endpoint(path=str(config.socket))
    return do(Who(where, user=user, lang=of_environment()), line)


def _known_role(config: Config, role: str) -> None:
    from gmkit.permissions import roles
    from gmkit.problems import unknown

    names = [known.name for known in roles(config.roles)]
    if role not in names:
        raise BadRole(problem=unknown(role, names))


def _asked_hash(name: str) -> str:
    """The hash of a password typed twice, or of one line of standard input."""
    from gmkit import passwords

    if not sys.stdin.isatty():
        return passwords.hash_password(sys.stdin.readline().rstrip("\r\n"))
    prompt = _(N_("Password for {name}: ")).format(name=name)
    password = getpass.getpass(prompt)
    if getpass.getpass(_(N_("Once more: "))) != password:
        raise Different
    return passwords.hash_password(password)
