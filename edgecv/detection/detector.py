"""One camera's detector: frame in, detections out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.capture.frame import Frame
from edgecv.detection.background import Background
from edgecv.detection.blobs import find_blobs
from edgecv.detection.detection import Detection
from edgecv.detection.retiming import Retimer
from edgecv.detection.settings import DetectionSettings
from edgecv.detection.stabilisation import estimate_shift, translate

Polygon = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class DetectedFrame:
    """What one frame gave.

    Attributes:
        index: frame number.
        t_s: media time in seconds, as the file says.
        detections: strongest first; positions in pixels of the reference picture (camera motion removed).
        repeated: the frame repeats the one before and is no new evidence.
        shift_px: camera motion that was removed, ``(dx, dy)``; add it to get pixels of this very frame.
        taken_s: media time at which the picture was taken, where repeated frames show that the file's is uneven.
    """

    index: int
    t_s: float
    detections: tuple[Detection, ...]
    repeated: bool = False
    shift_px: tuple[float, float] = (0.0, 0.0)
    taken_s: float | None = None

    @property
    def instant_s(self) -> float:
        """When the picture was taken, as well as it is known: what motion is measured against."""
        return self.t_s if self.taken_s is None else self.taken_s


class Detector:
    """Stabilisation, background and blobs of one camera; frames must come in order.

    Args:
        settings: thresholds and time constants.
        masks: polygons in pixels; detections whose centre lies inside one are left out.
    """

    def __init__(self, settings: DetectionSettings | None = None, masks: Sequence[Polygon] = ()) -> None:
        self._masks = [np.array(polygon, np.float32).reshape(-1, 1, 2) for polygon in masks]
        self._settings = settings or DetectionSettings()
        self._background = Background(self._settings)
        self._previous: NDArray[np.uint8] | None = None
        self._previous_t_s: float | None = None
        self._usual_change = 0.0
        self._shift = (0.0, 0.0)
        self._retimer = Retimer()

    def detect(self, frame: Frame) -> DetectedFrame:
        """Analyse one frame."""
        found = self._detect(frame)
        return replace(found, taken_s=self._retimer.instant(frame.t_s, found.repeated))

    def _detect(self, frame: Frame) -> DetectedFrame:
        luma = frame.luma
        binning = 2 if luma.size > self._settings.binning_above_px else 1
        if self._is_repeated(luma):
            return DetectedFrame(frame.index, frame.t_s, (), repeated=True, shift_px=self._full_shift(binning))
        interval_s = 0.04 if self._previous_t_s is None else frame.t_s - self._previous_t_s
        self._previous_t_s = frame.t_s
        image = _reduce(luma, binning)
        image = self._register(image, binning)
        response = self._background.update(image, interval_s)
        if response is None:
            return DetectedFrame(frame.index, frame.t_s, (), shift_px=self._full_shift(binning))
        changed = float(np.mean(response.standing > self._settings.grow_threshold))
        if changed > self._settings.scene_change_fraction:
            self._background.reset()
            self._shift = (0.0, 0.0)
            return DetectedFrame(frame.index, frame.t_s, ())
        found = [d for d in find_blobs(response, binning, self._settings) if not self._masked(d)]
        return DetectedFrame(frame.index, frame.t_s, tuple(found), shift_px=self._full_shift(binning))

    def _masked(self, detection: Detection) -> bool:
        centre = (detection.x_px, detection.y_px)
        return any(cv2.pointPolygonTest(polygon, centre, measureDist=False) >= 0 for polygon in self._masks)

    def _full_shift(self, binning: int) -> tuple[float, float]:
        return (self._shift[0] * binning, self._shift[1] * binning)

    def _register(self, image: NDArray[np.float32], binning: int) -> NDArray[np.float32]:
        mean = self._background.mean
        if mean is None or mean.shape != image.shape:
            self._shift = (0.0, 0.0)
            return image
        dx, dy = estimate_shift(image, mean, self._shift)
        if np.hypot(dx, dy) * binning > self._settings.max_shift_px:
            self._background.reset()
            self._shift = (0.0, 0.0)
            return image
        self._shift = (dx, dy)
        if abs(dx) + abs(dy) < 0.05:
            return image
        return translate(image, dx, dy)

    def _is_repeated(self, luma: NDArray[np.uint8]) -> bool:
        """True where the picture hardly differs from the last one, measured against what is usual for this camera."""
        sample = luma[1::3, 1::3]
        previous, self._previous = self._previous, sample.copy()
        if previous is None or previous.shape != sample.shape:
            return False
        change = float(np.mean(cv2.absdiff(self._previous, previous)))
        repeated = change < self._settings.repeat_threshold * self._usual_change or change == 0.0
        if not repeated:
            self._usual_change += 0.1 * (change - self._usual_change)
        return repeated


def _reduce(luma: NDArray[np.uint8], binning: int) -> NDArray[np.float32]:
    if binning == 1:
        return luma.astype(np.float32)
    h, w = luma.shape
    even = luma[: h - h % 2, : w - w % 2].astype(np.float32)
    return np.asarray(cv2.resize(even, (w // 2, h // 2), interpolation=cv2.INTER_AREA), np.float32)
