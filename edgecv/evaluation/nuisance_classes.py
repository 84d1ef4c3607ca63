"""What else was in a video, by class: for how long it was there, and how many false findings followed it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgecv.evaluation.intervals import Rate
from edgecv.evaluation.result import ClipResult, Tier
from edgecv.evaluation.truth import NuisanceTrack, Truth

_EVERYWHERE = frozenset({"rain", "snow"})
"""There all the time, though only the nearest drops and flakes have tracks."""
_WITH_TRACKS = frozenset(
    {"bird", "insect", "leaf", "drip", "light", "person", "laundry", "car", "pedestrian", "lift", "gondola"}
)
"""What simulated scenes track wherever it is seen: without a track, it was not in the picture."""
_NUMBER = re.compile(r"[\W_]*\d.*$")
_SHORTEST_GAP_S = 0.5
"""A track is there between two of its sightings where they are no farther apart than this."""


@dataclass(frozen=True, slots=True)
class NuisanceClass:
    """False findings that followed one class of nuisance, over the time in which it was there.

    Attributes:
        incidents: false incidents that followed it.
        candidates: false candidates that followed it.
    """

    incidents: Rate
    candidates: Rate


def class_of_clip(video: Path) -> str:
    """Class of a video that says nothing of itself: its name up to the first number, else its folder's name.

    ``V_BIRD_003.mp4`` is ``v_bird``, ``traffic_camera.mp4`` is ``traffic_camera``, ``street/0012.mp4`` is ``street``.
    """
    name = _NUMBER.sub("", video.stem) or video.resolve().parent.name
    return name.lower().strip("_- .")


def presence_s(truth: Truth, duration_s: float) -> dict[str, float]:
    """Seconds for which each class of nuisance was there.

    A class with tracks was there while one of them was seen; one without (rain, shake, clouds) all the time.
    """
    times: dict[str, list[tuple[float, float]]] = {}
    for track in truth.nuisance_tracks:
        times.setdefault(class_of_label(track.label, truth.nuisances), []).extend(_spans(track))
    seconds = {name: min(duration_s, _union(spans)) for name, spans in times.items()}
    for name in truth.nuisances:
        if name in _EVERYWHERE or (name not in seconds and (truth.real or name not in _WITH_TRACKS)):
            seconds[name] = duration_s
    return seconds


def class_of_label(label: str, nuisances: Sequence[str]) -> str:
    """Class of a track's label: ``rain_snow`` is the one of the two that was switched on, where it is one."""
    switched_on = [name for name in nuisances if name == label or name in label.split("_")]
    return switched_on[0] if len(switched_on) == 1 else label


def count_classes(clips: Sequence[ClipResult]) -> dict[str, NuisanceClass]:
    """Add up over many videos; what follows nothing that the truth knows stands under ``nothing known``."""
    seconds: dict[str, float] = {}
    counts: dict[str, dict[Tier, int]] = {}
    for clip in clips:
        for name, present in clip.presence_s.items():
            seconds[name] = seconds.get(name, 0.0) + present
        for finding in clip.findings:
            if finding.role == "false":
                row = counts.setdefault(_class_of_finding(finding.follows, clip), {"incident": 0, "candidate": 0})
                row[finding.tier] += 1
    all_hours = sum(clip.duration_s for clip in clips) / 3600.0
    classes = {}
    for name in sorted({*seconds, *counts}):
        hours = seconds[name] / 3600.0 if name in seconds else all_hours
        count = counts.get(name, {"incident": 0, "candidate": 0})
        classes[name] = NuisanceClass(Rate.of(count["incident"], hours), Rate.of(count["candidate"], hours))
    return classes


def _class_of_finding(follows: str | None, clip: ClipResult) -> str:
    if follows is not None:
        return class_of_label(follows, clip.nuisances)
    # a real clip of one class holds nothing else that moves
    return next(iter(clip.presence_s)) if clip.real and len(clip.presence_s) == 1 else "nothing known"


def _spans(track: NuisanceTrack) -> Iterable[tuple[float, float]]:
    """Stretches of time in which the track is seen without a gap."""
    times = track.path.t_s
    breaks = np.flatnonzero(np.diff(times) > _SHORTEST_GAP_S) + 1
    return [(float(part[0]), float(part[-1])) for part in np.split(times, breaks)]


def _union(spans: Iterable[tuple[float, float]]) -> float:
    total, reached = 0.0, -np.inf
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
