"""All falls of a video as the box itself judges them, remembered until the code that judges changes."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

import edgecv
from edgecv.calibration.camera import camera_of
from edgecv.capture import VideoFile
from edgecv.classification import ClassificationSettings, Verdict
from edgecv.config import load_box
from edgecv.evaluation.truth import box_beside
from edgecv.pipeline import Pipeline
from edgecv.trajectory import Fall

LEAST_CHANCE_RATIO = 10.0
"""Paths nearer to chance than this are far from any verdict; they would only teach what noise is."""
_JUDGES = ("detection", "tracking", "trajectory", "classification", "native", "pipeline.py")
_NO_JUDGES = ("features.py", "course.py", "nuisance.py")  # read what the others have done


@dataclass(frozen=True, slots=True)
class Judged:
    """A fall, and what physics says of it.

    Attributes:
        fall: the fall.
        repeats: earlier ones that went the very same way.
        verdict: by physics alone.
    """

    fall: Fall
    repeats: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Analysed:
    """What one video gave.

    Attributes:
        falls: those clear of chance.
        seconds: its length.
        drift_px: how far the camera moved, largest of both axes.
        seen: share of its frames in which something could be detected.
        size_px: ``(width, height)``.
    """

    falls: tuple[Judged, ...]
    seconds: float
    drift_px: float
    seen: float
    size_px: tuple[int, int]


@dataclass(slots=True)
class _Recorder:
    falls: list[Judged] = field(default_factory=list)

    def review(self, verdict: Verdict, fall: Fall, settings: ClassificationSettings, repeats: int = 0) -> Verdict:
        del settings
        if fall.likelihoods.chance >= LEAST_CHANCE_RATIO:
            self.falls.append(Judged(fall, repeats, verdict))
        return verdict


def analyse(video: Path, remembered: Path, *, calibrated: bool = False) -> Analysed:
    """Run the box's own pipeline over a video; results of the same code are taken from the folder ``remembered``.

    Args:
        video: a file.
        remembered: folder of results.
        calibrated: read the calibration in the box file beside it.

    Raises:
        InputError: the video cannot be read.
    """
    key = f"{video.parent.name}-{video.stem}-{'c' if calibrated else 'u'}-{video.stat().st_size}-{code()[:12]}.pkl"
    file = remembered / key
    if file.exists():
        found: Analysed = pickle.loads(file.read_bytes())
        return found
    analysed = _run(video, calibrated=calibrated)
    remembered.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(analysed))
    return analysed


@cache
def code() -> str:
    """Digest of the sources that decide which falls there are and what physics says of them."""
    package = Path(edgecv.__file__).parent
    digest = hashlib.sha256()
    for room in _JUDGES:
        for path in sorted([package / room] if room.endswith(".py") else (package / room).rglob("*")):
            if path.suffix in {".py", ".c", ".h", ".inc"} and path.name not in _NO_JUDGES:
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _run(video: Path, *, calibrated: bool) -> Analysed:
    box = box_beside(video) if calibrated else None
    recorder = _Recorder()
    pipeline = Pipeline(camera_of(load_box(box), None).camera.pinhole if box else None, reviewer=recorder)
    shifts: list[tuple[float, float]] = []
    blind = 0
    size_px = (0, 0)
    with VideoFile(video) as source:
        for frame in source:
            pipeline.process(frame)
            detected = pipeline.detected
            assert detected is not None
            shifts.append(detected.shift_px)
            blind += detected.blind is not None
            size_px = (frame.luma.shape[1], frame.luma.shape[0])
        seconds = source.last_t_s
    pipeline.flush()
    drift_px = float(np.ptp(np.array(shifts), axis=0).max())
    return Analysed(tuple(recorder.falls), seconds, drift_px, 1.0 - blind / len(shifts), size_px)
