"""The ledger holds what the players did and saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gmkit.adapter import Source
from gmkit.adapters.sim import Ledger
from gmkit.testing import Fleet
from gmkit.testing.fleet import entries


def result(coroutine: Any) -> Any:
    return SynchronousTestCase().successResultOf(Deferred.fromCoroutine(coroutine))


def test_a_notice_answers_the_line_that_caused_it() -> None:
    clock = Clock()
    ledger = Ledger("s", clock)
    ledger.asked("p", Source("s", 3))
    ledger.asked("p", Source("s", 5))
    clock.advance(1)
    ledger.noticed("p", "Slow down, please.", "asim-s:5")
    ledger.noticed("p", "[#12] Your message is with the GMs.", "asim-s:3/1")
    ledger.noticed("p", "You are number 2.", "asim-s:3/2")
    ledger.noticed("p", "[#12] Your message is with the GMs.", "asim-s:7")
    ledger.noticed("q", "Ticket #4 waits.", "n1")
    assert [(e["what"], e.get("source"), e.get("ticket")) for e in ledger.entries] == [
        ("asked", "s:3", None),
        ("asked", "s:5", None),
        ("told", "s:5", None),
        ("acked", "s:3", 12),
        ("noticed", None, None),
        ("noticed", None, None),
        ("noticed", None, None),
    ]
    assert ledger.entries[2]["at"] == 1.0


def test_the_game_counts_what_it_was_asked_and_showed() -> None:
    clock = Clock()
    fleet = Fleet(clock, 1, asks_per_minute=12.0, chat_per_minute=0.0, stay=3600.0)
    fleet.start()
    (sim,), (link,) = fleet.sims, fleet.links
    clock.pump([0.5] * 240)
    asks = [line for line in link.lines if line.text[0] in "!/求@" and line.text != "!status"]
    assert sim.ledger.totals["asked"] == len(asks)
    player = asks[-1].player
    source = asks[-1].source
    sim.notify(player, "[#7] Your message is with the GMs.", f"a{source}")
    sim.notify(player, "[#7] Your message is with the GMs.", f"a{source}")
    result(sim.tell(player, "hello", "7.2"))
    result(sim.tell(player, "hello", "7.2"))
    result(sim.announce("Maintenance at six."))
    totals = dict(sim.ledger.totals)
    assert (totals["acked"], totals["shown"], totals["repeated"], totals["announced"]) == (1,) * 4
    result(sim.ban(player, 0.0, ""))
    result(sim.tell(player, "hello", "7.2"))
    assert (sim.ledger.totals["repeated"], sim.ledger.totals["shown"]) == (2, 1)
    result(sim.unban(player))
    clock.advance(0)
    sim.faults.forgets = True
    result(sim.tell(player, "hello", "7.2"))
    assert sim.ledger.totals["shown"] == 2


def test_ledgers_are_files_that_can_be_read_while_written(tmp_path: Path) -> None:
    clock = Clock()
    fleet = Fleet(clock, 3, asks_per_minute=12.0, ledger=str(tmp_path))
    fleet.start()
    clock.pump([0.5] * 120)
    with (tmp_path / "sim-01.jsonl").open("a") as file:
        file.write('{"at": 1.0, "wh')
    read = list(entries(tmp_path))
    assert len(read) == sum(len(sim.ledger.entries) for sim in fleet.sims)
    assert {entry["server"] for entry in read} == {"sim-01", "sim-02", "sim-03"}
    fleet.stop()
