"""The challenge: both ends prove that they know a token, and neither sends it.

Each end proves itself with an HMAC-SHA256 over a label of its role, the server's name and both
nonces, so that no proof fits another role, server or connection. See docs/bridge-protocol.md.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Callable

GAME = "gmkit-bridge-1 game"
"""The label of the proof that a game sends."""
GMKIT = "gmkit-bridge-1 gmkit"
"""The label of the proof that gmkit sends."""

_NONCE = re.compile(r"[!-~]{16,128}")


def nonce(random: Callable[[int], bytes] = os.urandom) -> str:
    """A value nobody has used before: 32 hexadecimal digits."""
    return random(16).hex()


def is_nonce(value: object) -> bool:
    """Whether a peer's nonce is 16 to 128 printable ASCII characters without spaces."""
    return isinstance(value, str) and _NONCE.fullmatch(value) is not None


def proof(token: str, label: str, server: str, game_nonce: str, gmkit_nonce: str) -> str:
    """The proof of one end, 64 hexadecimal digits. ``label`` is GAME or GMKIT."""
    text = f"{label}\n{server}\n{game_nonce}\n{gmkit_nonce}"
    return hmac.digest(_bytes(token), _bytes(text), "sha256").hex()


def same(wanted: str, given: object) -> bool:
    """Whether a peer's proof is the wanted one, in a time that does not depend on it."""
    return isinstance(given, str) and hmac.compare_digest(_bytes(wanted), _bytes(given))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
