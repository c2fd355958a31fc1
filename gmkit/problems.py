"""What can be wrong with a key or a value. Each ends the sentence of a BadOption or BadConfig."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from gmkit.errors import GMError


class Problem(GMError):
    """is wrong."""


class DidYouMean(Problem):
    """{name} is unknown; did you mean {near}?"""


class NotAmong(Problem):
    """{name} is unknown; known: {known}."""


class Missing(Problem):
    """is required and missing."""


class NotText(Problem):
    """must be text in quotes, not {given}."""


class NotWhole(Problem):
    """must be a whole number, not {given}."""


class NotNumber(Problem):
    """must be a number, not {given}."""


class NotTrueFalse(Problem):
    """must be true or false, not {given}."""


class NotList(Problem):
    """must be a list in square brackets, not {given}."""


class NotTable(Problem):
    """must be a table, not {given}."""


class NoFolder(Problem):
    """the folder {path} cannot be made: {reason}."""


class NotAFolder(Problem):
    """{path} is no folder."""


class TooSmall(Problem):
    """must be at least {least}."""


class NoSecret(Problem):
    """give the text itself in quotes, {{file = "…"}} or {{env = "…"}}."""


class NoSecretFile(Problem):
    """cannot read the secret's file {file}: {reason}."""


class NoVariable(Problem):
    """the environment variable {variable} is not set."""


def unknown(name: str, known: Iterable[str]) -> Problem:
    """The problem of a name that does not exist, with the nearest right one."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return DidYouMean(name=name, near=near[0])
    return NotAmong(name=name, known=", ".join(names) or "-")
