"""What gmkit itself says to players, in their language."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from gmkit.errors import GMError
from gmkit.i18n import N_, language

OPENED = N_("[#{ticket}] Your message is with the GMs.")
ADDED = N_("[#{ticket}] Added to your open ticket.")
REOPENED = N_("[#{ticket}] Your ticket is open again.")
PLACE = N_("You are number {place} in the queue.")
WAIT_MINUTES = N_("About {minutes} min to wait.")
WAIT_SHORT = N_("Less than a minute to wait.")
NOBODY = N_("No GM is on duty right now; you will be answered as soon as one is.")
HELD = N_("GM {gm} is looking after it.")
ANSWERED = N_("You have been answered; write again if something is missing.")
CANCELLED = N_("[#{ticket}] Withdrawn.")
THANKS = N_("[#{ticket}] Thank you for rating: {stars} of 5.")
RATE = N_("[#{ticket}] Solved? Please rate with a digit from 1 (poor) to 5 (excellent).")
ANSWER = N_("[GM {gm}] {text}")
SYSTEM = N_("[Help] {text}")
NO_TICKET = N_("You have no open ticket. To ask for help: {trigger} your question")
USAGE = N_(
    "To ask a GM: {trigger} your question. "
    "Also: {prefix}status, {prefix}cancel, {prefix}verify (is this a real GM?)."
)
TOO_SHORT = N_("Please say a little more: {trigger} your question")
TOO_FAST = N_("You are writing too fast; wait {seconds} s. Your last line was not taken.")
TOO_MANY = N_("Too many messages from this server right now; please try again in a minute.")
WAIT_TO_ASK = N_("Please wait {seconds} s before the next question.")
PROOF = N_("[#{ticket}] A real GM can tell you this code: {phrase}. Never give your password.")


@lru_cache(maxsize=256)  # players' tags are what games say: there is no end of them
def wording(tag: str | None) -> Wording:
    """The wording for a language tag."""
    return Wording(language(tag).gettext)


def joined(*sentences: str) -> str:
    """Sentences one behind the other; no space follows a full-width stop."""
    line = ""
    for sentence in sentences:
        line += sentence if not line or line[-1] in "。！？" else f" {sentence}"
    return line


class Wording:
    """Sentences in one language."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        self.translate = translate
        self._added = translate(ADDED)
        self._known: dict[str, str] = {}

    def say(self, template: str, **facts: object) -> str:
        """A template of this module, translated and filled in."""
        words = self._known.get(template)
        if words is None:
            words = self._known[template] = self.translate(template)
        return words.format(**facts)

    def refusal(self, refusal: GMError) -> str:
        """The desk's refusal as the player reads it."""
        return refusal.sentence(self.translate)

    def added(self, ticket: int) -> str:
        return self._added.replace("{ticket}", str(ticket))

    def queue(self, place: int | None, wait: float | None, on_duty: bool) -> list[str]:
        """Where the player stands: place, and a wait only where there is ground for one."""
        if not on_duty:
            return [self.say(NOBODY)]
        said = [self.say(PLACE, place=place)] if place is not None else []
        if wait is not None:
            minutes = -int(-wait // 60)
            said.append(
                self.say(WAIT_MINUTES, minutes=minutes) if wait >= 60 else self.say(WAIT_SHORT)
            )
        return said
