"""The GM command that applies a changed configuration."""

from __future__ import annotations

from collections.abc import Callable

from gmkit.command import Answer, Call, Command, command
from gmkit.i18n import N_


def reload_command(reload: Callable[[], str]) -> Command:
    """``reload`` reads the file, applies it and returns what changed; it raises BadConfig."""

    @command(
        "reload",
        about=N_("Apply the changed configuration; servers that did not change go on undisturbed."),
        permission="daemon.reload",
    )
    async def run(call: Call) -> Answer:
        changed = reload()
        return Answer(
            {"changed": changed},
            view="done",
            sentence=N_("Reloaded: {changed}."),
            facts={"changed": changed},
        )

    return run
