"""Chance that depends on names only: the same on every server, in every process, at every start."""

from __future__ import annotations

from hashlib import blake2b
from random import Random


def chance(*names: object) -> float:
    """A number in [0, 1) for these names."""
    digest = blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)


def seeded(*names: object) -> Random:
    """A generator for these names."""
    return Random("/".join(map(str, names)))
