"""One camera's detector: frame in, detections out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.capture.picture_size import MAX_SIDE
from edgecv.detection.blobs import Quota
from edgecv.detection.camera_motion import CameraMotion
from edgecv.detection.compiled import CompiledKernel, instruction_sets
from edgecv.detection.detection import Detection, Detections, X, Y
from edgecv.detection.difference_history import DifferenceHistory
from edgecv.detection.planes import Kernel, Planes, Thresholds
from edgecv.detection.reference import ReferenceKernel
from edgecv.detection.retiming import Retimer
from edgecv.detection.seed_thresholds import SeedThresholds
from edgecv.detection.settings import DetectionSettings
from edgecv.detection.stabilisation import Stabiliser
from edgecv.errors import InputError

Polygon = Sequence[tuple[float, float]]
_MAX_BLOBS = 4096  # enough for every tile of a 4K picture
_FIRST_INTERVAL_S = 0.04  # before the second frame
BlindCause = Literal["learning", "shake", "light"]
"""Why nothing can be detected in a frame: the background is being learnt, the camera moved, or the light changed."""


@dataclass(frozen=True, slots=True)
class DetectedFrame:
    """The detections of one frame.

    Attributes:
        index: frame number.
        t_s: media time in seconds, from the time stamp.
        detections: the most unusual first; positions in pixels of the reference picture (camera motion removed).
        repeated: the frame repeats the one before and is no new evidence.
        motion: of the camera, which was removed; add it to get pixels of this very frame.
        captured_s: media time at which the picture was taken, where repeated frames show that time stamps are uneven.
        blind: why nothing can be detected in this frame, or None.
    """

    index: int
    t_s: float
    detections: Sequence[Detection]
    repeated: bool = False
    motion: CameraMotion = field(default_factory=CameraMotion)
    captured_s: float | None = None
    blind: BlindCause | None = None

    @property
    def shift_px(self) -> tuple[float, float]:
        """Camera motion ``(dx, dy)`` at the picture's centre."""
        return self.motion.shift_px

    @property
    def instant_s(self) -> float:
        """The best estimate of when the picture was taken: motion is measured against it."""
        return self.t_s if self.captured_s is None else self.captured_s


class Detector:
    """Stabilisation, background and blobs of one camera; frames must come in order.

    Args:
        settings: thresholds and time constants.
        masks: polygons in pixels; nothing is detected inside one.
        instruction_set: of the compiled kernel, or "numpy" for the reference; the fastest there is when left out.
    """

    def __init__(
        self,
        settings: DetectionSettings | None = None,
        masks: Sequence[Polygon] = (),
        instruction_set: str | None = None,
    ) -> None:
        self._masks = [np.array(polygon, np.float64) for polygon in masks]
        self._settings = settings or DetectionSettings()
        self._set = instruction_set
        self._kernel: Kernel | None = None
        self._size = (0, 0)
        self._previous_t_s: float | None = None
        self._usual_change = 0.0
        self._small: NDArray[np.uint8] | None = None  # the last picture, while any may be a repeated one
        self._frames_since_still = 0
        self._age = 0
        self._motion = CameraMotion()
        self._retimer = Retimer(self._settings)

    def detect(self, frame: Frame) -> DetectedFrame:
        """Analyse one frame.

        Raises:
            InputError: it is larger than ``MAX_SIDE`` on a side.
        """
        detected = self._detect(frame)
        detected = replace(detected, captured_s=self._retimer.instant(frame.t_s, detected.repeated))
        if self._kernel is not None and not detected.repeated and detected.blind is None:
            self._kernel.history.label(frame.index, detected.instant_s, frame.t_s, detected.motion)
        return detected

    @property
    def history(self) -> DifferenceHistory | None:
        """The responses of the last seconds; None before the first frame."""
        return None if self._kernel is None else self._kernel.history

    def _detect(self, frame: Frame) -> DetectedFrame:
        luma, s = frame.luma, self._settings
        height, width = luma.shape
        if self._kernel is None or self._size != (width, height):
            self._build(width, height)
        assert self._kernel is not None
        if self._is_repeated(luma, self._kernel):
            return DetectedFrame(frame.index, frame.t_s, (), repeated=True, motion=self._motion)
        interval_s = _FIRST_INTERVAL_S if self._previous_t_s is None else frame.t_s - self._previous_t_s
        self._previous_t_s = frame.t_s
        if self._age == 0:
            return self._restart(frame, "learning")
        motion = self._stabiliser.register(luma)
        if motion is None:
            return self._restart(frame, "shake")
        self._motion = motion
        self._age += 1
        detecting = self._age > s.warm_up_frames
        first = 1.0 / (self._age + 1.0)
        rates = (max(first, interval_s / s.memory_s), max(first, interval_s / s.noise_memory_s))
        foreground = self._kernel.update(luma, motion, rates, detecting)
        if not detecting:
            return DetectedFrame(frame.index, frame.t_s, (), motion=motion, blind="learning")
        pixels = self._kernel.planes.mean.size
        if foreground > s.scene_change_fraction * pixels:
            return self._restart(frame, "light")
        max_area = int(s.max_area_fraction * pixels)
        blobs = self._kernel.blobs(luma, _MAX_BLOBS, s.max_per_tile, max_area)
        rows = self._quota.select(blobs, self._thresholds.cells)
        if self._kernel.shifts.has_rest:
            rows[:, [X, Y]] -= np.column_stack(self._kernel.shifts.rest_px(rows[:, X], rows[:, Y]))
        self._thresholds.steer(self._quota.usual, self._quota.count)
        self._set_thresholds(self._kernel.planes)
        return DetectedFrame(frame.index, frame.t_s, Detections(rows), motion=motion)

    def _set_thresholds(self, planes: Planes) -> None:
        self._thresholds.write(planes.seed_threshold, planes.size)

    def _build(self, width: int, height: int) -> None:
        s = self._settings
        if max(width, height) > MAX_SIDE:
            raise InputError(f"a picture of {width}x{height} is too large; at most {MAX_SIDE} pixels on either side")
        binning = 2 if width * height > s.binning_above_px else 1
        planes = Planes.empty(width, height, binning)
        thresholds = Thresholds(s.grow_threshold, s.noise_floor, s.min_noise_level)
        history = DifferenceHistory(
            (planes.size[1], planes.size[0]), binning, s.lag_frames, s.history_s, s.history_bytes
        )
        if self._set == "numpy" or not instruction_sets():
            self._kernel = ReferenceKernel(planes, history, thresholds)
        else:
            self._kernel = CompiledKernel(planes, history, thresholds, self._set)
        self._stabiliser = Stabiliser(self._kernel, s)
        self._quota = Quota((width, height), s)
        self._thresholds = SeedThresholds(s)
        self._size = (width, height)
        self._age = 0
        _draw_masks(planes.excluded, self._masks, binning)

    def _restart(self, frame: Frame, cause: BlindCause) -> DetectedFrame:
        """Make this frame the background."""
        assert self._kernel is not None
        self._kernel.begin(frame.luma, self._settings.initial_noise)
        self._thresholds.reset()
        self._set_thresholds(self._kernel.planes)
        self._stabiliser.reset()
        self._motion = CameraMotion()
        self._age = 1
        return DetectedFrame(frame.index, frame.t_s, (), blind=cause)

    def _is_repeated(self, luma: NDArray[np.uint8], kernel: Kernel) -> bool:
        """True where the picture hardly differs from the last one, measured against what is usual for this camera."""
        s, change, usual = self._settings, kernel.change(luma), self._usual_change
        is_still = change < s.repeat_threshold * usual or change == 0.0
        repeated = is_still and not self._has_moved(luma)
        self._remember(luma, is_still)
        if repeated:
            if change > 0.0:
                self._usual_change -= s.quieter_rate * (usual - change)
        elif self._age:
            most = s.max_change_ratio * usual if usual else change
            self._usual_change += s.usual_change_rate * (min(change, most) - usual)
        return repeated

    def _has_moved(self, luma: NDArray[np.uint8]) -> bool:
        """True where something small differs from the last picture: a codec may leave all the rest as it was."""
        if self._small is None:
            return False
        small = _shrunk(luma)
        return (
            small.shape == self._small.shape
            and cv2.norm(small, self._small, cv2.NORM_INF) >= self._settings.moved_levels
        )

    def _remember(self, luma: NDArray[np.uint8], is_still: bool) -> None:
        """Hold the picture for the next comparison; not where no picture has been still for seconds, for its cost."""
        self._frames_since_still = 0 if is_still else self._frames_since_still + 1
        watched = self._frames_since_still < self._settings.still_memory_frames and self._age > 0
        self._small = _shrunk(luma) if watched else None


def _shrunk(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Means of 4x4 pixels."""
    h, w = luma.shape
    return np.asarray(cv2.resize(luma, (max(1, w // 4), max(1, h // 4)), interpolation=cv2.INTER_AREA), np.uint8)


def _draw_masks(excluded: NDArray[np.uint8], polygons: Sequence[NDArray[np.float64]], binning: int) -> None:
    for polygon in polygons:
        corners = np.round((polygon + 0.5) / binning - 0.5).astype(np.int32)
        cv2.fillPoly(excluded, [corners.reshape(-1, 1, 2)], (255,))
