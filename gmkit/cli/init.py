"""``gmkit init``: a configuration, keys and the first GM account."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from gmkit.errors import GMError
from gmkit.i18n import N_, of_environment

from .common import Subparsers, _, subcommand


class NotAFolder(GMError):
    """{path} is no folder."""


def add(subparsers: Subparsers) -> None:
    """Declare the sub-command."""
    parser = subcommand(subparsers, "init")
    parser.add_argument(
        "dir", nargs="?", default=".", metavar="DIR", help=_(N_("the folder; by default this one"))
    )
    parser.add_argument(
        "--gm", metavar="NAME", help=_(N_("the first GM, an admin; by default your user name"))
    )
    parser.add_argument(
        "--password",
        action="store_true",
        help=_(N_("make a password for the account, for use from other hosts, and print it once")),
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write what is missing and say what was there."""
    from .gm import good_name

    name = args.gm or getpass.getuser()
    good_name(name)
    folder = Path(args.dir)
    if folder.exists() and not folder.is_dir():
        raise NotAFolder(path=folder)
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data"
    _folder(data)
    _folder(data / "tls")
    _write(folder / "gmkit.toml", example)
    _write(data / "bridge.token", lambda: secrets.token_urlsafe(32) + "\n")
    _certificate(data / "tls" / "cert.pem", data / "tls" / "key.pem")
    _account(folder / "gmkit.toml", name, args.password)
    config = "" if folder == Path(".") else f" -c {folder / 'gmkit.toml'}"
    print(
        _(N_("Next: gmkit serve{config}, and beside it: gmkit console{config}")).format(
            config=config
        )
    )
    return 0


def example() -> str:
    """The configuration that is written: two simulated servers, and the rest as comments, in the
    operator's language."""
    name = "example.zh_CN.toml" if of_environment() == "zh_CN" else "example.toml"
    return (Path(__file__).parent / name).read_text("utf-8")


def _folder(path: Path) -> None:
    if not path.exists():
        path.mkdir(mode=0o700)


def _write(path: Path, content: Callable[[], str]) -> None:
    """Write a file that only its owner may read, unless there is one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(_(N_("{path} exists and stays as it is.")).format(path=path))
        return
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(content())
    print(_(N_("{path} is written.")).format(path=path))


def _certificate(cert: Path, key: Path) -> None:
    if cert.exists() or key.exists():
        for path in (cert, key):
            _write(path, str) if path.exists() else None
        return
    from .certificate import self_signed

    cert_text, key_text = self_signed()
    _write(key, lambda: key_text)
    _write(cert, lambda: cert_text)


def _account(config: Path, name: str, with_password: bool) -> None:
    """The first GM, unless there are some."""
    from gmkit import passwords
    from gmkit.config import load
    from gmkit.desk import requests

    from .staff import staff

    with staff(load(config).database) as team:
        if team.accounts():
            names = ", ".join(account.name for account in team.accounts())
            print(_(N_("GM accounts exist and stay as they are: {names}")).format(names=names))
            return
        password = passwords.generate() if with_password else None
        hashed = passwords.hash_password(password) if password else None
        team.do(requests.AddGM(by=None, name=name, role="admin", password=hashed))
    print(_(N_("The GM account {name} is made; it is an admin.")).format(name=name))
    if password:
        print(_(N_("Its password, shown only now: {password}")).format(password=password))
