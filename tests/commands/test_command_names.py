"""What a GM reads who mistypes a command's name."""

from __future__ import annotations

import pytest

from .world import World


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("foo 3", "There is no command foo. All of them: help"),
        ("tikcet list", "There is no command tikcet list. Did you mean ticket list?"),
        ("note 3 again", "There is no command note. Did you mean ticket note?"),
        ("t clsoe 3", "There is no command t clsoe. Did you mean ticket close?"),
        ("t x", "There is no command t x. Those there are: help ticket"),
        ("gm fly", "There is no command gm fly. Those there are: help gm"),
        ("assign 3 nobody", "There is no GM account nobody."),
    ],
)
def test_the_right_name_is_told(line: str, sentence: str) -> None:
    assert World().refusal("lea", line).sentence() == sentence


@pytest.mark.parametrize(("line", "numbers"), [("t mine", [3]), ("t state:completed", [2])])
def test_a_short_form_takes_filters(line: str, numbers: list[int]) -> None:
    answer = World().run("Wei", line)
    assert [row["ticket"] for row in answer.data] == numbers


def test_who_may_nothing_reads_no_server() -> None:
    refusal = World().refusal("amy", "announce * hello")
    assert refusal.sentence() == "You may not do that: it needs the permission server.announce."
    assert refusal.code == "not-allowed"
