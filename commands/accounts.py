"""GM accounts: made and changed by those who may ``staff.manage``."""

from __future__ import annotations

import re

from gmkit.command import N_, Answer, Argument, Call, Refused, command, requests

NAME_SHAPE = re.compile(r"\w[\w.-]{0,31}")
_HASH = re.compile(r"scrypt\$\d+\$\d+\$\d+\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+")

NAME = Argument("name", "word", N_("the account"))
ROLE = Argument("role", "word", N_("the role: gm, lead, admin, or one of the configuration"))
SERVERS = Argument(
    "servers",
    "text",
    N_("servers the account covers, as names, patterns with * or tag:NAME; all without it"),
    required=False,
)


class BadName(Refused):
    """{name} is no name for an account; use up to 32 letters, digits, - _ and dots."""


class NoSuchRole(Refused):
    """There is no role {name}; there are: {known}."""


class BadHash(Refused):
    """That is no password hash. Set passwords outside of the terminal: gmkit gm passwd NAME"""


class NotYourself(Refused):
    """You cannot take your own rights away; ask another admin to do it."""


@command(
    "gm add",
    about=N_("Make a GM account."),
    permission="staff.manage",
    arguments=[NAME, ROLE, SERVERS],
    examples=("gm add Lin gm", "gm add Wei lead tag:eu s1"),
)
async def add(call: Call, name: str, role: str, servers: str = "") -> Answer:
    """The account can be used on the daemon's own host at once, elsewhere once it has a
    password."""
    if not NAME_SHAPE.fullmatch(name):
        raise BadName(name=repr(name))
    _known(call, role)
    covers = _patterns(servers) or ("*",)
    await call.do(requests.AddGM(by=call.gm, name=name, role=role, servers=covers))
    return _done(call, name, N_("{name} is a GM account with the role {role}."))


@command(
    "gm role",
    about=N_("Give a GM account another role or other servers."),
    permission="staff.manage",
    arguments=[NAME, ROLE, SERVERS],
    examples=("gm role Lin lead", "gm role Lin gm eu-*"),
)
async def role(call: Call, name: str, role: str, servers: str = "") -> Answer:
    """Without servers the account keeps those it has."""
    _other(call, name)
    _known(call, role)
    covers = _patterns(servers) or None
    await call.do(requests.ChangeGM(by=call.gm, name=name, role=role, servers=covers))
    return _done(call, name, N_("{name} has the role {role} now."))


@command(
    "gm passwd",
    about=N_("Set a GM's password; gmkit gm passwd asks for it and sends its hash."),
    permission="staff.password",
    arguments=[NAME, Argument("hash", "word", N_("the hash, as gmkit gm passwd makes it"))],
)
async def passwd(call: Call, name: str, hash: str) -> Answer:
    """Everybody may set their own; setting another's needs ``staff.manage``."""
    if name != call.gm:
        call.require("staff.manage")
    if not _HASH.fullmatch(hash):
        raise BadHash
    await call.do(requests.ChangeGM(by=call.gm, name=name, password=hash))
    return _done(call, name, N_("{name} has a new password."))


@command(
    "gm disable",
    about=N_("Lock a GM account; its tickets go back to the queue."),
    permission="staff.manage",
    arguments=[NAME],
    examples=("gm disable Lin",),
)
async def disable(call: Call, name: str) -> Answer:
    """The account stays, so that what it did keeps its name."""
    _other(call, name)
    await call.do(requests.ChangeGM(by=call.gm, name=name, disabled=True))
    return _done(call, name, N_("{name} is disabled."))


@command(
    "gm enable",
    about=N_("Unlock a GM account."),
    permission="staff.manage",
    arguments=[NAME],
    examples=("gm enable Lin",),
)
async def enable(call: Call, name: str) -> Answer:
    """Role, servers and password are as they were."""
    await call.do(requests.ChangeGM(by=call.gm, name=name, disabled=False))
    return _done(call, name, N_("{name} is enabled."))


def _done(call: Call, name: str, sentence: str) -> Answer:
    account = call.desk.account(name)
    if account is None:
        return Answer(sentence=sentence, facts={"name": name, "role": ""}, view="done")
    data = {
        "name": account.name,
        "role": account.role,
        "servers": list(account.servers),
        "disabled": account.disabled,
    }
    return Answer(data, view="done", sentence=sentence, facts={"name": name, "role": account.role})


def _other(call: Call, name: str) -> None:
    if name == call.gm:
        raise NotYourself


def _known(call: Call, role: str) -> None:
    if call.roles and role not in call.roles:
        raise NoSuchRole(name=role, known=", ".join(sorted(call.roles)))


def _patterns(servers: str) -> tuple[str, ...]:
    return tuple(servers.replace(",", " ").split())
