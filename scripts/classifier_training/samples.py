"""Falls that reach the judge, each with its features, its true label and what physics alone says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classifier_training.falls import Analysed, analyse
from classifier_training.recordings import Recording
from edgecv.classification import ClassificationSettings
from edgecv.classification.features import features_of
from edgecv.classification.nuisance import THROWN, is_undecided
from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.matching import NEAREST_PX, distance_px
from edgecv.evaluation.scene_runs import path_of
from edgecv.evaluation.truth import Truth, load_truth, truth_beside

Origin = Literal["simulated", "laid in", "variant", "real"]
_SETTINGS = ClassificationSettings()
_KINDS = {"bird": "bird", "leaf": "leaf", "tree": "leaf", "rain": "rain_snow", "snow": "rain_snow"}
"""Words in the name of a real clip, and the label of what moves in it; ``other`` for a clip of another name."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One fall.

    Attributes:
        features: ``(n,) float64``.
        label: what it truly was.
        event: number of the event it follows, or None.
        tier: what physics alone makes of it.
        is_undecided: a candidate that the model may settle.
        start_s: media time of its first sighting.
    """

    features: NDArray[np.float64]
    label: str
    event: int | None
    tier: str
    is_undecided: bool
    start_s: float


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one video gave.

    Attributes:
        video: its name.
        group: videos of one group show the same recording, or the same scene.
        kind: what a table counts it under.
        origin: where its pictures come from; a variant is a real clip shown another way, to learn more from.
        samples: its falls.
        unsure: falls left out, for they are near an event and yet not it.
        seconds: its length.
    """

    video: str
    group: str
    kind: str
    origin: Origin
    samples: tuple[Sample, ...]
    unsure: int
    seconds: float


def gather_scene(video: Path, work: Path, kind: str, *, calibrated: bool) -> Gathered:
    """Label the falls of a simulated scene by the truth beside it.

    Raises:
        InputError: the video or its truth cannot be read.
    """
    analysed = analyse(video, work / "falls", calibrated=calibrated)
    return _labelled(video, analysed, _truth(video), "other", (video.stem, kind, "simulated"))


def gather_real(recording: Recording, video: Path, work: Path, origin: Origin = "real") -> Gathered:
    """Label the falls of a real clip, or of what was made from it.

    Raises:
        InputError: the video or its truth cannot be read.
    """
    analysed = analyse(video, work / "falls")
    other = next((label for word, label in _KINDS.items() if word in recording.kind.lower()), "other")
    return _labelled(video, analysed, _truth(video), other, (recording.group, recording.kind, origin))


def _truth(video: Path) -> Truth:
    file = truth_beside(video)
    return load_truth(file) if file else Truth()


def _labelled(video: Path, analysed: Analysed, truth: Truth, other: str, of: tuple[str, str, Origin]) -> Gathered:
    samples: list[Sample] = []
    unsure = 0
    for judged in analysed.falls:
        label, event = label_of(path_of(judged.fall), truth)
        if label is None:
            unsure += 1
            continue
        samples.append(
            Sample(
                features=features_of(judged.fall, judged.repeats),
                label=other if label == "other" else label,
                event=event,
                tier=judged.verdict.tier,
                is_undecided=is_undecided(judged.verdict, judged.fall, _SETTINGS, judged.repeats),
                start_s=judged.fall.fit.start_s,
            )
        )
    group, kind, origin = of
    return Gathered(video.stem, group, kind, origin, tuple(samples), unsure, analysed.seconds)


def label_of(path: BoxPath, truth: Truth) -> tuple[str | None, int | None]:
    """Return label and event of a path: the thing it follows, ``other`` for none; None where that is unsure."""
    events = [distance_px(path, event.path) for event in truth.events]
    images = [distance_px(path, image) for image in truth.mirror_images]
    near = min((d, n) for n, d in [*((n, d) for n, d in enumerate(events) if d is not None), (-1, np.inf)])
    if any(d is not None and d < near[0] for d in images):
        # an image in glass moves as its object does; what it is is not decided here
        return None, None
    if near[1] >= 0:
        return THROWN, near[1]
    if any(_touches(path, other) for other in [*(event.path for event in truth.events), *truth.mirror_images]):
        return None, None
    others = [
        (d, track.label)
        for track in truth.nuisance_tracks
        if track.path.last >= path.first and path.last >= track.path.first
        for d in [distance_px(path, track.path)]
        if d is not None
    ]
    return (min(others)[1] if others else "other"), None


def _touches(path: BoxPath, true: BoxPath) -> bool:
    """Near enough, for three frames or more, to be made of pieces of it."""
    both = (path.frames >= true.first) & (path.frames <= true.last)
    if both.sum() < 3:
        return False
    expected = true.at(path.frames[both])
    apart = np.hypot(*(path.xywh[both, :2] - expected[:, :2]).T)
    near = 3.0 * np.maximum(NEAREST_PX, expected[:, 2:].max(axis=1))
    return bool((apart < near).sum() >= 3)
