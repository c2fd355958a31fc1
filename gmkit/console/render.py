"""Answers of commands as people see them: one function for each view that commands name."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gmkit.i18n import N_, language
from gmkit.text import safe

from .ansi import wants_colour
from .when import age, moment

Row = Mapping[str, Any]
Say = Callable[[str], str]

WIDEST_WITHOUT_TERMINAL = 200
WIDEST_COLUMN = 24
_STATE_STYLES = {
    "up": "green",
    "degraded": "yellow",
    "down": "bold red",
    "connecting": "yellow",
    "open": "",
    "completed": "green",
    "closed": "dim",
    "cancelled": "dim",
}
STATES = {
    "up": N_("up"),
    "degraded": N_("degraded"),
    "down": N_("down"),
    "connecting": N_("connecting"),
    "open": N_("open"),
    "completed": N_("completed"),
    "closed": N_("closed"),
    "cancelled": N_("cancelled"),
}
HAPPENED = {
    "cancelled": N_("withdrew the question"),
    "rated": N_("rated the help"),
    "proof_asked": N_("asked whether the GM is real"),
    "claimed": N_("took the ticket"),
    "assigned": N_("gave the ticket away"),
    "unassigned": N_("put the ticket back into the queue"),
    "completed": N_("solved it"),
    "closed": N_("closed it without an answer"),
    "reopened": N_("opened it again"),
    "alerted": N_("alert"),
    "noted": N_("(note)"),
    "acted": N_("acted"),
}
DELIVERIES = {
    "queued": N_("waiting"),
    "delivered": N_("delivered"),
    "expired": N_("not delivered"),
}
NO_TICKET = N_("No ticket waits. When a player asks for help you see it here at once.")


def show(
    answer: Row, *, lang: str, file: IO[str], width: int | None = None, now: float | None = None
) -> None:
    """Print an answer: its data in its view, then its sentence. ``width`` is in columns."""
    page = io.StringIO()
    console = Console(
        file=page,
        width=width or (_columns() if file.isatty() else WIDEST_WITHOUT_TERMINAL),
        force_terminal=wants_colour(file) or None,
        no_color=not wants_colour(file),
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in renderables(answer, lang=lang, now=time.time() if now is None else now):
        console.print(part)
    # Tables fill their last column with spaces, which only get in the way in a file or a paste.
    file.write("".join(f"{line.rstrip(' ')}\n" for line in page.getvalue().split("\n")[:-1]))


def _columns() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def renderables(answer: Row, *, lang: str, now: float) -> Iterable[RenderableType]:
    """The parts of an answer: data as its view says, if there is any, and the sentence."""
    views = Views(language(lang).gettext, now)
    data, sentence = answer.get("data"), safe(answer.get("sentence") or "")
    view = VIEWS.get(str(answer.get("view")), Views.table)
    shown = views.shown(view, data) if data not in (None, [], {}) else None
    if shown is not None:
        yield shown
    if sentence:
        yield Text(sentence)
    elif shown is None:
        yield Text(views.say(EMPTY.get(str(answer.get("view")), N_("Done."))))


EMPTY = {
    "tickets": NO_TICKET,
    "players": N_("Nobody was found."),
    "servers": N_("There is no server that you cover."),
    "messages": N_("Nothing was found."),
    "staff": N_("There is no GM account yet. Make one with: gm add NAME gm"),
    "table": N_("There is nothing to show."),
    "help": N_("There is no such command."),
}


class Views:
    """The views, in one language at one moment."""

    def __init__(self, say: Say, now: float) -> None:
        self.say = say
        self.now = now

    def shown(
        self, view: Callable[[Views, Any], RenderableType | None], data: Any
    ) -> RenderableType | None:
        """The data in its view, or plainly where it is not what the view expects."""
        try:
            return view(self, data)
        except (TypeError, AttributeError, KeyError, ValueError):
            return self.table(data)

    def tickets(self, rows: Sequence[Row]) -> RenderableType:
        """One ticket a row; what was asked gets the room that is left."""
        table = self._table(
            ("#", "right"),
            N_("waits"),
            N_("server"),
            N_("player"),
            N_("held by"),
            (N_("question"), "one line"),
        )
        for row in rows:
            table.add_row(
                Text(safe(str(row.get("ticket", ""))), "bold yellow"),
                self._waits(row),
                Text(safe(str(row.get("server") or "")), "cyan"),
                self._player(row),
                self._holder(row),
                _line(row.get("text")),
            )
        return table

    def ticket(self, data: Row) -> RenderableType:
        """One ticket with its conversation."""
        row = data.get("ticket") or {}
        head = Text.assemble(
            (safe(f"#{row.get('ticket', '')} "), "bold yellow"),
            (safe(str(row.get("server") or "")) + " ", "cyan"),
            self._player(row),
            " ",
            self._state(row.get("state")),
        )
        if row.get("claimed_by"):
            held = self.say(N_("held by {gm}")).format(gm=safe(row["claimed_by"]))
            head.append(f"  {held}", "green")
        if row.get("place"):
            head.append(
                "  " + self.say(N_("place {n} in the queue")).format(n=safe(str(row["place"])))
            )
        if row.get("stars"):
            head.append("  " + "★" * int(row["stars"]), "yellow")
        opened = self.say(N_("asked {at}")).format(at=moment(row.get("opened_at"), self.now))
        head.append(f"  {opened}", "dim")
        talk = self.messages(data.get("conversation") or [], one_ticket=True)
        return Group(head, Padding(talk, (0, 0, 0, 1)))

    def messages(self, rows: Sequence[Row], one_ticket: bool = False) -> RenderableType:
        """What was said, by whom, and what happened."""
        table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
        table.add_column(no_wrap=True, style="dim")
        if not one_ticket:
            table.add_column(no_wrap=True, style="bold yellow", justify="right")
            table.add_column(no_wrap=True, style="cyan")
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=24)
        table.add_column(overflow="fold")
        for row in rows:
            number = f"#{row['ticket']}" if row.get("ticket") else ""
            where = [Text(safe(number)), Text(safe(str(row.get("server") or "")))]
            table.add_row(
                moment(row.get("at"), self.now),
                *([] if one_ticket else where),
                self._speaker(row),
                self._message(row),
            )
        return table

    def servers(self, rows: Sequence[Row]) -> RenderableType:
        """The game servers."""
        table = self._table(
            N_("server"),
            N_("game"),
            N_("state"),
            N_("since"),
            (N_("online"), "right"),
            N_("tags"),
            (N_("details"), "rest"),
        )
        for row in rows:
            table.add_row(
                Text(safe(str(row.get("name", ""))), "cyan"),
                _line(row.get("title")),
                self._state(row.get("state")),
                age(row.get("since"), self.now, self.say),
                safe(str(row.get("online", ""))),
                _line(", ".join(row.get("tags") or [])),
                _line(row.get("reason")),
            )
        return table

    def players(self, rows: Sequence[Row]) -> RenderableType:
        """Players, online or not."""
        table = self._table(
            N_("server"),
            N_("player"),
            (N_("id"), "rest"),
            (N_("account"), "rest"),
            N_("last heard of"),
        )
        for row in rows:
            online = row.get("online")
            table.add_row(
                Text(safe(str(row.get("server", ""))), "cyan"),
                self._player(row),
                _line(row.get("player_id")),
                _line(row.get("account")),
                Text(self.say(N_("online")), "green")
                if online
                else moment(row.get("last_seen"), self.now),
            )
        return table

    def staff(self, rows: Sequence[Row]) -> RenderableType:
        """GM accounts."""
        table = self._table(
            N_("GM"), N_("role"), N_("on duty for"), (N_("holds"), "right"), N_("servers")
        )
        for row in rows:
            style = "dim" if row.get("disabled") else "green" if row.get("on_duty_since") else ""
            duty = age(row.get("on_duty_since"), self.now, self.say)
            table.add_row(
                Text(safe(str(row.get("name", ""))), style),
                _line(row.get("role")),
                self.say(N_("disabled")) if row.get("disabled") else duty,
                safe(str(row.get("holds", ""))),
                _line(", ".join(row.get("servers") or [])),
            )
        return table

    def help(self, rows: Sequence[Row]) -> RenderableType:
        """One command in full, or a list."""
        if len(rows) == 1:
            return self._command(rows[0])
        table = self._table((N_("command"), "left"), N_("short"), (N_("what it does"), "rest"))
        for row in rows:
            usage = str(row.get("usage", ""))
            short = min(row.get("aliases") or [""], key=len)
            short = short if len(short) < len(str(row.get("name") or usage)) else ""
            table.add_row(
                Text(safe(usage), "bold"),
                Text(safe(short), "dim"),
                Text(self._about(row)),
            )
        return table

    def table(self, data: Any) -> RenderableType:
        """Anything: rows of the same keys as a table, a map as lines, the rest as text."""
        if isinstance(data, Mapping):
            rows = [{"": key, " ": value} for key, value in data.items()]
        elif isinstance(data, list) and all(isinstance(row, Mapping) for row in data):
            rows = data
        else:
            return _line(data)
        keys = list(dict.fromkeys(key for row in rows for key in row))
        table = self._table(*(safe(str(key)) for key in keys))
        for row in rows:
            table.add_row(*(_line(row.get(key)) for key in keys))
        return table

    def done(self, data: Any) -> RenderableType | None:
        """The sentence says it all."""
        return None

    # --- pieces -------------------------------------------------------------------------------

    def _table(self, *columns: str | tuple[str, str]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", show_edge=False)
        for column in columns:
            name, kind = column if isinstance(column, tuple) else (column, "left")
            title = Text(self.say(name) if name.strip() else name)
            if kind == "one line":
                table.expand = True
                table.add_column(title, no_wrap=True, overflow="ellipsis", ratio=1)
            elif kind == "rest":
                table.add_column(title, overflow="fold", ratio=None)
            else:
                table.add_column(
                    title,
                    no_wrap=True,
                    overflow="ellipsis",
                    max_width=WIDEST_COLUMN,
                    justify="right" if kind == "right" else "left",
                )
        return table

    def _about(self, row: Row) -> str:
        about = str(row.get("about") or "")
        return safe(self.say(about)) if about else ""

    def _waits(self, row: Row) -> Text:
        if row.get("state", "open") != "open":
            return self._state(row.get("state"))
        if not row.get("waiting_since"):
            return Text(self.say(N_("answered")), "dim")
        return Text(age(row["waiting_since"], self.now, self.say))

    def _player(self, row: Row) -> Text:
        name = Text(safe(str(row.get("player") or row.get("player_id") or "")), "bold")
        if row.get("vip"):
            name.append(f" VIP{row['vip']}", "magenta")
        return name

    def _holder(self, row: Row) -> Text:
        return Text(safe(str(row.get("claimed_by") or "")), "green")

    def _state(self, state: Any) -> Text:
        known = STATES.get(str(state), str(state or ""))
        return Text(safe(self.say(known) if known else ""), _STATE_STYLES.get(str(state), ""))

    def _speaker(self, row: Row) -> Text:
        if row.get("actor"):
            return Text(safe(row["actor"]), "green")
        if row.get("kind") in ("told", "alerted", "expired"):
            return Text("gmkit", "dim")
        return Text(safe(str(row.get("player") or row.get("player_id") or "")), "bold")

    def _message(self, row: Row) -> Text:
        kind = str(row.get("kind"))
        text = Text(safe(str(row.get("text") or "")), "magenta" if kind == "noted" else "")
        if kind in HAPPENED:
            happened = self.say(HAPPENED[kind])
            detail = f" {safe(str(row['detail']))}" if row.get("detail") else ""
            text = Text.assemble(
                (happened + detail, "blue"), (": " if row.get("text") else ""), text
            )
        state = row.get("delivery_state")
        if state in ("queued", "expired"):
            text.append(
                f"  [{self.say(DELIVERIES[state])}]", "yellow" if state == "queued" else "red"
            )
        return text

    def _command(self, row: Row) -> RenderableType:
        parts: list[RenderableType] = [
            Text(safe(str(row.get("usage", ""))), "bold"),
            Text(self._about(row)),
        ]
        for argument in row.get("arguments") or []:
            about = self._about(argument)
            forced = argument.get("kind") == "force"
            typed = "!" if forced else safe(str(argument.get("name", ""))).upper()
            parts.append(Text.assemble("  ", (typed, "cyan"), f"  {about}"))
        if row.get("aliases"):
            parts.append(
                Text(
                    self.say(N_("short forms: {names}")).format(
                        names=safe(", ".join(row["aliases"]))
                    )
                )
            )
        for example in row.get("examples") or []:
            parts.append(Text.assemble("  > ", (safe(example), "green")))
        return Group(*parts)


VIEWS: Mapping[str, Callable[[Views, Any], RenderableType | None]] = {
    "tickets": Views.tickets,
    "ticket": Views.ticket,
    "messages": Views.messages,
    "servers": Views.servers,
    "players": Views.players,
    "staff": Views.staff,
    "help": Views.help,
    "table": Views.table,
    "done": Views.done,
}


def _line(value: Any) -> Text:
    return Text("" if value is None else safe(str(value)))
