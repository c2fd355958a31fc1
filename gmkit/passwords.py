"""Passwords as slow, salted hashes: scrypt (RFC 7914), with its parameters in the text."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable

from gmkit.errors import Refused

LENGTHS = (8, 1024)
"""The shortest and the longest password accepted, in characters."""

_COST = 15  # 2**15 rounds over 8 KiB blocks: 32 MiB and about 0.1 s for each try
_BLOCK = 8
_LANES = 1
_MOST_MEMORY = 1 << 28


class BadPassword(Refused):
    """A password must have {least} to {most} characters."""


def hash_password(password: str, salt: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """``scrypt$15$8$1$SALT$HASH``. Takes about 0.1 s: not for the reactor's thread.

    Raises BadPassword when it is too short or absurdly long.
    """
    least, most = LENGTHS
    if not least <= len(password) <= most:
        raise BadPassword(least=least, most=most)
    fresh = salt(16)
    digest = _digest(password, fresh, _COST, _BLOCK, _LANES)
    return f"scrypt${_COST}${_BLOCK}${_LANES}${_text(fresh)}${_text(digest)}"


def check_password(password: str, hashed: str | None) -> bool:
    """Whether the password is the one that was hashed, in constant time for one cost.

    False, after the same work, where there is no hash (an account for local use only) or where
    the text is no hash of ours, so that an answer's time does not tell which accounts exist.
    """
    parts = _parts(hashed or "")
    if parts is None:
        _digest("", b"\0" * 16, _COST, _BLOCK, _LANES)
        return False
    cost, block, lanes, salt, wanted = parts
    if len(password) > LENGTHS[1]:
        return False
    return hmac.compare_digest(_digest(password, salt, cost, block, lanes), wanted)


def generate(words: Callable[[int], str] = secrets.token_urlsafe) -> str:
    """A new random password of 96 bits."""
    return words(12)


def _digest(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=1 << cost,
        r=block,
        p=lanes,
        maxmem=_MOST_MEMORY,
        dklen=32,
    )


def _parts(hashed: str) -> tuple[int, int, int, bytes, bytes] | None:
    try:
        scheme, *given, salt, digest = hashed.split("$")
        cost, block, lanes = map(int, given)
        secret = b64decode(salt, validate=True), b64decode(digest, validate=True)
    except ValueError:
        return None
    fits = 1 <= cost <= 17 and 1 <= block <= 16 and 1 <= lanes <= 4
    # RFC 7914, section 2: 128 * r * (N + p + 2) bytes; with more, each try to log in would fail.
    if not fits or 128 * block * ((1 << cost) + lanes + 2) > _MOST_MEMORY:
        return None
    if scheme != "scrypt" or len(secret[1]) != 32:
        return None
    return (cost, block, lanes, *secret)


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
