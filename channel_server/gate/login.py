"""Who a terminal speaks as: the peer's uid on a Unix socket, otherwise password or token."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred

from gmkit.desk.view import AccountView, DeskView

from .goodbyes import (
    AccountDisabled,
    LoginFailed,
    MustWait,
    NoAccountNamed,
    NoSuchAccount,
    TokenExpired,
)
from .lockout import LockedOut, Lockout
from .tokens import Tokens

MOST_NAME = 64
MOST_PASSWORD = 1024


class Peer(NamedTuple):
    """The far end of a connection. ``uid`` is known on Unix sockets only."""

    address: str
    uid: int | None = None


class Login:
    """Decides who a terminal speaks as."""

    def __init__(
        self,
        *,
        desk: DeskView,
        hash_of: Callable[[str], str | None],
        check_password: Callable[[str, str | None], Deferred[bool]],
        lockout: Lockout,
        tokens: Tokens,
        own_uid: int,
        user_of: Callable[[int], str | None],
    ) -> None:
        """``hash_of``: an account's password hash. ``check_password(password, hash)`` is slow and
        so runs in a thread; it takes as long for None. ``user_of``: a uid's name on this system.
        """
        self._desk = desk
        self._hash_of = hash_of
        self._check = check_password
        self._lockout = lockout
        self.tokens = tokens
        self._own_uid = own_uid
        self._user_of = user_of

    async def account(self, hello: Mapping[str, Any], peer: Peer) -> AccountView:
        """The account to speak as. Raises TurnedAway."""
        name = _text(hello, "name", MOST_NAME)
        account = self._by_uid(peer.uid, name) if peer.uid is not None else None
        if account is None:
            account = await self._by_secret(hello, name, peer)
        if account.disabled:
            raise AccountDisabled(name=account.name)
        return account

    def _by_uid(self, uid: int | None, name: str | None) -> AccountView | None:
        assert uid is not None
        user = self._user_of(uid)
        if uid not in (0, self._own_uid):
            return self._desk.account(user) if user and name in (None, user) else None
        if name is not None:
            account = self._desk.account(name)
            if account is None:
                raise NoSuchAccount(name=name)
            return account
        return self._default(user)

    def _default(self, user: str | None) -> AccountView:
        """The account called like the user, else the only admin."""
        account = self._desk.account(user) if user else None
        if account is not None and not account.disabled:
            return account
        admins = [a for a in self._desk.accounts() if a.role == "admin" and not a.disabled]
        if len(admins) != 1:
            raise NoAccountNamed()
        return admins[0]

    async def _by_secret(
        self, hello: Mapping[str, Any], name: str | None, peer: Peer
    ) -> AccountView:
        if name is None:
            raise NoAccountNamed()
        account = self._desk.account(name)
        token = _text(hello, "token", MOST_PASSWORD)
        if token is not None:
            if account is None or not self.tokens.fits(name, token):
                raise TokenExpired()
            return account
        await self._password(_text(hello, "password", MOST_PASSWORD), name, account, peer)
        # It may have been disabled or changed while the thread was busy.
        account = self._desk.account(name)
        if account is None:
            raise LoginFailed()
        return account

    async def _password(
        self, password: str | None, name: str, account: AccountView | None, peer: Peer
    ) -> None:
        if password is None:
            raise LoginFailed()
        keys = [f"account {name}", f"address {peer.address}"]
        try:
            self._lockout.begin(keys)
        except LockedOut as wait:
            raise MustWait(**wait.facts) from None
        hashed = self._hash_of(name) if account is not None else None
        if not await self._check(password, hashed):
            raise LoginFailed()
        self._lockout.succeeded(keys)


def _text(hello: Mapping[str, Any], key: str, most: int) -> str | None:
    value = hello.get(key)
    return value if isinstance(value, str) and 0 < len(value) <= most else None


def peer_uid(transport: Any) -> int | None:
    """The uid of the process at the other end of a Unix socket (SO_PEERCRED, Linux unix(7)).

    None where the system cannot tell: then a password is needed.
    """
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    shape = struct.Struct("3i")
    try:
        raw = transport.getHandle().getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, shape.size)
    except (AttributeError, OSError):
        return None
    return int(shape.unpack(raw)[1])
