"""Connections, daemons and games die at any moment: every line arrives once, in order, and every
delivery is shown once."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from gmkit.adapter import Gone, LinkLost
from gmkit.bridge import Full, Memory, Player, Spool, SpoolFailed, SpoolInUse
from gmkit.bridge import session as session_module
from gmkit.bridge.session import Ended, Session
from gmkit.bridge.work import Tell as TellWork
from gmkit.wire.messages import TooLong, Unfit

from .world import ANN, TOKEN, ToyGame, World, bridge


class Fleet:
    """One world, one game, and an outbox that tries until it is told."""

    def __init__(self, spool: Path | None = None) -> None:
        self.world = World()
        self.spool = spool
        self.game = ToyGame()
        self.memory = Memory(self.world.random)
        self.said: list[str] = []
        self.open: dict[str, Deferred[None] | None] = {}
        self.made = 0
        self._start_game()

    def _start_game(self) -> None:
        store = Spool(self.spool, random=self.world.random) if self.spool else self.memory
        self.bridge = bridge(self.world, self.game, store=store)
        self.bridge.start()

    def say(self) -> None:
        text = f"line {len(self.said)}"
        self.bridge.said(ANN, text)
        self.said.append(text)

    def order(self) -> None:
        self.made += 1
        self.open[f"d{self.made}"] = None
        self.retry()

    def retry(self) -> None:
        for delivery, trying in list(self.open.items()):
            if trying is None and self.world.links["s1"].state == "up":
                self.open[delivery] = told = Deferred.fromCoroutine(
                    self.world.links["s1"].adapter.tell(ANN, f"text of {delivery}", delivery)
                )
                told.addCallbacks(self._confirmed, self._failed, (delivery,), {}, (delivery,), {})

    def _confirmed(self, _: object, delivery: str) -> None:
        del self.open[delivery]

    def _failed(self, failure: Failure, delivery: str) -> None:
        failure.trap(LinkLost, Gone, CancelledError)
        self.open[delivery] = None

    def carry(self, most: int) -> None:
        self.world.clock.advance(0)
        for wire in self.world.wires:
            wire.move(most)
        self.world.wires = [w for w in self.world.wires if not w.over]

    def cut(self) -> None:
        for wire in self.world.wires:
            wire.cut()

    def kill_daemon(self) -> None:
        self.world.kill()
        self.open = dict.fromkeys(self.open)
        self.world.start(["s1"])

    def kill_game(self) -> None:
        """The game's process ends without a word; only its spool stays."""
        if self.spool is None:
            return
        self.bridge.stop()
        for wire in self.world.wires:
            wire.cut()
        self._start_game()

    def heal(self) -> None:
        for _ in range(40):
            self.world.settle(5)
            self.world.links["s1"].commit()
            self.retry()
            if not self.open and len(self.world.links["s1"].durable) == len(self.said):
                break
        self.world.settle(1)

    def check(self) -> None:
        assert [text for _, _, text in self.world.links["s1"].lines] == self.said
        assert not self.open
        shown = [delivery for delivery, _, _ in self.game.shown]
        assert sorted(shown) == sorted({f"d{n}" for n in range(1, self.made + 1)})
        session = self.bridge._session
        assert not session._under_way and not session._waiting
        self.bridge.stop()
        self.world.stop()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("carry"), st.integers(1, 400)),
        st.sampled_from(
            [
                ("say", 0),
                ("say", 0),
                ("order", 0),
                ("cut", 0),
                ("commit", 0),
                ("kill_daemon", 0),
                ("kill_game", 0),
                ("wait", 1),
                ("wait", 20),
            ]
        ),
    ),
    max_size=60,
)


def play(fleet: Fleet, script: list[tuple[str, int]]) -> None:
    for what, amount in script:
        if what == "carry":
            fleet.carry(amount)
        elif what == "commit":
            fleet.world.links["s1"].commit()
        elif what == "wait":
            fleet.world.settle(amount)
            fleet.retry()
        else:
            getattr(fleet, what)()
    fleet.heal()
    fleet.check()


@settings(max_examples=150, deadline=None)
@given(steps)
def test_whatever_dies_every_line_arrives_once(script: list[tuple[str, int]]) -> None:
    play(Fleet(), script)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_the_same_with_games_that_are_killed(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, int]]
) -> None:
    play(Fleet(tmp_path_factory.mktemp("spool") / "bridge.spool"), script)


@pytest.mark.parametrize("seed", range(6))
def test_long_runs(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    kinds = ["say"] * 8 + ["order"] * 4 + ["commit"] * 2 + ["cut", "kill_game", "kill_daemon"]
    script: list[tuple[str, int]] = []
    for _ in range(400):
        script.append((chance.choice(kinds), 0))
        script.append(("carry", chance.randrange(1, 900)))
        if chance.random() < 0.2:
            script.append(("wait", 2))
    play(Fleet(tmp_path / "spool"), script)


@pytest.mark.parametrize("where", range(0, 1200, 37))
def test_cut_at_every_place(where: int) -> None:
    fleet = Fleet()
    for _ in range(3):
        fleet.say()
    moved = 0
    while moved < where:
        fleet.carry(1)
        moved += 1
        if moved == 700:
            fleet.order()
    fleet.cut()
    fleet.say()
    fleet.order()
    fleet.heal()
    fleet.check()


# --- the spool ----------------------------------------------------------------------------------


def test_a_spool_keeps_stream_count_and_lines(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    session = Session(ToyGame(), server="s1", token=TOKEN, store=spool)
    assert [session.said(ANN, "a"), session.said(ANN, "b")] == [1, 2]
    stream = spool.stream
    spool.close()
    spool = Spool(tmp_path / "s")
    assert (spool.stream, spool.last) == (stream, 2)
    assert [m["text"] for m in spool.pending()] == ["a", "b"]
    spool.forget(2)
    spool.close()
    spool = Spool(tmp_path / "s")
    assert spool.last == 2 and not spool.pending()
    assert Session(ToyGame(), server="s1", token=TOKEN, store=spool).said(ANN, "c") == 3
    spool.close()


def test_two_games_must_not_share_a_spool(tmp_path: Path) -> None:
    first = Spool(tmp_path / "s")
    with pytest.raises(SpoolInUse):
        Spool(tmp_path / "s")
    first.close()


def test_a_file_that_is_no_spool(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"this is not a database" * 100)
    with pytest.raises(SpoolFailed, match="cannot be used: file is not a database"):
        Spool(tmp_path / "s")
    with pytest.raises(SpoolFailed):
        Spool(tmp_path / "nowhere" / "s")


def online(store: Any, game: ToyGame) -> Session:
    """A session that has been welcomed by a gmkit that knows the token."""
    session = Session(game, server="s1", token=TOKEN, store=store)
    session.connect(0.0)
    session.take(0.0)
    session._proof_due = "p"
    session.receive([{"type": "welcome", "proof": "p", "acked": 0}], 0.0)
    session.take(0.0)
    return session


@pytest.mark.parametrize("kind", ["memory", "spool"])
def test_a_crash_between_showing_and_saying_so(kind: str, tmp_path: Path) -> None:
    store: Any = Memory() if kind == "memory" else Spool(tmp_path / "s")
    session = online(store, ToyGame())
    message = {"type": "tell", "id": "1.1", "player": "u1", "text": "hi"}
    [work] = session.receive([message], 0.0)
    assert isinstance(work, TellWork)
    assert session.receive([message], 0.0) == [], "it is being shown"
    session.begin(work)
    session = online(store, ToyGame())
    assert session.receive([message], 0.0) == []
    told = {"type": "told", "id": "1.1", "result": "shown", "unsure": True}
    assert told in session.take(0.0)
    session.finish(work, True)
    session.take(0.0)
    assert session.receive([message], 0.0) == []
    assert session.take(0.0) == [{"type": "told", "id": "1.1", "result": "shown"}]
    store.close()


@pytest.mark.parametrize("kind", ["memory", "spool"])
def test_deliveries_are_remembered_up_to_a_number(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gmkit.bridge.store.REMEMBERED", 50)
    store: Any = Memory() if kind == "memory" else Spool(tmp_path / "s")
    for n in range(200):
        store.began(f"d{n}")
        store.ended(f"d{n}", True)
    assert [store.shown(f"d{n}") for n in (0, 149, 150, 199)] == [False, False, True, True]
    store.began("gone")
    assert store.shown("gone") is None
    store.ended("gone", False)
    assert store.shown("gone") is False
    store.close()


def test_what_gmkit_would_refuse_is_not_taken() -> None:
    session = Session(ToyGame(), server="s1", token=TOKEN)
    with pytest.raises(TooLong):
        session.said(ANN, "x" * 20_000)
    with pytest.raises(Unfit):
        session.said(Player("", "Ann"), "x")
    with pytest.raises(Unfit):
        session.data("u1", {"x": object()})
    with pytest.raises(TooLong):
        session.data("u1", {f"k{n}": "x" * 16_000 for n in range(60)})
    session.said(Player("u\udc80", "Ann\ud800"), "broken \udcff")
    assert session._waiting[0]["text"] == "broken \\udcff"


def test_a_full_session_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MOST_PENDING", 3)
    session = online(Memory(), ToyGame())
    session.receive([{"type": "ack", "upto": 1}], 0.0)
    for n in range(3):
        session.said(ANN, f"{n}")
    with pytest.raises(Full):
        session.said(ANN, "too many")
    session.joined(ANN)
    assert [m["type"] for m in session.take(0.0)] == ["said"] * 3
    session.receive([{"type": "ack", "upto": 4}], 0.0)
    [roster] = session.take(0.0)
    assert roster["players"][0]["player"] == "u1", "presence that had no room is told at last"


def test_a_large_roster_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "LARGEST", 2000)
    session = online(Memory(), ToyGame())
    session.receive([{"type": "ack", "upto": 1}], 0.0)
    session.roster([Player(f"u{n}", f"name {n}") for n in range(100)])
    sent = session.take(0.0)
    assert sent[0]["type"] == "roster" and len(sent[0]["players"]) > 10
    names = [p["player"] for p in sent[0]["players"]] + [m["player"] for m in sent[1:]]
    assert names == [f"u{n}" for n in range(100)]


def test_results_that_cannot_be_sent() -> None:
    session = online(Memory(), ToyGame())
    call = {"type": "call", "id": "c1", "verb": "lookup", "player": "u1", "arguments": {}}
    [work] = session.receive([call], 0.0)
    session.result(work, {"x": float("nan")})  # type: ignore[arg-type]
    [answer] = session.take(0.0)
    assert answer["ok"] is False and "NaN" in answer["error"]
    session.receive([{**call, "verb": "__init__"}], 0.0)
    [answer] = session.take(0.0)
    assert answer["ok"] is False


def test_a_bye_ends_the_session() -> None:
    session = online(Memory(), ToyGame())
    with pytest.raises(Ended, match="we stop"):
        session.receive([{"type": "bye", "reason": "stopping", "sentence": "we stop"}], 0.0)


def test_heartbeats_of_the_game() -> None:
    session = online(Memory(), ToyGame())
    session.tick(10.0)
    assert session.take(10.0) == []
    session.tick(15.0)
    assert session.take(15.0) == [{"type": "ping"}]
    session.receive([{"type": "ping"}], 30.0)
    assert session.take(30.0) == [{"type": "pong"}]
    session.tick(67.0)
    with pytest.raises(Ended, match="silent"):
        session.tick(68.0)
