"""The desk as the log says it is."""

from __future__ import annotations

from twisted.logger import Logger

from gmkit.desk import Desk, Rules
from gmkit.log import Log


def revived(log: Log, rules: Rules) -> tuple[Desk, int]:
    """The desk as the log says it is, and the ``seq`` of the snapshot it began with."""
    desk = Desk(rules)
    at, snapshot = 0, log.snapshot()
    if snapshot is not None:
        at = snapshot[0]
        try:
            desk.load(snapshot[1])
        except ValueError as fault:
            Logger(namespace="gmkit.daemon").warn("snapshot passed over: {fault}", fault=fault)
            at = 0
    for event in log.replay(at):
        desk.apply(event)
    return desk, at
