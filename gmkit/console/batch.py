"""``gmkit do`` and ``gmkit watch``: for scripts, and for people who like lines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from gmkit.errors import GMError
from gmkit.i18n import N_, language
from gmkit.text import safe

from .ansi import coloured, plain, wants_colour
from .blocking import messages
from .core import GateCore, Message
from .endpoint import Endpoint
from .lines import LineMaker


class TimedOut(GMError):
    """The daemon did not answer within {seconds} seconds. The command may have been carried out
    all the same: look before you repeat it."""


class Who(NamedTuple):
    """Which daemon, as whom, in which language."""

    where: Endpoint
    user: str | None = None
    password: str | None = None
    lang: str = "en"


def do(who: Who, line: str, *, as_json: bool = False, wait: float = 30.0) -> int:
    """Run one command and print what it gives; 0 done, 1 refused. Raises GMError.

    A connection that is lost is made again and the command repeated, without being done twice,
    for ``wait`` seconds.
    """
    core = GateCore(
        time.monotonic, user=who.user, password=who.password, lang=who.lang, follow=False
    )
    asked = core.do(line)
    until = time.monotonic() + wait

    def patient() -> bool:
        return core.met and time.monotonic() < until

    for message in messages(core, who.where, on_down=lambda why: None, patient=patient):
        if message.get("id") == asked:
            return _print_answer(message, who.lang, as_json)
        if time.monotonic() > until:
            break
    raise TimedOut(seconds=round(wait))


def _print_answer(message: Message, lang: str, as_json: bool) -> int:
    refused = message["type"] == "refused"
    if as_json:
        print(to_json(_error(message) if refused else message["data"]))
        return int(refused)
    if refused:
        print(safe(message["sentence"]), file=sys.stderr)
        return 1
    empty = message["data"] in (None, [], {})
    if message["view"] == "done" or (empty and message["sentence"]):  # spares importing rich
        print(safe(message["sentence"]) or language(lang).gettext(N_("Done.")))
        return 0
    from .render import show

    show(message, lang=lang, file=sys.stdout)
    return 0


def _error(message: Message) -> dict[str, Any]:
    return {"error": {key: message[key] for key in ("code", "sentence", "facts")}}


def to_json(data: Any) -> str:
    """One line of JSON, which a terminal shows without obeying any of it."""
    line = json.dumps(data, ensure_ascii=False, default=str)
    if line.isprintable():
        return line
    # Only texts can hold what is not printable, and there an escape means the same.
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def watch(who: Who, *, as_json: bool = False, since: int | None = None) -> int:
    """Print the channel until interrupted, one event a line; what the link does, on stderr."""
    core = GateCore(
        time.monotonic, user=who.user, password=who.password, lang=who.lang, since=since
    )
    say = language(who.lang).gettext
    link = LinkTeller(say, who.where)
    lines = LineMaker(say)
    paint = coloured if wants_colour(sys.stdout) else plain
    try:
        for message in messages(core, who.where, on_down=link.down, patient=lambda: core.met):
            match message["type"]:
                case "event" if as_json:
                    print(to_json(message["event"]))
                case "event":
                    print(paint(lines.spans(message["event"])))
                case "pause":
                    sys.stdout.flush()
                case "welcome":
                    link.up()
                case "snapshot":
                    for ticket in message["tickets"]:
                        lines.learn(ticket)
                case "notice":
                    print(safe(message["sentence"]), file=sys.stderr)
    except KeyboardInterrupt:
        return 0
    return 0


class LinkTeller:
    """Says once that the link is lost, and once that it is back."""

    def __init__(self, say: Callable[[str], str], where: Endpoint) -> None:
        self._say = say
        self._where = where
        self._down = False

    def up(self) -> None:
        """A login worked."""
        if self._down:
            back = self._say(N_("The link to {where} is back; nothing was missed."))
            self._tell(back.format(where=self._where))
        self._down = False

    def down(self, why: GMError) -> None:
        """A connection ended or could not be made."""
        if not self._down:
            lost = self._say(N_("The link to the daemon is lost: {why} It is tried again."))
            self._tell(lost.format(why=why.sentence(self._say)))
        self._down = True

    def _tell(self, sentence: str) -> None:
        sys.stdout.flush()
        print(f"{time.strftime('%H:%M:%S')} gmkit: {safe(sentence)}", file=sys.stderr, flush=True)
