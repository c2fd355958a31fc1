"""Events as lines that people read: ``14:02:10 s1 #12 阿宝: 我的火车卡住了``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from gmkit.i18n import N_
from gmkit.text import safe

Json = Mapping[str, Any]

MOST_NAMES = 20_000


class Span(NamedTuple):
    """A piece of a line. ``role`` says what it is; the terminal chooses how that looks."""

    role: str
    text: str


class Names:
    """Players' names by server and id, learnt from what passes by."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def learn(self, server: str | None, player: str | None, name: Any) -> None:
        """Remember a name; the oldest is forgotten when there are too many."""
        if server is None or player is None or not isinstance(name, str) or not name:
            return
        self._names.pop((server, player), None)
        self._names[server, player] = name
        if len(self._names) > MOST_NAMES:
            del self._names[next(iter(self._names))]

    def of(self, server: str | None, player: str | None) -> str:
        """The name, or the id as far as it is known; safe to show."""
        return safe(self._names.get((server or "", player or ""), player or "?"))


SAID = frozenset({"asked", "added", "replied", "noted", "told", "announced"})

SENTENCES: dict[str, str] = {
    "cancelled": N_("{player} withdrew the question"),
    "rated": N_("{player} rates the help: {stars}"),
    "claimed": N_("{gm} takes the ticket"),
    "assigned": N_("{gm} gives the ticket to {to}"),
    "unassigned": N_("{gm} puts the ticket back into the queue"),
    "completed": N_("{gm} solved it"),
    "closed": N_("{gm} closed it without an answer"),
    "sent": N_("the line {delivery} is on its way to {player} here"),
    "delivered": N_("{player} has got the line {delivery}"),
    "proof_asked": N_("{player} asks whether the GM is real, and was shown: {phrase}"),
    "expired": N_("the line {delivery} was given up"),
    "acted": N_("{gm}: {verb} {player}, {result}"),
    "gm_added": N_("{gm} made the account {name}"),
    "gm_changed": N_("{gm} changed the account {name}"),
    "duty_started": N_("{gm} is on duty"),
    "duty_ended": N_("{gm} is off duty"),
    "server_up": N_("connected"),
    "server_degraded": N_("connected in part"),
    "server_down": N_("not connected"),
    "noticed": N_("notice"),
    "alerted": N_("alert"),
}
"""What is said of an event; its text, if any, follows after a colon."""

TAKEN_FROM = {
    "claimed": N_("{gm} takes the ticket from {taken_from}"),
    "assigned": N_("{gm} takes the ticket from {taken_from} and gives it to {to}"),
    "unassigned": N_("{gm} takes the ticket from {taken_from} and puts it back into the queue"),
}
"""The same where another GM held the ticket."""

REOPENED_BY_GM = N_("{gm} opened the ticket again")
REOPENED_BY_PLAYER = N_("{player} opened the ticket again")
GMKIT = "gmkit"


class LineMaker:
    """Makes lines of events, in one language."""

    def __init__(self, gettext: Callable[[str], str], names: Names | None = None) -> None:
        self._ = gettext
        self.names = names or Names()
        self._second = ("", "")

    def learn(self, ticket: Json) -> None:
        """Take the player's name from a ticket of a snapshot."""
        self.names.learn(ticket.get("server"), ticket.get("player_id"), ticket.get("player"))

    def spans(self, event: Json) -> list[Span]:
        """One event as pieces of one line, safe to show."""
        data = event.get("data") or {}
        if event["kind"] in ("asked", "added", "told"):
            self.names.learn(event.get("server"), event.get("player"), data.get("name"))
        spans = [Span("time", self.clock(event["at"])), Span("", " ")]
        if event.get("server"):
            spans += [Span("server", safe(event["server"])), Span("", " ")]
        if event.get("ticket"):
            spans += [Span("ticket", f"#{event['ticket']}"), Span("", " ")]
        return spans + (
            self._said(event, data) if event["kind"] in SAID else self._told(event, data)
        )

    def line(self, event: Json) -> str:
        """One event as one line of text."""
        return "".join(span.text for span in self.spans(event))

    def clock(self, at: str) -> str:
        """The local time of an ISO 8601 time, as ``14:02:10``."""
        if self._second[0] != at[:19]:
            try:
                local = datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
            except ValueError:
                local = "--:--:--"
            self._second = (at[:19], local)
        return self._second[1]

    def _said(self, event: Json, data: Json) -> list[Span]:
        kind, text = event["kind"], safe(event.get("text") or "")
        player = self.names.of(event.get("server"), event.get("player"))
        if kind in ("asked", "added"):
            return [Span("player", player), Span("", ": "), Span("question", text)]
        gm = safe(event.get("actor") or GMKIT)
        if kind == "noted":
            about = self._(N_("(note)"))
            return [Span("gm", gm), Span("note", f" {about}"), Span("", ": "), Span("note", text)]
        to = player if kind != "announced" else ", ".join(map(safe, data.get("servers") or ["*"]))
        return [
            Span("gm", gm),
            Span("", " → "),
            Span("player", to),
            Span("", ": "),
            Span("answer", text),
        ]

    def _told(self, event: Json, data: Json) -> list[Span]:
        kind = event["kind"]
        role = _ROLES.get(kind, "event")
        facts = {
            "gm": safe(event.get("actor") or GMKIT),
            "player": self.names.of(event.get("server"), event.get("player")),
            "stars": _stars(data.get("stars")),
            **{key: safe(str(data.get(key) or "")) for key in _FACTS},
        }
        if kind == "reopened":
            template = REOPENED_BY_GM if event.get("actor") else REOPENED_BY_PLAYER
        elif data.get("taken_from") not in (None, event.get("actor")) and kind in TAKEN_FROM:
            template = TAKEN_FROM[kind]
        else:
            template = SENTENCES.get(kind, "")
        said = self._(template).format(**facts) if template else safe(kind)
        spans = [Span(role, said)]
        if event.get("text"):
            spans += [Span(role, ": "), Span(_TEXT_ROLES.get(kind, role), safe(event["text"]))]
        return spans


_FACTS = ("to", "taken_from", "delivery", "verb", "result", "name", "phrase")
_ROLES = {
    "alerted": "alert",
    "expired": "alert",
    "server_down": "alert",
    "server_degraded": "alert",
    "noticed": "alert",
    "sent": "quiet",
    "delivered": "quiet",
    "duty_started": "quiet",
    "duty_ended": "quiet",
    "server_up": "quiet",
}
_TEXT_ROLES = {"completed": "answer", "reopened": "question"}


def _stars(stars: Any) -> str:
    full = stars if isinstance(stars, int) and 0 <= stars <= 5 else 0
    return "★" * full + "☆" * (5 - full)
