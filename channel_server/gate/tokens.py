"""Tokens that log a terminal in again without its password. In memory only."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

LIFETIME = 12 * 3600.0
MOST_PER_ACCOUNT = 50


class Tokens:
    """Random tokens, each for one account, kept as digests so that a dump of memory gives none."""

    def __init__(
        self,
        seconds: Callable[[], float],
        random: Callable[[int], str] = secrets.token_urlsafe,
    ) -> None:
        self._seconds = seconds
        self._random = random
        self._of: dict[str, dict[bytes, float]] = {}  # account -> digest -> expiry

    def issue(self, gm: str) -> str:
        """A new token; the account's oldest is dropped when it has too many."""
        token = self._random(24)
        known = self._of.setdefault(gm, {})
        known[_digest(token)] = self._seconds() + LIFETIME
        if len(known) > MOST_PER_ACCOUNT:
            del known[next(iter(known))]
        return token

    def fits(self, gm: str, token: str) -> bool:
        """Whether the token is one of the account's; its use renews it."""
        known = self._of.get(gm, {})
        digest = _digest(token)  # digests leak nothing through the time of a dict's look-up
        expires = known.pop(digest, None)
        if expires is None or expires < self._seconds():
            return False
        known[digest] = self._seconds() + LIFETIME
        return True

    def revoke(self, gm: str) -> None:
        """Forget the account's tokens."""
        self._of.pop(gm, None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
