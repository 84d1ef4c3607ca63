"""Why nothing could be seen in a frame, from what the detector and the scene watch say of it.

What this cannot tell: rain from snow or from a tree that fills the picture (all three make many detections
everywhere, and all three can hide a fall); a web from people who crowd one spot close to the camera; a thin web that
hangs still, which nobody sees; and darkness in which the picture still shows its windows.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import Detections, H, W, X, Y
from edgecv.detection.detector import BlindCause, DetectedFrame
from edgecv.visibility.settings import (
    CAUSE_CELLS,
    CAUSE_WINDOW_S,
    CROWDED_DETECTIONS,
    CROWDED_FRAMES_SHARE,
    RAIN_CELLS,
    WEB_AREA_SHARE,
    WEB_CELLS,
    WEB_DETECTIONS,
    WEB_WINDOWS,
)

CAUSES: Final = (
    "night", "rain", "web", "defocus", "shake", "light", "learning",
    "covered", "frozen", "moved", "overload", "no_picture",
)  # fmt: skip
"""All causes of blindness; ``overload`` and ``no_picture`` are noted by who reads the camera."""


class BlindnessCauses:
    """Names what blinds one camera, frame by frame.

    Args:
        size_px: ``(width, height)`` of the frames.
    """

    def __init__(self, size_px: tuple[int, int]) -> None:
        self._size = np.array(size_px, np.float64)
        self._window: list[NDArray[np.float64]] = []
        self._since_s: float | None = None
        self._weather: str | None = None
        self._near_windows = 0
        self._relearning = "learning"

    def of(self, detected: DetectedFrame, watch_blind: str | None) -> tuple[str, ...]:
        """Return the causes that hold in this frame, none where it can be seen in.

        Args:
            detected: what the detector made of the frame.
            watch_blind: :attr:`~edgecv.visibility.scene_monitor.SceneMonitor.blind`.
        """
        if detected.repeated:
            return () if watch_blind is None else (watch_blind,)
        causes = [] if watch_blind is None else [watch_blind]
        if detected.blind is not None:
            causes.append(self._detector_cause(detected.blind))
        else:
            self._relearning = "learning"
            self._gather(detected)
        if self._weather is not None:
            causes.append(self._weather)
        return tuple(dict.fromkeys(causes))

    def _detector_cause(self, cause: BlindCause) -> str:
        """The detector's cause; learning that follows a bump or a flash is put down to it."""
        if cause == "learning":
            return self._relearning
        self._relearning = cause
        return cause

    def _gather(self, detected: DetectedFrame) -> None:
        if self._since_s is None or detected.t_s < self._since_s:
            self._since_s, self._window = detected.t_s, []
        self._window.append(Detections.of(detected.detections).array)
        if detected.t_s - self._since_s >= CAUSE_WINDOW_S:
            self._weather = self._judge()
            self._since_s, self._window = detected.t_s, []

    def _judge(self) -> str | None:
        counts = np.array([len(array) for array in self._window])
        detections = np.concatenate(self._window)
        if not len(detections):
            return None
        spread = self._spread(detections)
        if float(np.mean(counts >= CROWDED_DETECTIONS)) >= CROWDED_FRAMES_SHARE and spread >= RAIN_CELLS:
            return "rain"
        area = float(np.median(detections[:, W] * detections[:, H])) / float(self._size.prod())
        near = area >= WEB_AREA_SHARE and float(counts.mean()) >= WEB_DETECTIONS and spread <= WEB_CELLS
        self._near_windows = self._near_windows + 1 if near else 0
        return "web" if self._near_windows >= WEB_WINDOWS else None

    def _spread(self, detections: NDArray[np.float64]) -> float:
        """Number of cells over which the detections would be spread evenly: the exponential of their entropy."""
        place = np.clip(detections[:, X : Y + 1] / self._size * CAUSE_CELLS, 0, CAUSE_CELLS - 1).astype(np.intp)
        share = np.bincount(place[:, 1] * CAUSE_CELLS + place[:, 0], minlength=CAUSE_CELLS * CAUSE_CELLS) / len(
            detections
        )
        share = share[share > 0.0]
        return float(np.exp(-np.sum(share * np.log(share))))
