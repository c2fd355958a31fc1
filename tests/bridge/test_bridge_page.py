"""docs/bridge-protocol.md says everything that the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gmkit.wire import messages

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "bridge-protocol.md").read_text("utf-8")


def sources(*patterns: str) -> str:
    """The text of these files."""
    return "\n".join(f.read_text("utf-8") for p in patterns for f in sorted(ROOT.glob(p)))


def test_every_type_is_on_the_page() -> None:
    code = sources("channel_server/bridge/*.py", "adapters/bridge.py", "gmkit/bridge/*.py")
    types = set(re.findall(r'"type": "(\w+)"', code)) | {"joined", "renamed"}
    assert len(types) >= 18
    missing = {t for t in types if f"**{t}**" not in PAGE and f"`{t}`" not in PAGE}
    assert not missing


def test_every_reason_is_on_the_page() -> None:
    code = sources("channel_server/bridge/*.py")
    reasons = set(re.findall(r'(?:Rejected\(|\.bye\(|, )\s*"([a-z-]+)", [f"s]', code))
    assert {"version", "credentials", "silent", "session"} <= reasons
    assert {"too-long", "malformed"} <= {messages.TooLong.reason, messages.Unfit.reason}
    missing = {r for r in reasons if f"`{r}`" not in PAGE} - {"host"}
    assert not missing, missing


@pytest.mark.parametrize("verb", messages.VERBS)
def test_every_verb_is_on_the_page(verb: str) -> None:
    assert f"`{verb}`" in PAGE


@pytest.mark.parametrize(
    "number",
    [messages.TEXT, messages.ROSTER, messages.VALUES, messages.WINDOW, messages.NAME, 1 << 20],
)
def test_every_limit_is_on_the_page(number: int) -> None:
    assert str(number) in PAGE.replace(",", "")


def test_the_sdk_needs_no_twisted() -> None:
    modules = "gmkit.bridge, gmkit.bridge.aio, gmkit.bridge.threaded, gmkit.bridge.http"
    code = f"import sys, {modules}; sys.exit('twisted' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
