"""Plugins: what they register is undone, what they break is theirs alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from gmkit.channel_server.dispatch.catalogue import Catalogue
from gmkit.channel_server.plugins import PluginFailed, Plugins
from gmkit.command import Answer, Command
from gmkit.desk import requests as r
from gmkit.errors import GMError
from gmkit.model import Event
from gmkit.plugin import GM
from gmkit.plugins import stale

from .conftest import Inside


class Hosted:
    """A plugin host over the daemon's inside."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        self.commands = Catalogue()
        self.modules: dict[str, Any] = {"stale": stale}
        self.plugins = Plugins(
            desk=inside.desk,
            turn=inside.turn,
            commands=self.commands,
            servers=lambda: list(inside.links),
            reactor=inside.clock,
            load=self.modules.__getitem__,
            locale=lambda: "en",
        )

    def start(self, setup: Any, **options: Any) -> None:
        self.modules["trial"] = SimpleNamespace(setup=setup)
        self.plugins.start("trial", options)


@pytest.fixture
def hosted(inside: Inside) -> Hosted:
    return Hosted(inside)


async def _answer(call: Any) -> Answer:
    return Answer()


GREET = Command("greet", "Say hello.", "player.greet", _answer)


def test_everything_registered_is_undone(hosted: Hosted) -> None:
    heard: list[Event] = []
    ticks: list[float] = []
    undone: list[str] = []

    def setup(gm: GM) -> None:
        gm.on("asked")(heard.append)
        gm.every(1.0)(lambda: ticks.append(gm.now()))
        gm.command(GREET)
        gm.at_stop(lambda: undone.append("first"))
        gm.at_stop(lambda: undone.append("second"))

    hosted.start(setup)
    hosted.inside.say("!help me")
    hosted.inside.pass_time(2.5)
    assert [e.kind for e in heard] == ["asked"] and len(ticks) == 2
    assert [c.name for c in hosted.commands] == ["greet"]

    hosted.plugins.stop("trial")
    hosted.inside.say("!cancel")
    hosted.inside.say("!help again")
    hosted.inside.pass_time(5)
    assert len(heard) == 1 and len(ticks) == 2
    assert not list(hosted.commands) and undone == ["second", "first"]


def test_a_plugin_that_fails_to_start_leaves_nothing(hosted: Hosted) -> None:
    def setup(gm: GM) -> None:
        gm.every(1.0)(lambda: None)
        gm.command(GREET)
        raise RuntimeError("half way")

    before = len(hosted.inside.clock.getDelayedCalls())
    with pytest.raises(PluginFailed, match="half way"):
        hosted.start(setup)
    assert len(hosted.inside.clock.getDelayedCalls()) == before
    assert not list(hosted.commands)


def test_a_handler_that_fails_harms_nobody(hosted: Hosted, logged_failures: list[Any]) -> None:
    heard: list[int | None] = []

    def setup(gm: GM) -> None:
        @gm.on("asked")
        def broken(event: Event) -> None:
            raise ZeroDivisionError

        @gm.on("asked")
        async def later(event: Event) -> None:
            await Deferred.fromCoroutine(_answer(None))
            heard.append(event.ticket)
            raise ZeroDivisionError

    hosted.start(setup)
    hosted.inside.say("!help me")
    assert heard == [1] and "#1" in hosted.inside.game().texts()[0]
    assert len(logged_failures) == 2
    logged_failures.clear()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"minuts": 3.0}, "did you mean minutes"),
        ({"minutes": "soon"}, "must be a number"),
        ({"tell_player": 1}, "must be true or false"),
    ],
)
def test_bad_options_are_named(hosted: Hosted, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(GMError) as failed:
        hosted.plugins.start("stale", options)
    assert sentence in failed.value.sentence()


def test_a_stale_ticket_is_told_of_once(hosted: Hosted) -> None:
    inside = hosted.inside
    hosted.plugins.start("stale", {"minutes": 5})
    inside.submit(r.Duty("amy", on=True))
    inside.say("!help is anybody there")
    inside.game().told.clear()
    inside.pass_time(4 * 60)
    assert "alerted" not in inside.kinds()
    inside.pass_time(20 * 60)
    assert inside.kinds().count("alerted") == 1
    alert = next(e for e in inside.events if e.kind == "alerted")
    assert alert.ticket == 1 and "Ann" in (alert.text or "") and "5 min" in (alert.text or "")
    (line,) = inside.game().texts()
    assert "not forgotten" in line and "#1" in line

    inside.submit(r.Reply("amy", 1, "Here I am"))
    inside.say("!help and now?")
    inside.pass_time(20 * 60)
    assert inside.kinds().count("alerted") == 2, "a new wait is a new alert"


def test_a_claimed_ticket_goes_stale_too_and_nobody_on_duty_is_said(hosted: Hosted) -> None:
    inside = hosted.inside
    hosted.plugins.start("stale", {"minutes": 5})
    inside.say("!help is anybody there")
    inside.submit(r.Claim("amy", 1))
    inside.game().told.clear()
    inside.pass_time(6 * 60)
    (line,) = inside.game().texts()
    assert "No GM is on duty" in line


def test_the_alert_survives_a_restart(hosted: Hosted) -> None:
    inside = hosted.inside
    hosted.plugins.start("stale", {"minutes": 5, "tell_player": False})
    inside.say("!help is anybody there")
    inside.pass_time(10 * 60)
    hosted.plugins.stop("stale")
    inside.desk.load(inside.desk.dump())
    hosted.plugins.start("stale", {"minutes": 5, "tell_player": False})
    inside.pass_time(10 * 60)
    assert inside.kinds().count("alerted") == 1
