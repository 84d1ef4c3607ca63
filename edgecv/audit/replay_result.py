"""What a replay gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgecv.incidents.record import Incident
from edgecv.visibility.coverage import Coverage


@dataclass(slots=True)
class ReplayResult:
    """The result of a replay.

    Attributes:
        incidents: tier 1, in order of the videos and of time.
        candidates: tier 2.
        problems: one line for each video that could not be read, or not to its end.
        notes: what to know of how videos were read.
        out: the folder with the results.
        coverage: how much of each video that was read could be judged, by its path as it was given.
    """

    out: Path
    incidents: list[Incident] = field(default_factory=list)
    candidates: list[Incident] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    coverage: dict[str, Coverage] = field(default_factory=dict)
