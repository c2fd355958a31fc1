"""What the players saw held against what the GMs were promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """An answer that the daemon accepted: its delivery, and for whom."""

    delivery: str
    server: str
    player: str
    account: str | None


@dataclass
class Journal:
    """What the GMs' terminals saw. Times are seconds since the epoch on this machine's clock.

    Sources are texts such as ``sim-sim-01-19a3:17``.
    """

    heard: dict[str, list[float]] = field(default_factory=dict)
    """By the source of a player's line: when each terminal showed it."""
    accepted: dict[str, float] = field(default_factory=dict)
    """By the source of a GM's command: when an answer was sent that the daemon accepted."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """By the source of a GM's command: what became of it."""


@dataclass(frozen=True)
class Totals:
    """The figures of the demo, under the keys that it prints."""

    asked: int
    """Calls for help that players typed."""
    acked: int
    """Those whose player saw the ticket's number."""
    answered: int
    """Answers of GMs that the daemon accepted; the last words of a completed ticket are one."""
    delivered: int
    """Those that the right player saw, on whichever server."""
    lost: int
    """Calls that neither a GM heard nor the player was told about, and answers not delivered."""
    duplicated: int
    """Lines that a player saw again."""
    ask_to_gm_ms: dict[str, float | None]
    """From the player's typing until it is in a GM's terminal, for each of the terminals."""
    reply_to_player_ms: dict[str, float | None]
    """From the GM's sending until the player sees it; players who are away take their time."""


def totals(ledger: Iterable[Mapping[str, Any]], journal: Journal) -> Totals:
    """Add up. ``ledger``: the entries of every simulated server, each server's in order."""
    asked: dict[str, float] = {}
    told: dict[str, str] = {}
    shown: dict[str, list[Mapping[str, Any]]] = {}
    for entry in ledger:
        what = entry["what"]
        if what == "asked":
            asked[entry["source"]] = entry["at"]
        elif what in ("acked", "told"):
            told[entry["source"]] = what
        elif what == "shown":
            shown.setdefault(entry["delivery"], []).append(entry)
    arrived = _arrivals(shown)
    received = {s: _received(journal.answers.get(s), arrived) for s in journal.accepted}
    unheard = [s for s in asked if s not in told and s not in journal.heard]
    return Totals(
        asked=len(asked),
        acked=Counter(told.values())["acked"],
        answered=len(journal.accepted),
        delivered=sum(at is not None for at in received.values()),
        lost=len(unheard) + sum(at is None for at in received.values()),
        duplicated=sum(len(entries) - 1 for entries in shown.values()),
        ask_to_gm_ms=_percentiles(
            [at - asked[s] for s, times in journal.heard.items() if s in asked for at in times]
        ),
        reply_to_player_ms=_percentiles(
            [at - journal.accepted[s] for s, at in received.items() if at is not None]
        ),
    )


def _arrivals(
    shown: Mapping[str, list[Mapping[str, Any]]],
) -> dict[str, list[Mapping[str, Any]]]:
    """By delivery, without the number of the part: where and when any of it was shown."""
    arrived: dict[str, list[Mapping[str, Any]]] = {}
    for delivery, entries in shown.items():
        arrived.setdefault(delivery.partition("/")[0], []).extend(entries)
    return arrived


def _received(
    answer: Answer | None, arrived: Mapping[str, list[Mapping[str, Any]]]
) -> float | None:
    """When the right player first saw the answer; None if they never did."""
    if answer is None:
        return None
    times = [
        entry["at"]
        for entry in arrived.get(answer.delivery, [])
        if (entry["server"], entry["player"]) == (answer.server, answer.player)
        or (answer.account is not None and entry["account"] == answer.account)
    ]
    return min(times, default=None)


def _percentiles(seconds: list[float]) -> dict[str, float | None]:
    """The median and the 99th percentile in milliseconds; None where nothing was measured."""
    ordered = sorted(seconds)

    def at(share: float) -> float | None:
        if not ordered:
            return None
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return {"p50": at(0.50), "p99": at(0.99)}
