"""The demo's arithmetic: what counts as lost, as delivered, and as shown twice."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from gmkit.cli.demo_totals import Answer, Journal, Totals, totals

ASKED = {"at": 10.0, "what": "asked", "server": "a", "player": "1", "source": "s:1"}
ACKED = {"at": 10.1, "what": "acked", "server": "a", "player": "1", "source": "s:1", "ticket": 7}


def shown(
    delivery: str, at: float = 20.0, server: str = "a", player: str = "1", account: str | None = "x"
) -> dict[str, Any]:
    return {
        "at": at,
        "what": "shown",
        "server": server,
        "player": player,
        "account": account,
        "delivery": delivery,
    }


def answered(delivery: str = "7.2", account: str | None = "x") -> Journal:
    return Journal(
        heard={"s:1": [10.002, 10.004]},
        accepted={"g:1": 19.99},
        answers={"g:1": Answer(delivery, "a", "1", account)},
    )


def test_a_quiet_evening() -> None:
    nothing = totals([], Journal())
    assert (nothing.asked, nothing.lost, nothing.duplicated) == (0, 0, 0)
    assert nothing.ask_to_gm_ms == {"p50": None, "p99": None}


def test_asked_acked_answered_and_delivered() -> None:
    result = totals([ASKED, ACKED, shown("7.2")], answered())
    assert (result.asked, result.acked, result.answered, result.delivered) == (1, 1, 1, 1)
    assert (result.lost, result.duplicated) == (0, 0)
    assert result.ask_to_gm_ms == {"p50": 4.0, "p99": 4.0}
    assert result.reply_to_player_ms == {"p50": 10.0, "p99": 10.0}


def test_a_call_that_nobody_heard_is_lost_unless_the_player_was_told_why() -> None:
    assert totals([ASKED], Journal()).lost == 1
    told = {**ASKED, "what": "told", "text": "You are writing too fast."}
    assert totals([ASKED, told], Journal()).lost == 0
    assert totals([ASKED], Journal(heard={"s:1": [10.0]})).lost == 0


def test_an_accepted_answer_that_was_not_shown_is_lost() -> None:
    assert totals([ASKED, ACKED], answered()).lost == 1
    unknown = Journal(accepted={"g:1": 1.0})
    assert totals([shown("7.2")], unknown).lost == 1


def test_only_the_right_player_counts() -> None:
    heard = [ASKED, ACKED]
    assert totals([*heard, shown("7.2", player="2", account="y")], answered()).delivered == 0
    assert totals([*heard, shown("7.2", server="b", player="9")], answered()).delivered == 1
    stranger = shown("7.2", server="b", player="1", account=None)
    assert totals([*heard, stranger], answered(account=None)).delivered == 0


def test_parts_of_one_answer_are_not_duplicates_but_repeats_are() -> None:
    parts = [ASKED, ACKED, shown("7.2/1"), shown("7.2/2")]
    result = totals(parts, answered())
    assert (result.delivered, result.duplicated) == (1, 0)
    again = totals([*parts, shown("7.2/1", server="b", player="9")], answered())
    assert (again.delivered, again.duplicated) == (1, 1)


def test_every_figure_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    for field in fields(Totals):
        assert f"| `{field.name}` |" in page
