"""Bring the catalogues up to date: ``python -m gmkit.locale.update [--check]``. Needs babel."""

from __future__ import annotations

import argparse
import io
import string
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from gmkit.i18n import DOMAIN, LANGUAGES

from .messages import Message, messages

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FOLDERS = ("gmkit", "adapters", "channel_server", "commands", "plugins")
SOURCE = "en"

# Dates in the files would make every run a change.
_DATE = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    """Update and compile every catalogue; returns 1 where something is left to do."""
    parser = argparse.ArgumentParser(prog="python -m gmkit.locale.update", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    check = parser.parse_args().check
    found = messages(ROOT, FOLDERS)
    faults = [
        fault for tag in LANGUAGES if tag != SOURCE for fault in update(HERE, tag, found, check)
    ]
    print("\n".join(faults) or "The catalogues are complete.")
    return 1 if faults else 0


def update(folder: Path, tag: str, found: Iterable[Message], check: bool) -> list[str]:
    """Merge what was found into one language's catalogue; returns what is left to do."""
    po = folder / tag / "LC_MESSAGES" / f"{DOMAIN}.po"
    mo = po.with_suffix(".mo")
    catalog = merged(po, tag, found)
    faults = [f"{tag}: {fault}" for fault in gaps(catalog)]
    if not check:
        po.parent.mkdir(parents=True, exist_ok=True)
        po.write_bytes(po_bytes(catalog))
        mo.write_bytes(mo_bytes(catalog))
    for path, reader in ((po, read_po), (mo, read_mo)):
        if not path.exists() or texts(reader(io.BytesIO(path.read_bytes()))) != texts(
            catalog, path == po
        ):
            faults.append(f"{tag}: {path.name} is not up to date; run: make locale")
    return faults


def texts(catalog: Catalog, all: bool = True) -> dict[str, str]:
    """Messages and their translations; a .mo file holds only those that have one."""
    return {str(m.id): str(m.string or "") for m in catalog if m.id and (all or m.string)}


def merged(po: Path, tag: str, found: Iterable[Message]) -> Catalog:
    """The messages that were found, with the translations that the file has."""
    known = Catalog(locale=tag)
    if po.exists():
        with po.open("rb") as file:
            known = read_po(file, locale=tag)
    catalog = Catalog(
        locale=tag,
        domain=DOMAIN,
        project="gmkit",
        version=" ",
        msgid_bugs_address=" ",
        copyright_holder="gmkit contributors",
        header_comment="# gmkit's messages. After a change: make locale",
        language_team=tag,
        last_translator="gmkit contributors",
        creation_date=_DATE,
        revision_date=_DATE,
        fuzzy=False,
    )
    for message in found:
        old = known.get(message.text)
        catalog.add(
            message.text,
            string=old.string if old is not None else None,
            locations=[(message.file, 0)],
            user_comments=old.user_comments if old is not None else (),
        )
    return catalog


def gaps(catalog: Catalog) -> Iterator[str]:
    """Messages without a translation, and translations that lost or made up a field."""
    for message in catalog:
        if not message.id:
            continue
        if not message.string:
            yield f"not translated: {message.id}"
        elif fields(str(message.string)) != fields(str(message.id)):
            yield f"the fields differ: {message.id}"


def fields(text: str) -> set[str]:
    """The names of a template's ``{fields}``."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def po_bytes(catalog: Catalog) -> bytes:
    """The catalogue as a .po file."""
    file = io.BytesIO()
    write_po(file, catalog, width=100, include_lineno=False, sort_output=False)
    return file.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    """The catalogue as a .mo file."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
