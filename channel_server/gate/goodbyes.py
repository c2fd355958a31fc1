"""Why the daemon ends a terminal's connection. Each docstring is what the GM reads."""

from __future__ import annotations

from typing import ClassVar

from gmkit.errors import GMError


class TurnedAway(GMError):
    """The daemon ended the connection."""

    retry: ClassVar[bool] = False
    """Whether trying again in the same way may be of use."""


class BadVersion(TurnedAway):
    """This daemon speaks version {ours} of the gate protocol, your terminal version {theirs}.
    Install the same gmkit on both."""


class BadHello(TurnedAway):
    """The connection did not begin with a hello of the gate protocol."""


class LateHello(BadHello):
    """No hello came within {seconds} seconds."""

    code = "bad-hello"


class Garbled(TurnedAway):
    """What the terminal sent cannot be read: {problem}"""

    code = "bad-frame"


class Silent(TurnedAway):
    """Nothing was heard of the terminal for {seconds} seconds."""

    retry = True


class LoginFailed(TurnedAway):
    """The name or the password is wrong."""


class TokenExpired(TurnedAway):
    """The login has expired; give the password again."""


class NoAccountNamed(TurnedAway):
    """Say which GM account to use, with --user NAME."""


class NoSuchAccount(TurnedAway):
    """There is no GM account {name}. Make one with: gmkit gm add {name}"""


class AccountDisabled(TurnedAway):
    """The GM account {name} is disabled."""


class MustWait(TurnedAway):
    """Too many wrong passwords. Try again in {seconds} seconds."""

    retry = True

    @property
    def code(self) -> str:
        return "locked-out"


class TooMany(TurnedAway):
    """There are too many connections already; at most {most} are possible."""

    retry = True


class Stopping(TurnedAway):
    """The daemon is being stopped."""

    retry = True


class LogUnreadable(TurnedAway):
    """The daemon cannot read its log at the moment."""

    retry = True
    code = "log-failed"
