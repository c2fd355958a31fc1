"""The JSON form of the bridge's messages, for HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gmkit.errors import GMError

_BROKEN = re.compile("[\udc80-\udcff]")


class BadJSON(GMError):
    """The body is no JSON that gmkit reads: {problem}"""


def dumps(value: Any) -> bytes:
    """Compact JSON in UTF-8. What UTF-8 cannot carry is written as a backslash escape."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return dumps(storable(value))


def loads(body: bytes) -> Any:
    """Read JSON from a peer. Raises BadJSON.

    Broken UTF-8 and lone surrogates become visible as backslash escapes, so that what was sent is
    kept and can be stored; NaN and the infinities are refused.
    """
    text = body.decode("utf-8", "surrogateescape")
    try:
        if not text.isascii():
            text = _BROKEN.sub(lambda byte: f"\\\\x{ord(byte[0]) - 0xDC00:02x}", text)
        value = json.loads(text, parse_constant=_no_constant)
        return storable(value) if "\\ud" in text.lower() else value
    except RecursionError:
        raise BadJSON(problem="it is nested too deep.") from None
    except ValueError as fault:
        raise BadJSON(problem=str(fault)[:200]) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def storable(value: Any) -> Any:
    """``value`` with every lone surrogate in it as a backslash escape: any store and any wire
    takes the result."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, Mapping):
        return {storable(key): storable(item) for key, item in value.items()}
    return value
