"""The arguments of a command, read by its declaration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gmkit.command import Argument, BadUsage, Command, GMError, Target, parse_duration

from .usage import (
    ArgumentMissing,
    FilterEmpty,
    NoChoice,
    NoFilter,
    NoNumber,
    NoTicketNumber,
    TooManyWords,
)
from .words import Word, Words

SHOWN = 60
"""Characters of a wrong word that are repeated to the GM."""

_TICKET = re.compile(r"[#＃]?([0-9]{1,9})", re.ASCII)
_NUMBER = re.compile(r"[-+]?[0-9]{1,12}", re.ASCII)
_LIKE_A_FILTER = re.compile(r"[a-z_]+:\S*", re.ASCII)


class Misread(Exception):
    """A word is not of its argument's kind. Holds the error's class."""

    def __init__(self, error: type[BadUsage]) -> None:
        self.error = error


def read_arguments(command: Command, line: str) -> dict[str, Any]:
    """What ``command`` is called with, from the words behind its name.

    An optional argument that the next word does not fit is left out if others follow. Raises
    BadUsage with the command's form, or what is wrong with a duration.
    """
    words = Words(line)
    values: dict[str, Any] = {}
    arguments = [argument for argument in command.arguments if argument.kind != "force"]
    for argument in arguments:
        if not words.left():
            break
        try:
            values[argument.name] = _READERS[argument.kind](words, argument)
        except (Misread, GMError) as fault:
            if argument.required or argument is arguments[-1]:
                raise _error(fault, command, argument, words) from None
    for argument in arguments:
        if argument.required and argument.name not in values:
            raise ArgumentMissing(argument=argument.name.upper(), usage=command.usage(), problem="")
    if words.left():
        raise _error(Misread(TooManyWords), command, None, words)
    return values


def _error(
    fault: Misread | GMError, command: Command, argument: Argument | None, words: Words
) -> GMError:
    if isinstance(fault, GMError):
        return fault
    return fault.error(
        argument=argument.name.upper() if argument is not None else "",
        value=str(words.next())[:SHOWN],
        choices=", ".join(argument.choices) if argument is not None else "",
        usage=command.usage(),
        problem="",
    )


def _one_word(read: Callable[[Word, Argument], Any]) -> Callable[[Words, Argument], Any]:
    """A reader that takes the next word only if ``read`` can make something of it."""

    def take(words: Words, argument: Argument) -> Any:
        word = words.peek()
        value = read(word or Word(""), argument)
        words.next()
        return value

    return take


def _ticket(word: Word, argument: Argument) -> int:
    form = _TICKET.fullmatch(str(word))
    if form is None:
        raise Misread(NoTicketNumber)
    return int(form.group(1))


def _number(word: Word, argument: Argument) -> int:
    if not _NUMBER.fullmatch(str(word)):
        raise Misread(NoNumber)
    return int(str(word))


def _choice(word: Word, argument: Argument) -> str:
    chosen = str(word).lower()
    if chosen not in argument.choices:
        raise Misread(NoChoice)
    return chosen


def _player(word: Word, argument: Argument) -> Target:
    """``name``, ``"a name"``, ``@id``, ``@"an id"``, each also behind ``server:``."""
    server, colon, rest = word.bare.replace("：", ":").partition(":")
    if not colon or not server or not (rest or word.quoted):
        server, rest = "", word.bare
    if rest.startswith("@") and (len(rest) > 1 or word.quoted):
        return Target(id=rest[1:] + (word.quoted or ""), server=server or None)
    if not (rest or word.quoted):
        raise Misread(ArgumentMissing)
    return Target(name=rest + (word.quoted or ""), server=server or None)


def _filters(words: Words, argument: Argument) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    text: list[str] = []
    while word := words.peek():
        key, colon, value = word.bare.replace("：", ":", 1).partition(":")
        key = key.lower()
        if colon and key + ":" in argument.choices:
            found[key] = value + (word.quoted or "")
            if not found[key]:
                raise FilterEmpty(value=key + ":", problem="", usage="")
        elif word.quoted is None and key in argument.choices and not colon:
            found[key] = True
        elif colon and _LIKE_A_FILTER.fullmatch(word.bare):
            raise Misread(NoFilter)
        else:
            text.append(str(word))
        words.next()
    if text:
        found["text"] = " ".join(text)
    return found


_READERS: Mapping[str, Callable[[Words, Argument], Any]] = {
    "ticket": _one_word(_ticket),
    "number": _one_word(_number),
    "duration": _one_word(lambda word, argument: parse_duration(str(word))),
    "choice": _one_word(_choice),
    "player": _one_word(_player),
    "server": _one_word(lambda word, argument: str(word)),
    "gm": _one_word(lambda word, argument: str(word)),
    "word": _one_word(lambda word, argument: str(word)),
    "text": lambda words, argument: words.rest(),
    "filters": _filters,
}
