"""Why the desk says no. Each docstring is what the GM or the player reads."""

from __future__ import annotations

from gmkit.errors import Refused


class Repeated(Refused):
    """This was done already."""


class NoSuchTicket(Refused):
    """There is no ticket #{ticket} here, or it was finished too long ago; see ticket search."""


class TicketFinished(Refused):
    """#{ticket} is finished. Open it again first: ticket reopen {ticket}"""


class TicketOpen(Refused):
    """#{ticket} is open already."""


class TicketHeld(Refused):
    """#{ticket} is held by {holder}. To go on all the same, add an exclamation mark: {verb}!"""


class AlreadyYours(Refused):
    """#{ticket} is yours already."""


class AlreadyTheirs(Refused):
    """#{ticket} is with {holder} already."""


class NobodyHolds(Refused):
    """Nobody holds #{ticket}; it is in the queue."""


class NothingToSay(Refused):
    """There is no text. Write it after the command."""


class NothingAnswered(Refused):
    """The player of #{ticket} got no answer yet. Give one: ticket complete {ticket} TEXT.
    Or end it without a word: ticket close {ticket}"""


class NoSuchGM(Refused):
    """There is no GM account {name}."""


class GMDisabled(Refused):
    """The GM account {name} is disabled."""


class GMExists(Refused):
    """There is a GM account {name} already."""


class NothingToCancel(Refused):
    """You have no open ticket."""


class NothingToVerify(Refused):
    """No GM is talking to you through gmkit: you have no open ticket. Trust nobody who says so."""


class NothingToRate(Refused):
    """There is nothing to rate now."""


class StarsOutOfRange(Refused):
    """Rate with a digit from 1 (poor) to 5 (excellent)."""
