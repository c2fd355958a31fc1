"""The messages in the sources, found without importing anything.

They are the arguments of ``N_``, ``_`` and ``gettext``, the ``help`` and ``about`` that
``option`` and ``Argument`` are given as plain text, and the docstrings of the errors, which are
the sentences that people read.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

MARKS = {"N_", "_", "gettext"}
FIRST_ERROR = "GMError"

# A template of fields and marks only is the same in every language.
_FIELD = re.compile(r"\{\w*\}")
_LETTER = re.compile(r"[^\W\d_]")


class Message(NamedTuple):
    """One message and where it stands."""

    text: str
    file: str
    line: int


def messages(root: Path, folders: Iterable[str]) -> list[Message]:
    """Every message of the Python files under these folders, by file and line."""
    links = {path for folder in folders for path in (root / folder).iterdir() if path.is_symlink()}
    trees = {
        path.relative_to(root).as_posix(): ast.parse(path.read_text("utf-8"))
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if not links & set(path.parents)
    }
    errors = error_classes(trees.values())
    return [
        Message(text, file, line)
        for file, tree in trees.items()
        for text, line in sorted({*marked(tree), *sentences(tree, errors)}, key=lambda at: at[1])
        if _LETTER.search(_FIELD.sub("", text))
    ]


def marked(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The texts given to the marking functions and to ``option(help=…)``."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _last_name(node.func)
        given = node.args[:1] if name in MARKS else []
        if name == "option":
            given = [word.value for word in node.keywords if word.arg == "help"]
        for argument in given:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value, node.lineno


def error_classes(trees: Iterable[ast.AST]) -> set[str]:
    """The names of all classes that descend from GMError, whichever file they are in."""
    bases = {
        node.name: {_last_name(base) for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    known = {FIRST_ERROR}
    while more := {name for name, above in bases.items() if above & known} - known:
        known |= more
    return known


def sentences(tree: ast.AST, errors: set[str]) -> Iterator[tuple[str, int]]:
    """The errors' docstrings, in one line as ``GMError.template`` gives them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in errors:
            docstring = ast.get_docstring(node, clean=False)
            if docstring:
                yield " ".join(inspect.cleandoc(docstring).split()), node.lineno


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
