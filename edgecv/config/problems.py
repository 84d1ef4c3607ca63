"""What is wrong in a file, where it stands, and how it is said: one line a problem."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from edgecv.errors import ConfigError

Location = tuple[str | int, ...]
"""Keys and list positions from the top of a file down to a value."""

MAX_VALUE_CHARS = 80
"""Longer values are cut: the line number already leads to the full text."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right.

    Attributes:
        file: the file, as the user named it.
        line: 1-based line, ``None`` when the file as a whole is meant.
        at: where in the file; empty for the file as a whole.
        value: the value found there, already in printable form; ``None`` when there is none to show.
        text: what is wrong; what to do.
    """

    file: Path
    line: int | None
    at: Location
    value: str | None
    text: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else f"{self.file}"
        key = dotted(self.at)
        if key and self.value is not None:
            key += f" = {self.value}"
        return one_line(": ".join(part for part in (place, key, self.text) if part))


class ConfigProblems(ConfigError):  # noqa: N818 - it is named for what it holds
    """Every problem of a box file and its calibrations at once; ``errors`` holds the lines."""

    def __init__(self, problems: Iterable[Problem | str]) -> None:
        self.errors: tuple[str, ...] = tuple(dict.fromkeys(str(problem) for problem in problems))
        super().__init__("\n".join(self.errors))

    def __reduce__(self) -> tuple[type[ConfigProblems], tuple[tuple[str, ...]]]:
        """As it was where another process raised it."""
        return ConfigProblems, (self.errors,)


def one_line(text: str) -> str:
    """``text`` with everything that would break or hide a line of a terminal shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def redacted(text: str) -> str:
    """``text`` with the user and password of an address (``scheme://user:password@host``) hidden."""
    return re.sub(r"://[^\s]*@", "://***@", text)


def dotted(at: Location) -> str:
    """``('facades', 'north', 'windows', 2, 'left')`` as ``facades.north.windows[2].left``."""
    text = ""
    for piece in at:
        if isinstance(piece, int):
            text += f"[{piece}]"
        else:
            plain = piece if re.fullmatch(r"[\w-]+", piece) else json.dumps(piece, ensure_ascii=False)
            text += f".{plain}" if text else plain
    return text


def shown(value: object) -> str:
    """A value as it is printed in a message: short, on one line, without passwords."""
    if value is None:
        return "(empty)"
    if isinstance(value, Mapping):
        return "{…}" if value else "{}"
    if isinstance(value, str):
        text = f"'{redacted(value)}'"
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        text = f"[{', '.join(shown(item) for item in value[:8])}{', …' if len(value) > 8 else ''}]"
    elif isinstance(value, int) and abs(value) >= 10**MAX_VALUE_CHARS:
        text = "a number of more than 80 digits"  # Python refuses to print integers of thousands of digits
    else:
        text = str(value)
    return one_line(text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 1] + "…")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, or ``None`` when none is at all like it (rapidfuzz ratio below 50)."""
    found = process.extractOne(word, list(known), scorer=fuzz.ratio, processor=str.lower, score_cutoff=50)
    return None if found is None else str(found[0])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)``, or nothing when no known word is near."""
    guess = nearest(word, known)
    return f" (did you mean '{guess}'?)" if guess is not None else ""
