"""What the console makes of a box's English for a reader of Chinese."""

from __future__ import annotations

import re

from edgecv.console.web.language import texts
from edgecv.console.web.message_text import message_text

LATIN = re.compile(r"[A-Za-z]{3,}")
_NAMES = {"DESR", "CFR"}


def chinese(text: str | None, coded: object = None) -> str:
    """The text as the console shows it, with the code that came beside it."""
    return message_text(text, texts("zh_CN").gettext, coded)


def is_chinese(text: str, *names: str) -> bool:
    """Whether no English is left in it but ``names``, such as files and error classes."""
    for name in names:
        text = text.replace(name, "")
    return not set(LATIN.findall(text)) - _NAMES and any(ord(c) > 0x2E80 for c in text)
