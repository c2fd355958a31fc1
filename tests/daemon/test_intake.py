"""What players type, and what they read."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmkit.channel_server.players.grammar import Grammar, Line
from gmkit.channel_server.players.wording import wording
from gmkit.config import Help
from gmkit.desk import requests as r
from gmkit.i18n import language
from gmkit.model import Player, Source

from .conftest import ANN, Inside

SPOKEN = Grammar(["!help", "/help", "@GM", "求助"])


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("!help my sword", Line("ask", "my sword")),
        ("!HELP  my sword", Line("ask", "my sword")),
        ("！ｈｅｌｐ 卡住了", Line("ask", "卡住了")),
        ("!help我的火车卡住了", Line("ask", "我的火车卡住了")),
        ("求助我卡住了", Line("ask", "我卡住了")),
        ("＠GM 在吗", Line("ask", "在吗")),
        ("@gm: hello", Line("ask", "hello")),
        ("!help", Line("explain")),
        ("!helpme", None),
        ("help me", None),
        ("I need !help", None),
        ("!status", Line("status")),
        ("/状态", Line("status")),
        ("status", None),
        ("!cancel", Line("cancel")),
        ("！取消", Line("cancel")),
        ("!verify", Line("verify")),
        ("4", Line("rate", "4")),
        ("４", Line("rate", "4")),
        ("45", None),
        ("", None),
        ("   ", None),
    ],
)
def test_grammar(typed: str, read: Line | None) -> None:
    assert SPOKEN.read(typed) == read


@given(st.text())
def test_grammar_takes_anything(text: str) -> None:
    SPOKEN.read(text)
    line = SPOKEN.read("!help x" + text)
    assert line is None or line.what == "ask"


def test_a_question_is_acknowledged_with_number_and_nobody_on_duty(inside: Inside) -> None:
    inside.say("!help my sword vanished")
    (ack,) = inside.game().texts()
    assert "#1" in ack and "No GM is on duty" in ack


def test_the_place_in_the_queue_is_told_and_the_wait_only_with_grounds(inside: Inside) -> None:
    inside.submit(r.Duty("amy", on=True))
    inside.say("!help first")
    inside.say("!help second", Player("2", "Bob"))
    assert "number 2 in the queue" in inside.game().texts()[-1]
    assert "min" not in inside.game().texts()[-1]
    for n in range(5):
        inside.say("!help again", Player(f"x{n}", "X"))
        inside.pass_time(120)
        inside.submit(r.Reply("amy", n + 3, "so"))
    inside.say("!help last", Player("9", "Nil"))
    assert "min to wait" in inside.game().texts()[-1]


def test_more_text_joins_the_open_ticket(inside: Inside) -> None:
    inside.say("!help one")
    inside.say("!help two")
    assert inside.kinds()[-2:] == ["asked", "added"]
    assert "Added" in inside.game().texts()[-1]


def test_other_words_of_the_player(inside: Inside) -> None:
    inside.say("!status")
    assert "no open ticket" in inside.game().texts()[-1]
    inside.say("!cancel")
    assert "no open ticket" in inside.game().texts()[-1]
    inside.say("!help")
    assert "!help your question" in inside.game().texts()[-1]
    inside.say("!help really")
    inside.say("!status")
    assert inside.game().texts()[-1].startswith("[#1]")
    inside.say("!verify")
    phrase = inside.events[-1].data["phrase"]
    assert phrase in inside.game().texts()[-1]
    inside.say("!cancel")
    assert "Withdrawn" in inside.game().texts()[-1]
    assert inside.kinds()[-1] == "cancelled"


def test_a_digit_is_chat_unless_a_rating_is_due(inside: Inside) -> None:
    inside.say("5")
    assert inside.game().told == []
    inside.say("!help one")
    inside.submit(r.Complete("amy", 1, "done"))
    inside.pass_time(601)
    inside.say("5")
    assert "rated" not in inside.kinds()


def test_chinese_players_are_spoken_to_in_their_language(inside: Inside) -> None:
    inside.say("!help 我卡住了", Player("3", "阿宝", locale="zh_CN"))
    assert inside.events[-1].data["locale"] == "zh_CN"


def test_a_ticket_has_the_language_of_its_server_where_the_player_has_none(inside: Inside) -> None:
    link = inside.links["s1"]
    link.config = dataclasses.replace(link.config, locale="zh_CN")
    inside.say("!help 我卡住了")
    assert inside.desk.ticket(1).locale == "zh_CN"  # type: ignore[union-attr]
    assert "。 " not in inside.game().texts()[-1], "no space follows a full-width stop"


def test_a_flood_is_told_once_and_harms_nobody_else() -> None:
    inside = Inside(Help(cooldown=0.0, player_limit=3, player_seconds=60.0))
    for n in range(20):
        inside.say(f"!help line {n}")
    assert inside.kinds().count("asked") + inside.kinds().count("added") == 3
    assert sum("too fast" in text for text in inside.game().texts()) == 1
    inside.say("!help me", Player("2", "Bob"))
    assert "#2" in inside.game().texts()[-1]
    inside.pass_time(60)
    inside.say("!help again")
    assert inside.kinds()[-1] == "added"


def test_the_next_question_needs_a_pause() -> None:
    inside = Inside(Help(cooldown=30.0))
    inside.say("!help one")
    inside.say("!cancel")
    inside.say("!help two")
    assert "wait 30 s" in inside.game().texts()[-1]
    inside.pass_time(31)
    inside.say("!help two")
    assert inside.kinds()[-1] == "asked"


def test_a_repeated_line_is_one_question_and_the_same_acknowledgement(inside: Inside) -> None:
    source = Source("run1", 1)
    for _ in range(2):
        inside.links["s1"].said(ANN, "!help me", source)
        inside.pass_time()
    assert inside.kinds().count("asked") == 1
    ids = {id for _, _, id in inside.game().told}
    assert ids == {"arun1:1"}


def test_hostile_names_and_texts_are_kept_as_sent(inside: Inside) -> None:
    text = "\x1b[31m[red]\u202e{x} %s\x00"
    inside.say(f"!help {text}", Player("1", "{name}\n[/]"))
    assert inside.events[-1].text == text
    assert inside.events[-1].data["name"] == "{name}\n[/]"


def test_languages_that_games_make_up_are_not_kept() -> None:
    for n in range(1000):
        assert wording(f"x-{n}").say("{n}", n=n) == str(n)
    assert wording.cache_info().currsize < 500
    assert language.cache_info().currsize < 500


def test_a_repeated_line_of_which_nothing_is_known_is_not_answered(inside: Inside) -> None:
    """A line before it led to no ticket; the game sends both again."""
    link = inside.links["s1"]
    link.said(ANN, "!cancel", Source("run", 1))
    link.said(ANN, "!help me", Source("run", 2))
    inside.pass_time()
    told = len(inside.game().told)
    link.said(ANN, "!cancel", Source("run", 1))
    inside.pass_time()
    assert len(inside.game().told) == told
    assert not any("#0" in text for text in inside.game().texts())
