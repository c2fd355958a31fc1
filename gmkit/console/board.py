"""What the terminal knows of the channel: open tickets, staff, servers; folded from events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]

SERVER_STATES = {"server_up": "up", "server_degraded": "degraded", "server_down": "down"}
GONE = frozenset({"completed", "closed", "cancelled"})


class Board:
    """The present, from a snapshot and the events behind it."""

    def __init__(self) -> None:
        self.gm = ""
        self.tickets: dict[int, dict[str, Any]] = {}
        self.on_duty: dict[str, str] = {}
        """GMs on duty and since when, longest first."""
        self.staff: set[str] = set()
        self.servers: dict[str, str] = {}
        """Servers and their states."""
        self._unseen = 0  # waiting tickets that the snapshot counted but did not hold

    def reset(self, gm: str, snapshot: Json) -> None:
        """Begin with a snapshot."""
        self.gm = gm
        self.tickets = {row["ticket"]: dict(row) for row in snapshot["tickets"]}
        staff = snapshot.get("staff") or []
        self.staff = {row["name"] for row in staff}
        on = [(row["on_duty_since"], row["name"]) for row in staff if row["on_duty_since"]]
        self.on_duty = {name: since for since, name in sorted(on)}
        self.servers = {row["name"]: row.get("state", "") for row in snapshot.get("servers") or []}
        known = sum(1 for _ in self.queue())
        self._unseen = max(0, int(snapshot.get("waiting") or 0) - known)

    def apply(self, event: Json) -> None:
        """Fold one event."""
        kind, number = event["kind"], event.get("ticket")
        if kind in SERVER_STATES and event.get("server"):
            self.servers[event["server"]] = SERVER_STATES[kind]
        elif kind == "duty_started":
            self.on_duty.setdefault(event["actor"], event["at"])
        elif kind == "duty_ended":
            self.on_duty.pop(event["actor"], None)
        elif kind == "gm_added":
            self.staff.add(str(event["data"].get("name")))
        elif isinstance(number, int):
            self._ticket(kind, number, event)

    def _ticket(self, kind: str, number: int, event: Json) -> None:
        if kind in GONE:
            if self.tickets.pop(number, None) is None and kind != "cancelled":
                self._unseen = max(0, self._unseen - 1)
            return
        if kind not in ("asked", "reopened") and number not in self.tickets:
            if kind == "claimed":
                self._unseen = max(0, self._unseen - 1)
            elif kind not in ("added", "assigned"):
                return
        row = self.tickets.setdefault(number, _unknown(number, event))
        match kind:
            case "asked" | "added":
                row["waiting_since"] = row["waiting_since"] or event["at"]
                row["player"] = event["data"].get("name") or row["player"]
                row["text"] = row["text"] or event.get("text")
            case "replied":
                row["waiting_since"] = None
            case "claimed" | "reopened":
                row["claimed_by"] = event.get("actor") or row["claimed_by"]
                if kind == "reopened" and not event.get("actor"):
                    row["waiting_since"] = event["at"]
            case "assigned":
                row["claimed_by"] = event["data"].get("to")
            case "unassigned":
                row["claimed_by"] = None

    def queue(self) -> Iterator[dict[str, Any]]:
        """Known tickets that wait and that nobody holds."""
        return (
            row for row in self.tickets.values() if row["waiting_since"] and not row["claimed_by"]
        )

    @property
    def waiting(self) -> int:
        """How many tickets wait."""
        return self._unseen + sum(1 for _ in self.queue())

    def mine(self) -> list[dict[str, Any]]:
        """My tickets, those whose players wait first."""
        rows = [row for row in self.tickets.values() if row["claimed_by"] == self.gm]
        return sorted(rows, key=lambda row: (not row["waiting_since"], row["ticket"]))

    def by_interest(self) -> list[dict[str, Any]]:
        """My tickets, then the queue, then the others."""
        mine = self.mine()
        queue = sorted(self.queue(), key=lambda row: (row.get("place") or 1 << 30, row["ticket"]))
        first = {row["ticket"]: row for row in (*mine, *queue)}
        return list((first | self.tickets).values())

    def player(self, number: int) -> str:
        """The name of a ticket's player."""
        row = self.tickets.get(number) or {}
        return str(row.get("player") or row.get("player_id") or "")


def _unknown(number: int, event: Json) -> dict[str, Any]:
    return {
        "ticket": number,
        "server": event.get("server"),
        "player": event["data"].get("name"),
        "player_id": event.get("player"),
        "text": None,
        "waiting_since": None,
        "claimed_by": None,
        "state": "open",
        "vip": event["data"].get("vip") or 0,
    }
