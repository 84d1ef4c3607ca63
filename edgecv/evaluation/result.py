"""What is written down of each video: plain numbers and words, so that it becomes JSON as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edgecv.evaluation.accuracy import Accuracy
from edgecv.evaluation.fade import FadeScore
from edgecv.evaluation.sightings import Visibility

Outcome = Literal["incident", "candidate", "missed"]
Tier = Literal["incident", "candidate"]


@dataclass(frozen=True, slots=True)
class EventResult:
    """One true event and what became of it.

    Attributes:
        object: what it was.
        first_s: media time of its first frame.
        gone_s: media time at which it had left the picture or come to rest.
        frames: in which it is visible.
        size_px: diameter.
        contrast: grey levels, or None.
        too_short: nobody could see that it is a fall; counted apart.
        outcome: found as incident, as candidate, or missed.
        merged: missed because it was taken for a piece or a reflection of another finding.
        duplicates: further incidents on the same event.
        distance_px: median distance of the finding to the truth.
        delay_s: media time from ``gone_s`` to the frame with which the finding came out.
        at_end: the finding came out only because the video ended.
        tro: time-range overlap with its incident; 0 without one.
        accuracy: of origin and weight, where the camera is calibrated.
        visibility: what could be seen of it in the decoded video, or None where that was not measured.
    """

    object: str
    first_s: float
    gone_s: float
    frames: int
    size_px: float
    contrast: float | None
    too_short: bool
    outcome: Outcome
    merged: bool = False
    duplicates: int = 0
    distance_px: float | None = None
    delay_s: float | None = None
    at_end: bool = False
    tro: float = 0.0
    accuracy: Accuracy | None = None
    visibility: Visibility | None = None

    @property
    def visible(self) -> bool:
        """Whether it could be seen often enough, whatever became of it."""
        return self.visibility is not None and self.visibility.visible


@dataclass(frozen=True, slots=True)
class FindingResult:
    """One finding that is no event.

    Attributes:
        tier: incident or candidate.
        role: ``duplicate``, ``mirror_image`` or ``false``.
        start_s: media time of its first sighting.
        end_s: of its last.
        x_px: column where it was first seen.
        y_px: row where it was first seen.
        size_px: its diameter.
        log_ratio: likelihood ratio of a fall against the best alternative.
        follows: label of the nuisance it follows, or None.
        reasons: why it is only a candidate.
    """

    tier: Tier
    role: str
    start_s: float
    end_s: float
    x_px: float
    y_px: float
    size_px: float
    log_ratio: float
    follows: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClipResult:
    """One video.

    Attributes:
        clip: its path, as the user named it.
        duration_s: media time analysed.
        frames: frames analysed.
        conditions: of the truth file.
        nuisances: of the truth file.
        calibrated: whether a calibration was used.
        events: all true events.
        findings: all findings that are no event.
        fade: F-measure's counts at each IoU; empty without an event.
        tro: time-range overlap, or None without an event.
        analysis_ms: CPU time of the analysis, per frame.
        decode_ms: CPU time of the decoder, per frame.
        warning: in words, where not all of it could be read.
        real: a camera filmed it; nobody rendered it.
        presence_s: seconds for which each class of nuisance was there.
        sightings_ms: CPU time of looking for sightings, per frame; part of neither of the two above.
    """

    clip: str
    duration_s: float
    frames: int
    conditions: tuple[str, ...]
    nuisances: tuple[str, ...]
    calibrated: bool
    events: tuple[EventResult, ...]
    findings: tuple[FindingResult, ...]
    fade: tuple[FadeScore, ...]
    tro: float | None
    analysis_ms: float
    decode_ms: float
    warning: str | None = None
    real: bool = False
    presence_s: Mapping[str, float] = field(default_factory=dict)
    sightings_ms: float = 0.0
