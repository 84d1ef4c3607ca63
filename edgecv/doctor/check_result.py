"""What the doctor says: one thing that is well, could be better, or must be put right."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        level: ``problem`` keeps the box from its work or its records from being trusted; ``warning`` costs some of it.
        what: what was found, in plain words, with the number behind it.
        where: ``clock``, ``disk``, ``machine``, ``configuration``, ``camera NAME`` or ``upstream NAME``.
        advice: what to do; empty where nothing needs to be done.
    """

    level: Level
    what: str
    where: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """The fields by name."""
        return asdict(self)


def ok(where: str, what: str) -> Finding:
    """All is well there."""
    return Finding("ok", what, where)


def warning(where: str, what: str, advice: str) -> Finding:
    """It works, but could do better."""
    return Finding("warning", what, where, advice)


def problem(where: str, what: str, advice: str) -> Finding:
    """It does not work, or cannot be trusted."""
    return Finding("problem", what, where, advice)
