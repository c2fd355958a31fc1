"""Fixtures for every test."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import provider


@pytest.fixture(autouse=True)
def logged_failures() -> Iterator[list[LogEvent]]:
    """A failure nobody handled fails the test; an expected one is taken off with ``clear()``."""
    failures: list[LogEvent] = []

    @provider(ILogObserver)
    def watch(event: LogEvent) -> None:
        if event.get("log_level") in (LogLevel.error, LogLevel.critical):
            failures.append(event)

    globalLogPublisher.addObserver(watch)
    yield failures
    gc.collect()
    globalLogPublisher.removeObserver(watch)
    assert not failures
