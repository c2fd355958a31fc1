"""The command line: from what a GM types to a command and its arguments."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmkit.channel_server.dispatch.catalogue import Catalogue, load_commands
from gmkit.channel_server.dispatch.commandline import parse_line
from gmkit.channel_server.dispatch.usage import (
    AmbiguousCommand,
    DuplicateCommand,
    MisspeltCommand,
    NothingTyped,
    UnknownCommand,
)
from gmkit.command import Answer, Argument, BadUsage, Call, Command, GMError, Target, command
from gmkit.durations import BadDuration

ALL = load_commands()


async def nothing(call: Call, **values: Any) -> Answer:
    return Answer()


def declared(name: str, *arguments: Argument, aliases: tuple[str, ...] = ()) -> Command:
    return command(name, about="", permission="x.y", arguments=arguments, aliases=aliases)(nothing)


MUTE = declared(
    "mute",
    Argument("player", "player", ""),
    Argument("seconds", "duration", "", required=False),
    Argument("count", "number", "", required=False),
    Argument("reason", "text", "", required=False),
)


def catalogue(*commands: Command) -> Catalogue:
    made = Catalogue()
    for one in commands:
        made.add(one, "here")
    return made


def parsed(line: str, commands: Catalogue = ALL) -> tuple[str, dict[str, Any]]:
    found, values = parse_line(line, commands)
    return found.name, values


@pytest.mark.parametrize(
    ("line", "name", "values"),
    [
        ("ticket reply 12 hello  there ", "ticket reply", {"ticket": 12, "text": "hello  there"}),
        ("/ticket reply #12 hi", "ticket reply", {"ticket": 12, "text": "hi"}),
        ("!r 12 hi", "ticket reply", {"ticket": 12, "text": "hi"}),
        (".t r 12 hi", "ticket reply", {"ticket": 12, "text": "hi"}),
        ("／r ＃12 你好", "ticket reply", {"ticket": 12, "text": "你好"}),
        ("ticket reply! 12 hi", "ticket reply", {"ticket": 12, "text": "hi", "force": True}),
        ("r！ 12 hi", "ticket reply", {"ticket": 12, "text": "hi", "force": True}),
        ('r 1 "quoted" text', "ticket reply", {"ticket": 1, "text": '"quoted" text'}),
        ("TICKET Claim 3", "ticket claim", {"ticket": 3}),
        ("tick cla 3", "ticket claim", {"ticket": 3}),
        ("t", "ticket list", {}),
        ("t l", "ticket list", {}),
        ("ticket close 4", "ticket close", {"ticket": 4}),
        ("pm ada hi", "pm", {"player": Target("ada"), "text": "hi"}),
        ("pm @p1 hi", "pm", {"player": Target(id="p1"), "text": "hi"}),
        ('pm "two words" hi', "pm", {"player": Target("two words"), "text": "hi"}),
        ('pm s1:"two words" hi', "pm", {"player": Target("two words", server="s1"), "text": "hi"}),
        ("pm s1:@p1 hi", "pm", {"player": Target(id="p1", server="s1"), "text": "hi"}),
        ('pm s1:@"p 1" hi', "pm", {"player": Target(id="p 1", server="s1"), "text": "hi"}),
        ('pm "@p1" hi', "pm", {"player": Target("@p1"), "text": "hi"}),
        ('pm "s1:x" hi', "pm", {"player": Target("s1:x"), "text": "hi"}),
        (r'pm "say \"hi\" \\ x" hi', "pm", {"player": Target(r'say "hi" \ x'), "text": "hi"}),
        ("pm “阿 宝” hi", "pm", {"player": Target("阿 宝"), "text": "hi"}),
        ("pm O'Brien hi", "pm", {"player": Target("O'Brien"), "text": "hi"}),
        ("duty ON", "duty", {"state": "on"}),
        (
            't l state:closed mine server:s1* "two words" x',
            "ticket list",
            {"filters": {"state": "closed", "mine": True, "server": "s1*", "text": "two words x"}},
        ),
        ('t l player:"a b" "mine"', "ticket list", {"filters": {"player": "a b", "text": "mine"}}),
        ('search "http://x"', "ticket search", {"filters": {"text": "http://x"}}),
        ("help", "help", {}),
        ("?", "help", {}),
    ],
)
def test_lines(line: str, name: str, values: dict[str, Any]) -> None:
    assert parsed(line) == (name, values)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("mute ada", {"player": Target("ada")}),
        ("mute ada 4d20h3s", {"player": Target("ada"), "seconds": 417603}),
        ("mute ada 1h bad words", {"seconds": 3600, "reason": "bad words"}),
        ("mute ada bad words", {"reason": "bad words"}),
        ("mute ada 3 times", {"count": 3, "reason": "times"}),
    ],
)
def test_optional_arguments_are_left_out_where_the_word_does_not_fit(
    line: str, values: dict[str, Any]
) -> None:
    assert parsed(line, catalogue(MUTE)) == ("mute", {"player": Target("ada")} | values)


@pytest.mark.parametrize(
    ("line", "error", "says"),
    [
        ("", NothingTyped, "ticket list"),
        ("!", NothingTyped, "help"),
        ("!!", NothingTyped, "help"),
        ("tickt reply 1 x", MisspeltCommand, "ticket reply"),
        ("ticket relpy 1 x", MisspeltCommand, "Did you mean ticket reply"),
        ("anounce s1 x", MisspeltCommand, "announce"),
        ("xyzzy", UnknownCommand, "help"),
        ("ticket c 1", AmbiguousCommand, "ticket claim, ticket close, ticket complete"),
        ("ticket", AmbiguousCommand, "ticket view"),
        ("ticket 12", MisspeltCommand, "ticket view"),
        ("ticket reply", BadUsage, r"TICKET is missing. Usage: ticket reply\[!\] TICKET TEXT"),
        ("ticket reply 12", BadUsage, "TEXT is missing"),
        ("ticket reply twelve x", BadUsage, "twelve is no ticket number"),
        ("ticket claim 1 2", BadUsage, "2 is one word too many"),
        ("ticket view! 1", BadUsage, "takes no exclamation mark"),
        ("ticket claim 9999999999", BadUsage, "no ticket number"),
        ("duty maybe", BadUsage, "maybe is none of on, off"),
        ('pm "open hi', BadUsage, "not closed"),
        ("pm", BadUsage, "PLAYER is missing"),
        ("t l staet:closed", BadUsage, "no filter staet:closed; there are state:"),
        ("t l state:", BadUsage, "state: needs a value"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(line: str, error: type[GMError], says: str) -> None:
    with pytest.raises(error, match=says):
        parsed(line)


def test_a_wrong_duration_in_the_last_place_is_told() -> None:
    jail = declared("jail", Argument("seconds", "duration", "", required=False))
    with pytest.raises(BadDuration):
        parsed("jail soon", catalogue(jail))


def test_ambiguous_abbreviations_name_their_commands_once() -> None:
    found = catalogue(declared("kick", aliases=("kill",)), declared("kite"))
    with pytest.raises(AmbiguousCommand, match=r"kick, kite\."):
        parsed("ki", found)
    assert parsed("kil", found) == ("kick", {})


def test_names_and_aliases_are_taken_once_and_both_places_named() -> None:
    found = catalogue(declared("kick", aliases=("k",)))
    with pytest.raises(DuplicateCommand, match="k is offered by here and by there"):
        found.add(declared("kiss", aliases=("k",)), "there")
    assert [c.name for c in found] == ["kick"]


def test_an_owner_takes_its_commands_along() -> None:
    found = catalogue(declared("kick", aliases=("k",)))
    found.add(declared("hug", aliases=("u",)), "plugin")
    found.remove("plugin")
    found.remove("plugin")
    assert [c.name for c in found] == ["kick"]
    found.add(declared("hug", aliases=("u",)), "plugin")


LINES = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.one_of(
            st.sampled_from([n for c in ALL for n in (c.name, *c.aliases)]),
            st.sampled_from(
                ['"', "“", "#", "@", "s1:", "state:", "!", "12", "\\", "\0", "1h", ":"]
            ),
            st.text(max_size=5),
        ),
        max_size=8,
    ).map(" ".join),
)


@settings(max_examples=1000)
@given(LINES)
def test_any_line_is_read_or_refused_with_a_sentence(line: str) -> None:
    try:
        found, values = parse_line(line, ALL)
    except GMError as fault:
        assert fault.sentence()
    else:
        known = {argument.name for argument in found.arguments}
        required = {argument.name for argument in found.arguments if argument.required}
        assert required <= values.keys() <= known


def test_a_long_line_of_rubbish_is_read_quickly_and_its_refusal_is_short() -> None:
    for line in ("x" * 65536, "ticket " + "y" * 65536, "pm " + '"' * 65535, "pm " + "\\" * 65536):
        with pytest.raises(GMError) as refused:
            parse_line(line, ALL)
        assert len(refused.value.sentence()) < 400
