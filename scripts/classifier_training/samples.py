"""Falls that reach the judge, each with its features, its true label and what physics alone says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecv.calibration.camera import camera_of
from edgecv.capture import VideoFile
from edgecv.classification import ClassificationSettings, RepeatedPaths, judge
from edgecv.classification.features import features_of
from edgecv.classification.nuisance import THROWN, is_undecided
from edgecv.config import load_box
from edgecv.detection import DetectionSettings, Detector
from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.matching import NEAREST_PX, distance_px
from edgecv.evaluation.scene_runs import path_of
from edgecv.evaluation.truth import Truth, box_beside, load_truth, truth_beside
from edgecv.geometry.camera import PinholeCamera
from edgecv.tracking import Track, Tracker, TrackingSettings
from edgecv.trajectory import Fall, TrajectorySettings, View, explain

LEAST_CHANCE_RATIO = 10.0
"""Paths nearer to chance than this are far from any verdict; they would only teach what noise is."""
_SETTINGS = ClassificationSettings()


@dataclass(frozen=True, slots=True)
class Sample:
    """One fall.

    Attributes:
        video: name of the video.
        calibrated: whether the fit knew the camera.
        features: ``(n,) float64``.
        label: what it truly was.
        event: number of the event it follows, or None.
        tier: what physics alone makes of it.
        is_undecided: a candidate that the model may settle.
        start_s: media time of its first sighting.
    """

    video: str
    calibrated: bool
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
        samples: of all its falls, once without calibration and once with it where there is one.
        unsure: falls left out, for they are near an event and yet not it.
        seconds: length of the video.
    """

    samples: tuple[Sample, ...]
    unsure: int
    seconds: float


def gather(video: Path) -> Gathered:
    """Analyse a video as the box does and label every fall by the truth beside it; without truth nothing fell.

    Raises:
        InputError: the video or its truth cannot be read.
    """
    truth_file, box_file = truth_beside(video), box_beside(video)
    truth = load_truth(truth_file) if truth_file else Truth()
    camera = camera_of(load_box(box_file), None).camera.pinhole if box_file else None
    tracks, seconds = _tracks(video)
    samples: list[Sample] = []
    unsure = 0
    for known in [None, camera] if camera is not None else [None]:
        for fall, repeats in _judged(tracks, known):
            label, event = label_of(path_of(fall), truth)
            if label is None:
                unsure += 1
                continue
            verdict = judge(fall, _SETTINGS, repeats)
            samples.append(
                Sample(
                    video=video.name,
                    calibrated=known is not None,
                    features=features_of(fall, repeats),
                    label=label,
                    event=event,
                    tier=verdict.tier,
                    is_undecided=is_undecided(verdict, fall, _SETTINGS, repeats),
                    start_s=fall.fit.start_s,
                )
            )
    return Gathered(tuple(samples), unsure, seconds)


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


def _tracks(video: Path) -> tuple[list[Track], float]:
    """All tracks of a video, and its length in seconds."""
    detector = Detector(DetectionSettings(), ())
    tracker: Tracker | None = None
    tracks: list[Track] = []
    with VideoFile(video) as source:
        for frame in source:
            if tracker is None:
                height, width = frame.luma.shape
                tracker = Tracker((width, height), TrackingSettings())
            tracks.extend(tracker.update(detector.detect(frame)))
        seconds = source.last_t_s
    if tracker is not None:
        tracks.extend(tracker.flush())
    return tracks, seconds


def _judged(tracks: list[Track], camera: PinholeCamera | None) -> list[tuple[Fall, int]]:
    """Falls clear of chance, with the number of earlier ones on the same path."""
    trajectory = TrajectorySettings()
    repeated = RepeatedPaths(_SETTINGS)
    found = []
    for track in tracks:
        size_px = track.picture_size_px
        view = View.uncalibrated(size_px, trajectory) if camera is None else View.calibrated(camera)
        fall = explain(track, view, trajectory)
        if fall is None:
            continue
        repeats = repeated.count(fall)
        if fall.likelihoods.chance >= LEAST_CHANCE_RATIO:
            found.append((fall, repeats))
    return found
