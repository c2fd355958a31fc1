"""Typed, declared options: for adapters, plugins and the daemon's own configuration.

A declaration is a frozen dataclass whose fields are made by :func:`option`. From it come the
values, the sentence for a bad key or value, ``gmkit doctor`` and the documentation.
"""

from __future__ import annotations

import dataclasses
import math
import os
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from gmkit import problems
from gmkit.errors import GMError
from gmkit.problems import Problem, unknown

__all__ = ["BadOption", "like", "option", "parse", "unknown"]

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


def parse(
    declared: type[T], given: Mapping[str, Any], *, where: str = "", base: Path | None = None
) -> T:
    """Build ``declared`` from a table. Raises BadOption naming the key, the fault and the mend.

    The files of secrets are relative to the folder ``base``; None is the working directory.
    """
    fields = {f.name: f for f in dataclasses.fields(declared) if f.init}  # type: ignore[arg-type]
    hints = get_type_hints(declared)
    for key in given:
        if key not in fields:
            raise BadOption(key=where + key, problem=unknown(key, fields))
    values = {}
    for name, f in fields.items():
        if name in given:
            secret = f.metadata.get("secret")
            raw = _secret(given[name], where + name, base) if secret else given[name]
            values[name] = _checked(hints[name], raw, where + name)
        elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            raise BadOption(key=where + name, problem=problems.Missing())
    return declared(**values)


def like(default: Any, raw: Any, key: str) -> Any:
    """``raw`` if it is of the type of ``default``, None meaning any. Raises BadOption."""
    if default is None:
        return raw
    if isinstance(default, list | tuple):
        return type(default)(_items(Any, raw, key))
    return _checked(type(default), raw, key)


def _secret(raw: Any, key: str, base: Path | None) -> Any:
    match raw:
        case str():
            return raw
        case {"file": str(name), **rest} if not rest:
            return _secret_of_file((base or Path()) / Path(name).expanduser(), key)
        case {"env": str(variable), **rest} if not rest:
            if variable not in os.environ:
                raise BadOption(key=key, problem=problems.NoVariable(variable=variable))
            return os.environ[variable]
    # What was given may be the secret itself: it is not repeated in the error.
    raise BadOption(key=key, problem=problems.NoSecret())


def _secret_of_file(file: Path, key: str) -> str:
    try:
        return file.read_text("utf-8").strip()
    except OSError as fault:
        problem = problems.NoSecretFile(file=file, reason=fault.strerror)
    except UnicodeDecodeError:
        problem = problems.NoSecretFile(file=file, reason="UTF-8")
    raise BadOption(key=key, problem=problem)


def _checked(hint: Any, raw: Any, key: str) -> Any:
    """``raw`` if it fits ``hint``, with ints taken for floats; BadOption otherwise."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [arm for arm in get_args(hint) if arm is not type(None)]
        return _checked(inner[0], raw, key)
    if origin in (list, tuple):
        return origin(_items(get_args(hint)[0], raw, key))
    if dataclasses.is_dataclass(hint) and isinstance(raw, Mapping):
        return parse(hint, raw, where=f"{key}.")  # type: ignore[arg-type]
    if hint is float and type(raw) is int:
        return float(raw)
    if hint is float and (type(raw) is not float or not math.isfinite(raw)):
        _wrong(hint, raw, key)
    if hint is Any or (origin is dict and isinstance(raw, Mapping)):
        return raw
    if isinstance(hint, type) and type(raw) is hint:
        return raw
    _wrong(hint, raw, key)


def _items(hint: Any, raw: Any, key: str) -> list[Any]:
    if not isinstance(raw, list):
        _wrong(list, raw, key)
    return [_checked(hint, item, f"{key}[{i}]") for i, item in enumerate(raw)]


def _wrong(hint: Any, raw: Any, key: str) -> NoReturn:
    kinds: dict[Any, type[Problem]] = {
        str: problems.NotText,
        int: problems.NotWhole,
        float: problems.NotNumber,
        bool: problems.NotTrueFalse,
        list: problems.NotList,
    }
    problem = kinds.get(hint, problems.NotTable)
    raise BadOption(key=key, problem=problem(given=repr(raw)))
