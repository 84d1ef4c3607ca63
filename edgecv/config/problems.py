"""What is wrong in a file, where it stands, and how it is said: one line a problem."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rapidfuzz import fuzz, process

from edgecv.config.addresses import HIDDEN, is_secret_name, redacted, redacted_address
from edgecv.errors import ConfigError

Location = tuple[str | int, ...]
"""Keys and list positions from the top of a file down to a value."""

MAX_VALUE_CHARS = 80
"""Longer values are cut: the line number already leads to the full text."""


MAX_WORD_CHARS = 100
"""Keys are cut to this in messages, and longer words are compared with nothing."""
MAX_COMPARED = 500
"""Names that a misspelt one is compared with; a box has some dozens."""
MAX_PROBLEMS = 50
"""So many lines are read; a file with more of them is another file."""


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
        self.errors: tuple[str, ...] = _lines(list(problems))
        super().__init__("\n".join(self.errors))

    def __reduce__(self) -> tuple[type[ConfigProblems], tuple[tuple[str, ...]]]:
        """As it was where another process raised it."""
        return ConfigProblems, (self.errors,)


def _lines(problems: list[Problem | str]) -> tuple[str, ...]:
    lines = tuple(dict.fromkeys(str(problem) for problem in problems[: MAX_PROBLEMS + 1]))
    if len(problems) <= MAX_PROBLEMS + 1:
        return lines
    return (*lines[:MAX_PROBLEMS], f"and {len(problems) - MAX_PROBLEMS} more problems; put these right first")


def one_line(text: str) -> str:
    """``text`` with everything that would break or hide a line of a terminal shown as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def dotted(at: Location) -> str:
    """``('facades', 'north', 'windows', 2, 'left')`` as ``facades.north.windows[2].left``."""
    text = ""
    for piece in at:
        if isinstance(piece, int):
            text += f"[{piece}]"
        else:
            short = piece if len(piece) <= MAX_WORD_CHARS else piece[: MAX_WORD_CHARS - 1] + "…"
            plain = short if re.fullmatch(r"[\w-]+…?", short) else json.dumps(short, ensure_ascii=False)
            text += f".{plain}" if text else plain
    return text


def is_secret_place(at: Location) -> bool:
    """Whether a key, or a section around it, is named like those that hold secrets."""
    return any(isinstance(piece, str) and is_secret_name(piece) for piece in at)


def redacted_file_name(reference: str) -> str:
    """What stands where a file with a secret is to be named; hidden where it may be the secret itself."""
    is_name = (
        reference.startswith("credential:") or "/" in reference or re.fullmatch(r"[\w.-]+\.[a-z]{2,10}", reference)
    )
    return one_line(reference) if is_name else HIDDEN


def display_value(value: object, at: Location = ()) -> str:
    """A value as it is printed in a message: short, on one line, without secrets.

    Args:
        value: as it stands in the file.
        at: where; under a name of secrets nothing of it is shown but which file holds the secret.
    """
    if is_secret_place(at) and not isinstance(value, Mapping) and value is not None:
        is_file = isinstance(value, str) and isinstance(at[-1], str) and at[-1].endswith("_file")
        return f"'{redacted_file_name(str(value))}'" if is_file else HIDDEN
    if value is None:
        return "(empty)"
    if isinstance(value, Mapping):
        return "{…}" if value else "{}"
    if isinstance(value, str):
        text = f"'{redacted_address(value) if '://' in value else redacted(value)}'"
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        text = f"[{', '.join(display_value(item) for item in value[:8])}{', …' if len(value) > 8 else ''}]"
    elif isinstance(value, int) and abs(value) >= 10**MAX_VALUE_CHARS:
        text = "a number of more than 80 digits"  # Python refuses to print integers of thousands of digits
    else:
        text = str(value)
    return one_line(text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 1] + "…")


def may_be_secret(unknown: str, known_keys: Iterable[str]) -> bool:
    """Whether an unknown key may hold a secret: it is no known key misspelt, or that of one."""
    nearest_key = nearest(unknown, known_keys)
    return nearest_key is None or is_secret_name(nearest_key)


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The known word most like ``word``, or ``None`` when none is at all like it (rapidfuzz ratio below 50).

    Nothing is compared with a word longer than any name, nor with more names than a box has.
    """
    candidates = list(islice(candidates, MAX_COMPARED))
    if len(word) > MAX_WORD_CHARS:
        return None
    match = process.extractOne(word, candidates, scorer=fuzz.ratio, processor=str.lower, score_cutoff=50)
    return None if match is None else str(match[0])


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """`` (did you mean 'x'?)``, or nothing when no known word is near."""
    guess = nearest(word, candidates)
    return f" (did you mean '{guess}'?)" if guess is not None else ""
