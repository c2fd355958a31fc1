"""What a reload tells: what it did, and what only a restart can do."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gmkit import config
from gmkit.channel_server.reloading import Reloaded, needs_restart, reload_command
from gmkit.command import Answer
from gmkit.errors import BadConfig

now = SynchronousTestCase().successResultOf
failed = SynchronousTestCase().failureResultOf


def loaded(path: Path, text: str) -> config.Config:
    path.write_text(text, "utf-8")
    return config.load(path, adapters=(), plugins=())


def test_keys_that_are_read_once_are_named(tmp_path: Path) -> None:
    path = tmp_path / "gmkit.toml"
    before = loaded(path, "")
    after = loaded(path, '[daemon]\nbridge = "tcp:7601"\nlog_level = "warn"\n[help]\ncooldown = 9')
    assert needs_restart(before, after) == ("daemon.bridge", "daemon.log_level")
    assert needs_restart(after, after) == ()


def asked(reload: object) -> Deferred[Answer]:
    command = reload_command(reload)  # type: ignore[arg-type]
    return Deferred.fromCoroutine(command.run(None))  # type: ignore[arg-type]


def test_the_command_says_what_came_of_it() -> None:
    answer = now(asked(lambda: Reloaded(1, 2, 3, ("daemon.gate",))))
    assert answer.data == {"started": 1, "removed": 2, "kept": 3, "restart": ["daemon.gate"]}
    said = answer.sentence.format(**answer.facts)
    assert said == (
        "Reloaded. Servers started or changed: 1, removed: 2, untouched: 3. "
        "Not applied before the daemon is restarted: daemon.gate."
    )
    assert (
        str(Reloaded(1, 2, 3))
        == "Reloaded. Servers started or changed: 1, removed: 2, untouched: 3."
    )


def test_a_bad_file_is_refused_with_its_fault(tmp_path: Path) -> None:
    path = tmp_path / "gmkit.toml"
    path.write_text("[hlep]", "utf-8")

    def reload() -> Reloaded:
        config.load(path)
        pytest.fail("the file is at fault")

    failed(asked(reload), BadConfig)
