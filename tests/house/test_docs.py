"""The documentation cannot lag behind the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gmkit.cli import main as cli

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]+)?\)")


def ids(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def test_the_generated_parts_are_up_to_date() -> None:
    """Every key, adapter option, plugin option and argument is declared once, in the code."""
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, _ in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_every_page_begins_with_its_title(page: Path) -> None:
    assert page.read_text("utf-8").startswith(("# ", "<h1")), page


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_subcommand_is_documented(name: str) -> None:
    assert f"\n## gmkit {name}\n" in (ROOT / "docs" / "command-line.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_leads_to_every_page(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    missing = [
        page.name for page in (ROOT / "docs").glob("*.md") if f"docs/{page.name}" not in text
    ]
    assert not missing


def test_both_readmes_have_the_same_sections() -> None:
    def shape(name: str) -> list[int]:
        text = re.sub(r"```.*?```", "", (ROOT / name).read_text("utf-8"), flags=re.DOTALL)
        return [len(line.split()[0]) for line in text.splitlines() if line.startswith("#")]

    assert shape("README.md") == shape("README.zh-CN.md")


def test_make_offers_what_the_readme_says() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    said = set(re.findall(r"\bmake (\w+)", (ROOT / "README.md").read_text("utf-8")))
    said |= set(re.findall(r"\bmake (\w+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8")))
    assert said <= targets
