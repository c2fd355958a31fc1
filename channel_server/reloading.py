"""What a changed configuration changes, and the GM command that applies it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from gmkit.command import Answer, Call, Command, command
from gmkit.config import Config
from gmkit.i18n import N_

RELOADED = N_(
    "Reloaded. Servers started or changed: {started}, removed: {removed}, untouched: {kept}."
)
RESTART = N_(
    "Reloaded. Servers started or changed: {started}, removed: {removed}, untouched: {kept}. "
    "Not applied before the daemon is restarted: {restart}."
)


class Reloaded(NamedTuple):
    """What came of a reload. ``restart`` names changed keys that the next start applies."""

    started: int
    removed: int
    kept: int
    restart: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.sentence.format(**self.facts)

    @property
    def sentence(self) -> str:
        """The untranslated template."""
        return RESTART if self.restart else RELOADED

    @property
    def facts(self) -> dict[str, object]:
        """The template's fields."""
        return self._asdict() | {"restart": ", ".join(self.restart)}


def needs_restart(before: Config, after: Config) -> tuple[str, ...]:
    """The keys of ``[daemon]`` that differ: they are read once, when the daemon starts."""
    return tuple(
        f"daemon.{field.name}"
        for field in dataclasses.fields(before.daemon)
        if getattr(before.daemon, field.name) != getattr(after.daemon, field.name)
    )


def reload_command(reload: Callable[[], Reloaded]) -> Command:
    """``reload`` reads the file and applies it; it raises BadConfig."""

    @command(
        "reload",
        about=N_("Apply the changed configuration; servers that did not change go on undisturbed."),
        permission="daemon.reload",
    )
    async def run(call: Call) -> Answer:
        done = reload()
        data = done._asdict() | {"restart": list(done.restart)}
        return Answer(data, view="done", sentence=done.sentence, facts=done.facts)

    return run
