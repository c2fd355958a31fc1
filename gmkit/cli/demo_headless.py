"""The demo without a terminal: proves that nothing is lost and nothing is shown twice."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from random import Random
from typing import Any

from gmkit.errors import GMError
from gmkit.testing.fleet import entries

from .demo_daemon import DaemonFailed, DemoDaemon
from .demo_gms import ScriptedGM
from .demo_totals import Journal, Totals, totals

GMS = 4
ASKS_PER_SECOND = 6.0
"""Calls for help on all servers together."""
SETTLING_IN = 1.0
"""Seconds that the GMs get to connect before the first player asks."""
DRAINING = 30.0
"""Seconds that answers get to arrive once nobody asks any more."""


def prove(fleet: Mapping[str, Any], seconds: float, lang: str) -> int:
    """Let players ask for so long, drain, print the totals; 1 if anything was lost or doubled."""
    options = {
        **fleet,
        "asks_per_minute": 60 * ASKS_PER_SECOND / fleet["servers"],
        "asks_after": SETTLING_IN,
        "quiet_after": SETTLING_IN + seconds,
        "stay": 20.0,
    }
    names = [f"gm-{n + 1}" for n in range(GMS)]
    with DemoDaemon(options, gms=dict.fromkeys(names, "gm"), lang=lang) as daemon:
        result = asyncio.run(_shift(daemon, names, seconds, fleet["seed"], lang))
    print(json.dumps(asdict(result)))
    return 1 if result.lost or result.duplicated else 0


async def _shift(
    daemon: DemoDaemon, names: list[str], seconds: float, seed: int, lang: str
) -> Totals:
    """Have the GMs work until everything asked is settled, or time is up."""
    journal = Journal()
    gms = [
        ScriptedGM(
            name, turn=n, of=len(names), journal=journal, rng=Random(f"{seed}/{n}"), lang=lang
        )
        for n, name in enumerate(names)
    ]
    at_work = [asyncio.create_task(gm.serve(daemon.socket)) for gm in gms]
    try:
        await _wait(at_work, SETTLING_IN + seconds)
        until = time.monotonic() + DRAINING
        while True:
            await _wait(at_work, 0.5)
            result = totals(entries(daemon.ledgers), journal)
            settled = result.lost == 0 and all(gm.idle for gm in gms)
            if settled or time.monotonic() > until:
                return result
    except (GMError, OSError) as fault:
        if daemon.running():
            raise
        raise DaemonFailed(problem=daemon.last_words() or str(fault)) from None
    finally:
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


async def _wait(at_work: list[asyncio.Task[None]], seconds: float) -> None:
    """Wait, unless a GM's connection ends before. Raises what ended it."""
    ended, _ = await asyncio.wait(at_work, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for gm in ended:
        gm.result()
        raise DaemonFailed(problem="it ended a GM's connection.")
