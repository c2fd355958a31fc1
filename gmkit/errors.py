"""What gmkit says when it cannot do what it was asked.

An error's docstring is the sentence that a player, a game master or an operator reads: a
``str.format`` template over the error's facts, translated when it is shown. The desk returns these
as data; everybody else raises them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


class GMError(Exception):
    """Something went wrong."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(facts)
        self.facts = facts

    @property
    def code(self) -> str:
        """The error's name as scripts see it in JSON, for example ``ticket-held``."""
        name = type(self).__name__
        return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")

    @classmethod
    def template(cls) -> str:
        """The untranslated sentence, with ``{fact}`` fields."""
        return " ".join(inspect.cleandoc(cls.__doc__ or "").split())

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """The sentence in the reader's language; ``translate`` maps the English template.

        A fact that is itself a GMError is told in the same language.
        """
        facts = {
            name: fact.sentence(translate) if isinstance(fact, GMError) else fact
            for name, fact in self.facts.items()
        }
        return translate(self.template()).format(**facts)

    def __str__(self) -> str:
        return self.sentence()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GMError) and (type(self), self.facts) == (type(other), other.facts)

    __hash__ = Exception.__hash__


class Refused(GMError):
    """That is not possible right now."""


class NotAllowed(Refused):
    """You may not do that: it needs the permission {permission} on {server}."""


class NotAllowedAnywhere(NotAllowed):
    """You may not do that: it needs the permission {permission}."""

    @property
    def code(self) -> str:
        return "not-allowed"


class Unknown(Refused):
    """There is no {what} {name}."""


class Ambiguous(Refused):
    """{name} fits more than one {what}: {candidates}. Say which one."""


class BadUsage(GMError):
    """{problem} Usage: {usage}"""


class BadConfig(GMError):
    """{file}: {key}: {problem}"""
