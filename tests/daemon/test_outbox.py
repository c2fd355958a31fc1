"""Deliveries find their players, once."""

from __future__ import annotations

import pytest

from gmkit.adapter import Limits
from gmkit.desk import requests as r
from gmkit.model import Player

from .conftest import ANN, ANN_ELSEWHERE, Inside


def asked(inside: Inside) -> None:
    inside.say("!help my sword vanished")
    inside.game().told.clear()


def test_a_reply_reaches_the_player(inside: Inside) -> None:
    asked(inside)
    inside.submit(r.Reply("amy", 1, "Look in your mail."))
    inside.pass_time()
    assert inside.game().told == [("1", "[GM amy] Look in your mail.", "1.2")]
    assert inside.kinds()[-1] == "delivered"
    assert not list(inside.desk.deliveries())


def test_nothing_leaves_before_it_is_durable(inside: Inside) -> None:
    asked(inside)
    inside.turn.decide(r.Reply("amy", 1, "Look in your mail."))
    assert inside.game().told == []
    inside.pass_time()
    assert len(inside.game().told) == 1


def test_a_reply_waits_for_the_next_login(inside: Inside) -> None:
    asked(inside)
    inside.links["s1"].left("1")
    inside.submit(r.Reply("amy", 1, "Back?"))
    inside.pass_time(60)
    assert inside.game().told == []
    inside.links["s1"].joined(ANN)
    inside.pass_time()
    assert inside.game().texts() == ["[GM amy] Back?"]


def test_a_reply_follows_the_account_to_another_server(inside: Inside) -> None:
    asked(inside)
    inside.links["s1"].left("1")
    inside.submit(r.Reply("amy", 1, "Hello again"))
    inside.links["s2"].joined(ANN_ELSEWHERE)
    inside.pass_time()
    assert inside.game("s2").told == [("77", "[GM amy] Hello again", "1.2")]
    delivered = inside.events[-1]
    assert (delivered.kind, delivered.server, delivered.player) == ("delivered", "s2", "77")


def test_a_player_whom_the_game_no_longer_has_is_waited_for(inside: Inside) -> None:
    asked(inside)
    inside.game().answers = "gone"
    inside.submit(r.Reply("amy", 1, "There?"))
    inside.pass_time(1)
    assert inside.rosters.get("s1", "1") is None
    inside.game().answers = "at once"
    inside.links["s1"].joined(ANN)
    inside.pass_time()
    assert inside.game().texts() == ["[GM amy] There?"]


def test_a_connection_lost_on_the_way_means_another_try(inside: Inside) -> None:
    asked(inside)
    inside.game().answers = "later"
    inside.submit(r.Reply("amy", 1, "Try this"))
    assert len(inside.game().pending) == 1
    inside.game().ended.callback(None)
    inside.game().answers = "at once"
    inside.pass_time(5)
    inside.links["s1"].joined(ANN)
    inside.pass_time()
    assert inside.game().told == [("1", "[GM amy] Try this", "1.2")]


def test_answers_to_one_player_come_in_order_and_one_at_a_time(inside: Inside) -> None:
    asked(inside)
    game = inside.game()
    game.answers = "later"
    for text in ("one", "two", "three"):
        inside.submit(r.Reply("amy", 1, text))
    assert len(game.pending) == 1
    for n in range(3):
        game.pending[n].callback(None)
        inside.pass_time()
    assert [t.split()[-1] for t in game.texts()] == ["one", "two", "three"]


def test_a_game_that_never_answers_is_asked_again(inside: Inside) -> None:
    asked(inside)
    game = inside.game()
    game.answers = "later"
    inside.submit(r.Reply("amy", 1, "Hm?"))
    inside.pass_time(31)
    game.answers = "at once"
    inside.outbox.retry()
    inside.pass_time()
    assert game.texts() == ["[GM amy] Hm?"]


def test_what_waited_too_long_expires(inside: Inside) -> None:
    asked(inside)
    inside.links["s1"].left("1")
    inside.submit(r.Reply("amy", 1, "Too late"))
    inside.pass_time(8 * 86_400.0)
    inside.outbox.expire()
    inside.pass_time()
    assert inside.kinds()[-1] == "expired"
    inside.links["s1"].joined(ANN)
    inside.pass_time()
    assert inside.game().told == []


def test_long_answers_are_split_and_paced() -> None:
    inside = Inside(limits=Limits(characters=40, lines_per_second=1.0, burst=2))
    asked(inside)
    inside.pass_time(20)
    inside.game().told.clear()
    inside.submit(r.Reply("amy", 1, "word " * 30))
    assert len(inside.game().told) == 2
    inside.pass_time(1.1)
    assert len(inside.game().told) == 3
    for _ in range(10):
        inside.pass_time(1.1)
    lines = inside.game().told
    assert all(len(text) <= 40 for _, text, _ in lines)
    assert [id for _, _, id in lines] == [f"1.2/{n + 1}" for n in range(len(lines))]
    assert sum(text.count("word") for _, text, _ in lines) == 30


def test_completion_brings_the_answer_and_asks_for_a_rating(inside: Inside) -> None:
    asked(inside)
    inside.submit(r.Complete("amy", 1, "Restored."))
    inside.pass_time()
    answer, rate = inside.game().texts()
    assert answer == "[GM amy] Restored."
    assert "1" in rate and "5" in rate
    inside.say("5")
    assert inside.kinds()[-1] == "rated"


def test_hostile_answers_reach_the_game_harmless(inside: Inside) -> None:
    asked(inside)
    inside.submit(r.Reply("amy", 1, "a\nquit\x1b[2J\u202eb"))
    inside.pass_time()
    (text,) = inside.game().texts()
    assert not set(text) & {"\n", "\x1b", "\u202e"}


def test_an_announcement_goes_to_the_servers_named(inside: Inside) -> None:
    inside.submit(r.Announce("amy", ("s2",), "Restart at nine"))
    inside.pass_time()
    assert inside.game("s1").announced == []
    assert inside.game("s2").announced == ["Restart at nine"]


def confirming(inside: Inside) -> None:
    for name in ("s1", "s2"):
        inside.game(name).confirms = True  # type: ignore[misc]


def test_while_a_game_may_have_shown_it_no_other_is_asked(inside: Inside) -> None:
    confirming(inside)
    asked(inside)
    game = inside.game()
    game.answers = "later"
    inside.submit(r.Reply("amy", 1, "Once"))
    game.answers = "unreachable"
    game.ended.callback(None)
    inside.links["s2"].joined(ANN_ELSEWHERE)
    inside.pass_time(60)
    assert inside.game("s2").told == []
    game.answers = "at once"
    inside.pass_time(60)
    assert game.told == [("1", "[GM amy] Once", "1.2")]
    assert inside.game("s2").told == []


def test_a_game_that_shows_nothing_frees_the_delivery(inside: Inside) -> None:
    confirming(inside)
    asked(inside)
    game = inside.game()
    game.answers = "later"
    inside.submit(r.Reply("amy", 1, "Once"))
    game.answers = "gone"
    game.ended.callback(None)
    inside.links["s2"].joined(ANN_ELSEWHERE)
    inside.pass_time(5)
    assert inside.game("s2").told == [("77", "[GM amy] Once", "1.2")]
    assert [e.server for e in inside.events if e.kind == "sent"] == ["s2"]


def test_a_game_that_stays_away_is_not_waited_for_for_ever(inside: Inside) -> None:
    confirming(inside)
    asked(inside)
    inside.game().answers = "later"
    inside.submit(r.Reply("amy", 1, "Once"))
    inside.game().answers = "unreachable"
    inside.game().ended.callback(None)
    inside.links["s2"].joined(ANN_ELSEWHERE)
    inside.pass_time(601)
    inside.outbox.retry()
    inside.pass_time()
    assert inside.game("s2").texts() == ["[GM amy] Once"]


def test_what_was_shown_of_several_lines_is_not_shown_again(inside: Inside) -> None:
    confirming(inside)
    asked(inside)
    game = inside.game()
    game.answers = "later"
    inside.submit(r.Complete("amy", 1, "Restored."))
    game.pending[0].callback(None)
    inside.pass_time()
    game.answers = "gone"
    game.ended.callback(None)
    inside.links["s2"].joined(ANN_ELSEWHERE)
    inside.pass_time(5)
    assert game.texts() == ["[GM amy] Restored."]
    (told,) = inside.game("s2").told
    assert told[2] == "1.2+1"


def test_a_game_that_cannot_confirm_shows_a_line_at_most_once_more(inside: Inside) -> None:
    asked(inside)
    game = inside.game()
    game.answers = "later"
    inside.submit(r.Reply("amy", 1, "Hm?"))
    for _ in range(5):
        inside.pass_time(31)
        inside.outbox.retry()
        inside.pass_time()
    assert len(game.pending) == 2
    assert inside.kinds()[-1] == "delivered" and inside.events[-1].data["how"] == "sent"


def test_a_restart_keeps_what_is_pending(inside: Inside) -> None:
    asked(inside)
    inside.links["s1"].left("1")
    inside.submit(r.Reply("amy", 1, "Kept"))
    revived = Inside()
    for event in inside.log.replay(0):
        revived.desk.apply(event)
    again = type(revived.outbox)(
        desk=revived.desk,
        turn=revived.turn,
        links=revived.links,
        rosters=revived.rosters,
        reactor=revived.clock,
        expires=1e9,
    )
    revived.rosters.joined("s1", ANN)
    again.player_joined("s1", ANN)
    revived.pass_time()
    assert ("1", "[GM amy] Kept", "1.2") in revived.game().told


def test_one_failing_server_does_not_hold_up_another(inside: Inside) -> None:
    bob = Player("2", "Bob")
    asked(inside)
    inside.say("!help me too", bob, "s2")
    inside.game("s1").answers = "later"
    inside.submit(r.Reply("amy", 1, "one"))
    inside.submit(r.Reply("amy", 2, "two"))
    inside.pass_time()
    assert inside.game("s2").texts()[-1] == "[GM amy] two"


def test_a_link_that_recovers_does_not_send_again_what_is_on_its_way(inside: Inside) -> None:
    asked(inside)
    game = inside.game()
    game.answers = "later"
    inside.submit(r.Reply("amy", 1, "Once"))
    inside.links["s1"].degraded("slow")
    inside.links["s1"].up()
    inside.outbox.retry()
    assert len(game.pending) == 1
    game.pending[0].callback(None)
    inside.pass_time()
    assert game.texts() == ["[GM amy] Once"]


def test_a_fault_in_an_adapter_is_logged_once_and_the_line_tried_again(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, logged_failures: list[object]
) -> None:
    inside.say("!help me")
    game = inside.game()
    tries: list[str] = []

    async def tell(player: Player, text: str, delivery: str) -> None:
        tries.append(text)
        if len(tries) < 4:
            raise ZeroDivisionError("a fault in an adapter")
        game.told.append((player.id, text, delivery))

    monkeypatch.setattr(game, "tell", tell)
    monkeypatch.setattr(game, "confirms", True, raising=False)
    inside.submit(r.Reply("amy", 1, "hello"))
    for _ in range(5):
        inside.outbox.retry()
        inside.pass_time(1)
    assert "[GM amy] hello" in game.texts() and len(tries) == 4
    assert len(logged_failures) == 1
    logged_failures.clear()
