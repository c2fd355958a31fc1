"""Who asks for a command to be run."""

from __future__ import annotations

from typing import NamedTuple


class Caller(NamedTuple):
    """A GM as the gate knows them: account name, and language tag such as ``zh_CN``."""

    gm: str
    lang: str
