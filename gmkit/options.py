"""Typed, declared options: for adapters, plugins and the daemon's own configuration.

A declaration is a frozen dataclass whose fields are made by :func:`option`. From it come the
values, the sentence for a bad key or value, ``gmkit doctor`` and the documentation.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from gmkit.errors import GMError

T = TypeVar("T")


class BadOption(GMError):
    """{key}: {problem}"""


def option(default: Any = dataclasses.MISSING, *, help: str, secret: bool = False) -> Any:
    """One option. Without a default it is required.

    A ``secret`` may also be given as ``{file = "…"}`` or ``{env = "…"}`` and is never printed.
    """
    metadata = {"help": help, "secret": secret}
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: default.copy(), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def parse(declared: type[T], given: Mapping[str, Any], *, where: str = "") -> T:
    """Build ``declared`` from a table. Raises BadOption naming the key, the fault and the mend."""
    fields = {f.name: f for f in dataclasses.fields(declared) if f.init}  # type: ignore[arg-type]
    hints = get_type_hints(declared)
    for key in given:
        if key not in fields:
            raise BadOption(key=where + key, problem=unknown(key, list(fields)))
    values = {}
    for name, f in fields.items():
        if name in given:
            raw = _secret(given[name], where + name) if f.metadata.get("secret") else given[name]
            values[name] = _checked(hints[name], raw, where + name)
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise BadOption(key=where + name, problem="is required and missing.")
    return declared(**values)


def unknown(name: str, known: list[str], what: str = "key") -> str:
    """The sentence for a name that does not exist, with the nearest right one."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known)) or 'none'}."
    return f"unknown {what}; {hint}"


def _secret(raw: Any, key: str) -> Any:
    if not isinstance(raw, Mapping):
        return raw
    if list(raw) == ["file"]:
        try:
            return Path(str(raw["file"])).read_text("utf-8").strip()
        except OSError as fault:
            problem = f"cannot read the secret's file {raw['file']}: {fault.strerror}."
            raise BadOption(key=key, problem=problem) from None
    if list(raw) == ["env"]:
        if str(raw["env"]) not in os.environ:
            problem = f"the environment variable {raw['env']} is not set."
            raise BadOption(key=key, problem=problem)
        return os.environ[str(raw["env"])]
    raise BadOption(key=key, problem='give the text itself, {file = "…"} or {env = "…"}.')


def _checked(hint: Any, raw: Any, key: str) -> Any:
    """``raw`` if it fits ``hint``, with ints taken for floats; BadOption otherwise."""
    if get_origin(hint) in (Union, types.UnionType):
        inner = [arm for arm in get_args(hint) if arm is not type(None)]
        return _checked(inner[0], raw, key)
    if get_origin(hint) is list:
        if not isinstance(raw, list):
            raise BadOption(key=key, problem=f"must be a list, not {raw!r}.")
        return [_checked(get_args(hint)[0], item, f"{key}[{i}]") for i, item in enumerate(raw)]
    if dataclasses.is_dataclass(hint) and isinstance(raw, Mapping):
        return parse(hint, raw, where=f"{key}.")  # type: ignore[arg-type]
    if hint is float and type(raw) is int:
        return float(raw)
    if hint is Any or (get_origin(hint) is dict and isinstance(raw, Mapping)):
        return raw
    if isinstance(hint, type) and type(raw) is hint:
        return raw
    wanted = {
        str: "text in quotes",
        int: "a whole number",
        float: "a number",
        bool: "true or false",
    }
    raise BadOption(key=key, problem=f"must be {wanted.get(hint, hint)}, not {raw!r}.")
