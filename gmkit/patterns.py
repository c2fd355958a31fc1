"""Patterns that name servers: ``s1``, ``s1*``, ``tag:eu``, ``*``."""

from __future__ import annotations

from collections.abc import Collection

TAG = "tag:"


def fits(pattern: str, name: str, tags: Collection[str] = ()) -> bool:
    """Whether a server of that name, with those tags, is meant by the pattern.

    ``*`` stands for any characters, none included; nothing else is special. Case matters.
    """
    if pattern.startswith(TAG):
        return pattern.removeprefix(TAG) in tags
    if "*" not in pattern:
        return pattern == name
    first, *middle, last = pattern.split("*")
    if len(name) < len(first) + len(last):
        return False
    if not (name.startswith(first) and name.endswith(last)):
        return False
    return _holds_in_order(name[len(first) : len(name) - len(last)], middle)


def _holds_in_order(text: str, parts: list[str]) -> bool:
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True
