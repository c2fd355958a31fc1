"""Why a command line cannot be run. Each docstring is what the GM reads."""

from __future__ import annotations

from gmkit.errors import Ambiguous, BadUsage, GMError, Unknown


class NothingTyped(BadUsage):
    """Type a command, such as ticket list. All of them: help"""


class UnknownCommand(Unknown):
    """There is no command {name}. All of them: help"""


class MisspeltCommand(UnknownCommand):
    """There is no command {name}. Did you mean {near}?"""


class NoSuchVerb(UnknownCommand):
    """There is no command {name}. Those there are: help {group}"""


class AmbiguousCommand(Ambiguous):
    """{name} fits more than one command: {candidates}. Say which one."""


class OpenQuote(BadUsage):
    """A quotation mark is not closed."""


class ArgumentMissing(BadUsage):
    """{argument} is missing. Usage: {usage}"""


class TooManyWords(BadUsage):
    """{value} is one word too many; put names with spaces in quotation marks. Usage: {usage}"""


class NoForce(BadUsage):
    """{command} takes no exclamation mark. Usage: {usage}"""


class NoTicketNumber(BadUsage):
    """{value} is no ticket number. Usage: {usage}"""


class NoNumber(BadUsage):
    """{value} is no whole number. Usage: {usage}"""


class NoChoice(BadUsage):
    """{value} is none of {choices}. Usage: {usage}"""


class NoFilter(BadUsage):
    """There is no filter {value}; there are {choices}. To look for the text itself, put it in
    quotation marks."""


class FilterEmpty(BadUsage):
    """The filter {value} needs a value behind the colon."""


class DuplicateCommand(GMError):
    """The command {name} is offered by {one} and by {other}; remove one of the two."""
