"""Languages of the people who read: gettext catalogues under ``gmkit/locale``."""

from __future__ import annotations

import gettext
import os
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "zh_CN")
DOMAIN = "gmkit"
FOLDER = Path(__file__).parent / "locale"


def N_(message: str) -> str:
    """Mark a message for the catalogues; it is translated where it is shown."""
    return message


@lru_cache(maxsize=256)  # tags come from games and terminals: there is no end of them
def language(tag: str | None) -> gettext.NullTranslations:
    """The catalogue for a language tag such as ``zh_CN``, ``zh-Hans`` or ``en_US.UTF-8``."""
    if closest(tag) == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, FOLDER, languages=[closest(tag)], fallback=True)


def closest(tag: str | None) -> str:
    """The supported language nearest to a tag: any Chinese is ``zh_CN``, all else ``en``."""
    return "zh_CN" if (tag or "").lower().startswith("zh") else "en"


def of_environment() -> str:
    """The language of this process's user, from LC_ALL, LC_MESSAGES and LANG."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return closest(next((os.environ[n] for n in names if os.environ.get(n)), None))
