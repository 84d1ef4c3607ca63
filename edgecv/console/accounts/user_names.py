"""Names people log in with: no two that look alike, and none made of letters that only look like others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LATIN = re.compile(r"[A-Za-z0-9._@-]{2,64}")
_CHINESE = re.compile(r"[\u4e00-\u9fff0-9._@-]{2,64}")
_SAME = str.maketrans({"0": "o", "1": "l", "i": "l"})
"""What many fonts draw alike, in lower case (Unicode TS 39, confusables, within ASCII)."""


def is_user_name(name: str) -> bool:
    """Whether somebody may be called so from now on: Latin letters or Chinese characters, never both.

    Letters of other scripts, and marks and blanks that nobody sees, would make names that look like another's. Names
    that were given before go on working.
    """
    return _LATIN.fullmatch(name) is not None or _CHINESE.fullmatch(name) is not None


def looks_like_any(name: str, names: Iterable[str]) -> bool:
    """Whether a name is read as one of the others."""
    own = _skeleton(name)
    return any(_skeleton(other) == own for other in names)


def plain_full_name(text: str) -> str:
    """A name as people call somebody, in one line of at most 100 characters, without marks that turn or hide text."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:100]


def _skeleton(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().translate(_SAME).replace("rn", "m")
