"""Totals over many videos: recall, false findings, FADE, delay, accuracy and cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgecv.evaluation.accuracy import AccuracyTotal
from edgecv.evaluation.fade import BoxCounts, pooled
from edgecv.evaluation.intervals import Rate, Share, Spread
from edgecv.evaluation.nuisance_classes import NuisanceClass, count_classes
from edgecv.evaluation.result import ClipResult, EventResult, Tier

SIZES_PX = (("<2 px", 0.0, 2.0), ("2-3 px", 2.0, 3.0), ("3-5 px", 3.0, 5.0), ("5-8 px", 5.0, 8.0), (">8 px", 8.0, 1e9))
CONTRASTS = (("<10", 0.0, 10.0), ("10-20", 10.0, 20.0), ("20-40", 20.0, 40.0), (">40", 40.0, 1e9))
UNKNOWN = "unknown"
HARD = frozenset({"rain", "snow", "shake", "low_bitrate", "vfr", "half_rate", "repeated", "night"})
_CLEAR_CONTRAST, _CLEAR_PX, _TINY_PX = 20.0, 3.0, 2.0
"""Limits of the two recalls that are demanded: clear events, and tiny ones of the same contrast."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Events of one kind.

    Attributes:
        found: as incident, of all that could be seen.
        candidates: found as candidate only.
        missed: not found at all.
        merged: of these, how many were taken for a piece or a reflection of another finding.
    """

    found: Share
    candidates: int
    missed: int
    merged: int

    @classmethod
    def of(cls, events: Iterable[EventResult]) -> Recall:
        """Count events; those too short to see are left out."""
        visible = [event for event in events if not event.too_short]
        outcomes = [event.outcome for event in visible]
        hits = outcomes.count("incident")
        return cls(
            Share.of(hits, len(outcomes)),
            outcomes.count("candidate"),
            outcomes.count("missed"),
            sum(e.merged for e in visible),
        )


@dataclass(frozen=True, slots=True)
class ByNuisance:
    """False findings of the clips in which one nuisance was switched on."""

    incidents: Rate
    candidates: Rate


@dataclass(frozen=True, slots=True)
class VisibleMiss:
    """A throw that could be seen and is no incident: where to look."""

    clip: str
    object: str
    first_s: float
    size_px: float
    sightings: int
    outcome: str


@dataclass(frozen=True, slots=True)
class FadeTotal:
    """FADE over all videos with an event: means of the videos' own values, and of all boxes together."""

    iou: float
    precision: float
    recall: float
    f_measure: float
    pooled_precision: float
    pooled_recall: float
    pooled_f_measure: float


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything over all videos.

    Attributes:
        clips: how many.
        hours: of footage.
        recall: over all events.
        clear_day: at least 3 px and 20 grey levels, by day, with no hard condition.
        tiny_day: the same at 2-3 px.
        too_short: events nobody could tell, counted apart; outcomes of theirs.
        by_size: by size, then contrast.
        by_condition: by condition.
        clear_by_condition: by condition, of events of at least 3 px and 20 grey levels.
        false_incidents: duplicates included.
        duplicates: of these, how many are second findings of an event.
        false_candidates: duplicates left out.
        mirror_images: findings on a reflection: neither hit nor false.
        by_nuisance: false findings of the clips with each nuisance on.
        followed: false findings by tier and label of what they follow.
        fade: at each IoU.
        tro: mean time-range overlap of the videos with an event.
        videos_with_events: behind ``fade`` and ``tro``.
        delay_s: of events found as incident; those at the end of a video included.
        delays_at_end: how many of these came out only because the video ended.
        accuracy: of origin and weight.
        analysis_ms: CPU time of the analysis, per frame.
        decode_ms: CPU time of the decoder, per frame.
        visible: of events with at least 12 sightings in the decoded video.
        visible_by_condition: the same by condition.
        visible_misses: visible events that are no incident.
        visibility_known: events of which sightings were counted.
        false_sightings: share of the places beside the events' paths that look like a sighting, mean over events.
        classes: false findings by class of nuisance, over the time in which it was there.
        sightings_ms: CPU time of counting sightings, per frame.
    """

    clips: int
    hours: float
    recall: Recall
    clear_day: Recall
    tiny_day: Recall
    too_short: dict[str, int]
    by_size: dict[str, dict[str, Recall]]
    by_condition: dict[str, Recall]
    clear_by_condition: dict[str, Recall]
    false_incidents: Rate
    duplicates: int
    false_candidates: Rate
    mirror_images: int
    by_nuisance: dict[str, ByNuisance]
    followed: dict[str, dict[str, int]]
    fade: tuple[FadeTotal, ...]
    tro: float | None
    videos_with_events: int
    delay_s: Spread
    delays_at_end: int
    accuracy: AccuracyTotal
    analysis_ms: float | None
    decode_ms: float | None
    visible: Recall
    visible_by_condition: dict[str, Recall]
    visible_misses: tuple[VisibleMiss, ...]
    visibility_known: int
    false_sightings: float | None
    classes: dict[str, NuisanceClass]
    sightings_ms: float | None


def tally(clips: Sequence[ClipResult]) -> Totals:
    """Add up."""
    events = [(clip, event) for clip in clips for event in clip.events]
    every = [event for _, event in events]
    short = [event.outcome for event in every if event.too_short]
    incidents = [event for event in every if event.outcome == "incident"]
    with_events = [clip for clip in clips if clip.tro is not None]
    frames = sum(clip.frames for clip in clips)
    hours = _hours(clips)
    calm_day = [e for c, e in events if "day" in c.conditions and not HARD & set(c.conditions) and _clear(e)]
    return Totals(
        clips=len(clips),
        hours=hours,
        recall=Recall.of(every),
        clear_day=Recall.of(e for e in calm_day if e.size_px >= _CLEAR_PX),
        tiny_day=Recall.of(e for e in calm_day if _TINY_PX <= e.size_px < _CLEAR_PX),
        too_short={outcome: short.count(outcome) for outcome in ("incident", "candidate", "missed")},
        by_size=_by_size(every),
        by_condition=_by_condition(clips, lambda _event: True),
        clear_by_condition=_by_condition(clips, lambda e: _clear(e) and e.size_px >= _CLEAR_PX),
        false_incidents=Rate.of(_false(clips, "incident"), hours),
        duplicates=sum(f.role == "duplicate" and f.tier == "incident" for c in clips for f in c.findings),
        false_candidates=Rate.of(_false(clips, "candidate"), hours),
        mirror_images=sum(f.role == "mirror_image" for c in clips for f in c.findings),
        by_nuisance=_by_nuisance(clips),
        followed=_followed(clips),
        fade=_fade(with_events),
        tro=float(np.mean([c.tro for c in with_events if c.tro is not None])) if with_events else None,
        videos_with_events=len(with_events),
        delay_s=Spread.of([e.delay_s for e in incidents if e.delay_s is not None]),
        delays_at_end=sum(e.at_end for e in incidents),
        accuracy=AccuracyTotal.of([e.accuracy for e in every if e.accuracy is not None]),
        analysis_ms=sum(c.analysis_ms * c.frames for c in clips) / frames if frames else None,
        decode_ms=sum(c.decode_ms * c.frames for c in clips) / frames if frames else None,
        visible=Recall.of(e for e in every if e.visible),
        visible_by_condition=_by_condition(clips, lambda e: e.visible),
        visible_misses=tuple(_visible_misses(events)),
        visibility_known=sum(e.visibility is not None for e in every),
        false_sightings=_mean([s for e in every if (s := _false_sightings(e)) is not None]),
        classes=count_classes(clips),
        sightings_ms=sum(c.sightings_ms * c.frames for c in clips) / frames if frames else None,
    )


def _visible_misses(events: Sequence[tuple[ClipResult, EventResult]]) -> Iterator[VisibleMiss]:
    for clip, e in events:
        if e.visibility is not None and e.visible and not e.too_short and e.outcome != "incident":
            yield VisibleMiss(clip.clip, e.object, e.first_s, e.size_px, e.visibility.sightings, e.outcome)


def _false_sightings(event: EventResult) -> float | None:
    return None if event.visibility is None else event.visibility.false_share


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _clear(event: EventResult) -> bool:
    return event.contrast is not None and event.contrast >= _CLEAR_CONTRAST


def _hours(clips: Iterable[ClipResult]) -> float:
    return sum(clip.duration_s for clip in clips) / 3600.0


def _false(clips: Iterable[ClipResult], tier: Tier) -> int:
    """False findings: an event reported twice is a false incident, the same path kept twice no further candidate."""
    roles = ("false", "duplicate") if tier == "incident" else ("false",)
    return sum(f.tier == tier and f.role in roles for c in clips for f in c.findings)


def _by_size(events: Sequence[EventResult]) -> dict[str, dict[str, Recall]]:
    cells: dict[tuple[str, str], list[EventResult]] = {}
    for event in events:
        contrast = UNKNOWN if event.contrast is None else _bin(event.contrast, CONTRASTS)
        cells.setdefault((_bin(event.size_px, SIZES_PX), contrast), []).append(event)
    contrasts = [*(name for name, _, _ in CONTRASTS), UNKNOWN]
    rows = {size: {c: Recall.of(cells[size, c]) for c in contrasts if (size, c) in cells} for size, _, _ in SIZES_PX}
    return {size: row for size, row in rows.items() if row}


def _bin(value: float, bins: Iterable[tuple[str, float, float]]) -> str:
    return next(name for name, low, high in bins if low <= value < high)


def _by_condition(clips: Sequence[ClipResult], included: Callable[[EventResult], bool]) -> dict[str, Recall]:
    names = sorted({name for clip in clips for name in clip.conditions})
    recalls = {
        name: Recall.of(e for clip in clips if name in clip.conditions for e in clip.events if included(e))
        for name in names
    }
    return {name: recall for name, recall in recalls.items() if recall.found.trials}


def _by_nuisance(clips: Sequence[ClipResult]) -> dict[str, ByNuisance]:
    rows = {}
    for name in sorted({name for clip in clips for name in clip.nuisances}):
        those = [clip for clip in clips if name in clip.nuisances]
        hours = _hours(those)
        rows[name] = ByNuisance(Rate.of(_false(those, "incident"), hours), Rate.of(_false(those, "candidate"), hours))
    return rows


def _followed(clips: Sequence[ClipResult]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for finding in (f for clip in clips for f in clip.findings if f.role == "false"):
        row = counts.setdefault(finding.follows or "nothing known", {"incident": 0, "candidate": 0})
        row[finding.tier] += 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1]["incident"], -item[1]["candidate"], item[0])))


def _fade(clips: Sequence[ClipResult]) -> tuple[FadeTotal, ...]:
    by_iou: dict[float, list[BoxCounts]] = {}
    for score in (score for clip in clips for score in clip.fade):
        by_iou.setdefault(score.iou, []).append(score.counts)
    totals = []
    for least, counts in sorted(by_iou.items()):
        all_boxes = pooled(counts)
        totals.append(
            FadeTotal(
                least,
                float(np.mean([c.precision for c in counts])),
                float(np.mean([c.recall for c in counts])),
                float(np.mean([c.f_measure for c in counts])),
                all_boxes.precision,
                all_boxes.recall,
                all_boxes.f_measure,
            )
        )
    return tuple(totals)
