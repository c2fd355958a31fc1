"""A GM's line as a command and its arguments."""

from __future__ import annotations

from typing import Any

from gmkit.command import Command

from .arguments import read_arguments
from .catalogue import Catalogue
from .usage import NoForce


def parse_line(line: str, catalogue: Catalogue) -> tuple[Command, dict[str, Any]]:
    """What ``line`` asks for. Raises GMError with a sentence for anything that it cannot read.

    ``/``, ``.`` and ``!`` before the command are passed over; ``!`` behind its name is the
    argument of kind ``force``.
    """
    command, forced, rest = catalogue.find(line)
    values = read_arguments(command, rest)
    force = [argument for argument in command.arguments if argument.kind == "force"]
    if forced and not force:
        raise NoForce(command=command.name, usage=command.usage(), problem="")
    return command, values | {argument.name: True for argument in force if forced}
