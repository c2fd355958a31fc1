"""The desk's face: decide, apply, read, and its snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from gmkit.errors import Refused
from gmkit.model import Event, Source

from . import from_gmkit, from_gms, from_players, requests
from .fold import apply
from .rules import Rules
from .snapshot import dump, load
from .state import Server, State, Stream
from .ticket import Account, Delivery, Ticket

DECISIONS: Mapping[type, Callable[..., list[Event] | Refused]] = {
    requests.Ask: from_players.ask,
    requests.Cancel: from_players.cancel,
    requests.Rate: from_players.rate,
    requests.Verify: from_players.verify,
    requests.Claim: from_gms.claim,
    requests.Assign: from_gms.assign,
    requests.Unassign: from_gms.unassign,
    requests.Reply: from_gms.reply,
    requests.Note: from_gms.note,
    requests.Complete: from_gms.complete,
    requests.Close: from_gms.close,
    requests.Reopen: from_gms.reopen,
    requests.Tell: from_gms.tell,
    requests.Announce: from_gms.announce,
    requests.Act: from_gms.act,
    requests.Duty: from_gms.duty,
    requests.AddGM: from_gms.add_gm,
    requests.ChangeGM: from_gms.change_gm,
    requests.Sent: from_gmkit.sent,
    requests.Delivered: from_gmkit.delivered,
    requests.Expired: from_gmkit.expired,
    requests.Alert: from_gmkit.alert,
    requests.LinkChanged: from_gmkit.link_changed,
    requests.Notify: from_gmkit.notify,
}


class Desk:
    """Tickets, queue, deliveries and staff. Implements gmkit.desk.view.DeskView."""

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008 - immutable
        self.rules = rules
        self._state = State()

    def decide(self, request: requests.Request, now: float) -> list[Event] | Refused:
        """The events that the request leads to, none if nothing is to change, or why not.

        Changes nothing: the caller applies the events. ``now`` is seconds since the epoch.
        """
        return DECISIONS[type(request)](self._state, self.rules, request, now)

    def apply(self, event: Event) -> None:
        """Fold one event; unknown kinds are passed by."""
        apply(self._state, event)

    # --- reading ------------------------------------------------------------------------------

    def ticket(self, number: int) -> Ticket | None:
        return self._state.ticket(number)

    def open_tickets(self) -> Iterable[Ticket]:
        return self._state.open.values()

    def queue(self) -> Iterable[Ticket]:
        return (self._state.open[number] for number in self._state.queue)

    def queue_length(self) -> int:
        """How many tickets wait and are held by nobody."""
        return len(self._state.queue)

    def place(self, number: int) -> int | None:
        return self._state.queue.place(number)

    def ticket_of(self, server: str, player_id: str) -> Ticket | None:
        numbers = self._state.open_of.get((server, player_id))
        return self._state.open[numbers[-1]] if numbers else None

    def finished_ticket_of(self, server: str, player_id: str) -> Ticket | None:
        """The player's ticket that was finished last, while the desk remembers it."""
        return self._state.last_finished(server, player_id)

    def held_by(self, gm: str) -> Iterable[Ticket]:
        return (self._state.open[number] for number in self._state.held.get(gm, ()))

    def wait(self, place: int, now: float) -> float | None:
        return self._state.pace.estimate(place, now) if self._state.on_duty else None

    def accounts(self) -> Sequence[Account]:
        return list(self._state.accounts.values())

    def account(self, name: str) -> Account | None:
        return self._state.accounts.get(name)

    def on_duty(self) -> Sequence[str]:
        return list(self._state.on_duty)

    def anybody_on_duty(self) -> bool:
        """Whether there is a GM to answer."""
        return bool(self._state.on_duty)

    def deliveries(self) -> Iterable[Delivery]:
        """Every delivery that is still pending, oldest first."""
        return self._state.deliveries.values()

    def delivery(self, id: str) -> Delivery | None:
        """A pending delivery."""
        return self._state.deliveries.get(id)

    def server(self, name: str) -> Server | None:
        """A server's link as last told."""
        return self._state.servers.get(name)

    def seen(self, gm: str, source: Source) -> bool:
        """Whether this message of this GM has led to events already."""
        return source in self._state.done.get(gm, ())

    def streams(self) -> Iterable[tuple[str, Stream]]:
        """Each server's newest stream: how far its messages were taken in."""
        return self._state.streams.items()

    def password_of(self, name: str) -> str | None:
        """The hash of a GM's password; None where there is none."""
        account = self._state.accounts.get(name)
        return account.password if account is not None else None

    # --- snapshots ----------------------------------------------------------------------------

    def dump(self) -> bytes:
        """The whole state, for :meth:`load`."""
        return dump(self._state)

    def load(self, state: bytes) -> None:
        """Take over a dumped state. Raises ValueError for bytes that are none."""
        self._state = load(state)
