"""What can go wrong with an OpenTTD server, as its operator and the GMs read it."""

from __future__ import annotations

from gmkit.adapter import LinkLost, Refused


class NoPort(LinkLost):
    """No admin port answers at {host}:{port} ({why}). Start the server, and set admin_password in
    its secrets.cfg: without one the port stays closed."""


class Rejected(LinkLost):
    """The server closed the connection at login: the password is not its admin_password, or its
    setting allow_insecure_admin_login is off (OpenTTD 15)."""


class Locked(LinkLost):
    """The server has banned the address gmkit connects from. On the server's console, banlist shows
    the bans and unban ADDRESS lifts one."""


class NoRoom(LinkLost):
    """The server has no room for one more admin connection: end one of the others."""


class Failed(LinkLost):
    """The server ended the connection with error {code}."""


class WentDown(LinkLost):
    """The server was shut down."""


class Dropped(LinkLost):
    """The connection to the server broke off."""


class Silent(LinkLost):
    """The server has not answered for {seconds} seconds."""


class Babble(LinkLost):
    """What answers at this address is no OpenTTD admin port, or a broken one: {problem} Is it the
    server_admin_port, not the server_port?"""


class Away(LinkLost):
    """There is no connection to the server right now."""


class NotDone(Refused):
    """The server did not do it: {answer}"""


class SameAddress(Refused):
    """{name} plays from {address}, and gmkit connects from there too. OpenTTD bans addresses, so this
    would lock gmkit out: kick instead."""


class NoTimedBan(Refused):
    """OpenTTD knows no ban that ends by itself: ban without a duration, and unban later."""


class NoAddress(Refused):
    """OpenTTD bans addresses, and gmkit does not know the one of {name} any more. Banned are:
    {banned}. On the server's console, unban ADDRESS lifts a ban."""
