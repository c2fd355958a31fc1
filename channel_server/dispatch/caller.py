"""Who asks for a command to be run."""

from __future__ import annotations

from typing import NamedTuple


class Caller(NamedTuple):
    """A GM as the gate knows them: account name, role, and language tag such as ``zh_CN``."""

    gm: str
    role: str
    lang: str
