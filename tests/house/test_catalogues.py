"""Every message has its translation, and the compiled catalogues are those of the sources."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from babel.messages import Catalog

from gmkit.i18n import LANGUAGES, closest, language
from gmkit.locale import update
from gmkit.locale.messages import Message, error_classes, marked, messages, sentences

TRANSLATED = [tag for tag in LANGUAGES if tag != "en"]


@pytest.mark.parametrize("tag", TRANSLATED)
def test_the_catalogue_is_complete_and_compiled(tag: str) -> None:
    found = messages(update.ROOT, update.FOLDERS)
    assert len(found) > 100
    assert update.update(update.HERE, tag, found, check=True) == []


def test_where_messages_are_found() -> None:
    tree = ast.parse(
        '''
A = N_("one")
B = say(_("two " "halves"))
C = option(3, help="three")
D = print("not this")
E = N_(variable)
class Fault(errors.GMError):
    """Four
    lines."""
class Inner(Fault):
    """Five."""
class Other:
    """Not this."""
'''
    )
    assert {text for text, _ in marked(tree)} == {"one", "two halves", "three"}
    known = error_classes([tree])
    assert {"Fault", "Inner"} <= known
    assert {text for text, _ in sentences(tree, known)} == {"Four lines.", "Five."}


def test_a_message_of_fields_only_needs_no_translation(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('N_("{key}: {problem}")\nN_("{n} tickets")\n')
    assert [m.text for m in messages(tmp_path, ["."])] == ["{n} tickets"]


def test_gaps_are_named() -> None:
    catalog = Catalog(locale="zh_CN")
    catalog.add("missing")
    catalog.add("{a} lost", string="丢了")
    catalog.add("{a} kept", string="{a} 还在")
    assert list(update.gaps(catalog)) == ["not translated: missing", "the fields differ: {a} lost"]


def test_updating_keeps_translations_and_drops_what_is_gone(tmp_path: Path) -> None:
    first = [Message("stays", "a.py", 1), Message("goes", "a.py", 2)]
    assert update.update(tmp_path, "zh_CN", first, check=False) == [
        "zh_CN: not translated: stays",
        "zh_CN: not translated: goes",
    ]
    po = tmp_path / "zh_CN" / "LC_MESSAGES" / "gmkit.po"
    text = po.read_text("utf-8").replace('msgid "stays"\nmsgstr ""', 'msgid "stays"\nmsgstr "留下"')
    po.write_text(text, "utf-8")
    second = [first[0]]
    assert "not up to date" in " ".join(update.update(tmp_path, "zh_CN", second, check=True))
    assert update.update(tmp_path, "zh_CN", second, check=False) == []
    assert "留下" in po.read_text("utf-8")
    assert "goes" not in po.read_text("utf-8")


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        (None, "en"),
        ("en_US.UTF-8", "en"),
        ("zh_CN.UTF-8", "zh_CN"),
        ("zh-Hans", "zh_CN"),
        ("ZH", "zh_CN"),
        ("de", "en"),
    ],
)
def test_the_closest_language(tag: str | None, wanted: str) -> None:
    assert closest(tag) == wanted
    assert language(tag).gettext("no such message") == "no such message"
