"""The GMs themselves: who there is, who is on duty, and help."""

from __future__ import annotations

import difflib
from typing import Any

from gmkit.command import (
    N_,
    Answer,
    Argument,
    Call,
    Command,
    Unknown,
    command,
    iso_or_none,
    requests,
)


class NoHelp(Unknown):
    """There is no command {name} that you may use. All that you may use: help"""


class NoHelpBut(NoHelp):
    """There is no command {name} that you may use. Did you mean {near}?"""


@command(
    "gm list",
    about=N_("The GMs: who is on duty, and how many tickets each holds."),
    permission="staff.list",
    aliases=("gms", "gm ingame", "whogm"),
    examples=("gm list",),
)
async def gm_list(call: Call) -> Answer:
    """Those on duty first, longest first."""
    accounts = {account.name: account for account in call.desk.accounts()}
    on_duty = [name for name in call.desk.on_duty() if name in accounts]
    rows = []
    for name in [*on_duty, *sorted(accounts.keys() - set(on_duty))]:
        account = accounts[name]
        row = {
            "name": name,
            "role": account.role,
            "servers": list(account.servers),
            "disabled": account.disabled,
            "on_duty_since": iso_or_none(account.on_duty_since),
            "holds": sum(1 for _ in call.desk.held_by(name)),
        }
        rows.append(row)
    sentence = "" if on_duty else N_("Nobody is on duty.")
    return Answer(rows, view="staff", sentence=sentence)


@command(
    "duty",
    about=N_("Come on duty or go off it."),
    permission="staff.duty",
    arguments=[
        Argument(
            "state",
            "choice",
            N_("on or off; without it you are told which"),
            required=False,
            choices=("on", "off"),
        )
    ],
    aliases=("gm duty",),
    examples=("duty on", "duty", "duty off"),
)
async def duty(call: Call, state: str | None = None) -> Answer:
    """Players are told an honest wait only while somebody is on duty."""
    if state is not None:
        await call.do(requests.Duty(call.gm, on=state == "on"))
    on = call.gm in call.desk.on_duty()
    sentence = N_("You are on duty.") if on else N_("You are off duty.")
    if not on and (held := sum(1 for _ in call.desk.held_by(call.gm))):
        sentence = N_("You are off duty, but still hold {held} tickets: ticket list mine")
        return Answer({"gm": call.gm, "on_duty": on}, "done", sentence, {"held": held})
    return Answer({"gm": call.gm, "on_duty": on}, "done", sentence)


@command(
    "help",
    about=N_("The commands you may use, or one of them with its arguments and examples."),
    permission="staff.help",
    arguments=[Argument("command", "text", N_("a command or a group of them"), required=False)],
    aliases=("h", "?", "commands"),
    examples=("help", "help ticket", "help ticket reply", "help r"),
)
async def help_(call: Call, command: str = "") -> Answer:
    """Only what this GM may run somewhere."""
    name = " ".join(command.lower().split()).lstrip("/.!").rstrip("!")
    found = _named(call, name)
    return Answer([one.described() for one in found], view="help")


def _named(call: Call, name: str) -> list[Command]:
    commands = list(call.commands)
    exact = [c for c in commands if name in (c.name, *c.aliases)]
    grouped = [c for c in commands if c.name.startswith(f"{name} ")]
    found = commands if not name else (grouped or exact)
    if found:
        return found
    names: dict[str, Any] = {n: c.name for c in commands for n in (c.name, *c.aliases)}
    near = difflib.get_close_matches(name[:40], list(names), n=1)
    if near:
        raise NoHelpBut(what="command", name=name[:40], near=names[near[0]])
    raise NoHelp(what="command", name=name[:40])
