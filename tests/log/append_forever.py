"""Appends to the log given as argument until it is killed; prints what became durable."""

from __future__ import annotations

import sys

from twisted.internet.epollreactor import EPollReactor

from gmkit.log.sqlite import SQLiteLog
from gmkit.model import Event


def main() -> None:
    reactor = EPollReactor()
    log = SQLiteLog(sys.argv[1], reactor).open()

    def again() -> None:
        number = log.last + 1
        data = {"name": f"P{number % 50}"}
        event = Event(
            "asked", 1.9e9, "s1", number, f"p{number % 50}", text=f"我的火车 {number}", data=data
        )
        log.append([event]).addCallback(lambda _: print(log.durable, flush=True))
        if number % 200 == 0:
            log.save_snapshot(log.last, b"desk" * 1000)
        reactor.callLater(0.0005, again)

    reactor.callWhenRunning(again)
    reactor.run()


if __name__ == "__main__":
    main()
