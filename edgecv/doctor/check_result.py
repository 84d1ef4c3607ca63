"""The result of one check: all is well, could be better, or must be put right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check has to say.

    Attributes:
        level: ``problem`` keeps the box from its work or its records from being trusted; ``warning`` costs some of it.
        text: one sentence with the number behind it.
        where: ``clock``, ``disk``, ``machine``, ``configuration``; ``camera``, ``device`` or ``upstream`` and its name.
        advice: what to do; empty where nothing needs to be done.
    """

    level: Level
    text: str
    where: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        """The fields by their names in ``edgecv doctor --json``: the sentence is called ``what`` there."""
        return {"level": self.level, "what": self.text, "where": self.where, "advice": self.advice}


def ok(where: str, text: str) -> CheckResult:
    """All is well there."""
    return CheckResult("ok", text, where)


def warning(where: str, text: str, advice: str) -> CheckResult:
    """It works, but could do better."""
    return CheckResult("warning", text, where, advice)


def problem(where: str, text: str, advice: str) -> CheckResult:
    """It does not work, or cannot be trusted."""
    return CheckResult("problem", text, where, advice)
