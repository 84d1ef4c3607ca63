"""Which tracks are of something small that runs over a floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from edgecv.detection.settings import DetectionSettings
from edgecv.tracking import Track

FLOOR_DETECTION = DetectionSettings(chance_detections=0.25)
"""A path over a floor is judged by its shape alone, so that chance may make few detections; what runs there is seen
well."""
_ON_FLOOR = 0.9
"""Share of a path that must be on the floor: the detector's box may cross its edge."""
_LENGTHS = 12.0
"""A path as long as so many of its own sizes: leaves in a draught, taken for one another, came to 8."""
_STRAIGHT = 0.25
"""Net way over way gone; less is something that buzzes about one place."""
_STEEP = 3.0
"""What goes down so many times farther than sideways falls, and is not ours."""
_SEEN = 0.5
"""Share of the pictures in which it was seen."""
_POINTS_KEPT = 24


@dataclass(frozen=True, slots=True)
class FloorRule:
    """The rule for one camera.

    Attributes:
        floor: corners of the floor in the picture, pixels.
        size_px: least and greatest size, root of the area in pixels.
        least_s: how long it must be seen, seconds.
    """

    floor: Sequence[tuple[float, float]]
    size_px: tuple[float, float]
    least_s: float

    def path_of(self, track: Track) -> dict[str, Any] | None:
        """The path as it is reported, or None where the track is of nothing that this is about.

        Returns:
            ``points`` (x, y) in pixels, up to 24 of them, ``size_px`` and ``seconds``.
        """
        points = track.points
        xy = np.array([(p.detection.x_px, p.detection.y_px) for p in points])
        size = float(np.sqrt(np.median([p.detection.area_px for p in points])))
        seconds = track.end_s - track.start_s
        if seconds < self.least_s or not self.size_px[0] <= size <= self.size_px[1]:
            return None
        if len(points) < _SEEN * track.scan_count:
            return None
        # the feet, not the back, are on the floor
        feet = xy + np.array([(0.0, 0.5 * p.detection.h_px) for p in points])
        contour = np.array(self.floor, np.float32).reshape(-1, 1, 2)
        inside = [cv2.pointPolygonTest(contour, (float(x), float(y)), False) >= 0 for x, y in feet]
        if np.mean(inside) < _ON_FLOOR:
            return None
        smooth = _smoothed(xy)
        length = float(np.hypot(*np.diff(smooth, axis=0).T).sum())
        across, down = (smooth[-1] - smooth[0]).tolist()
        net = float(np.hypot(across, down))
        if length < _LENGTHS * size or net < max(_STRAIGHT * length, 2.0 * size) or down > _STEEP * abs(across):
            return None
        indices = np.linspace(0, len(xy) - 1, min(len(xy), _POINTS_KEPT)).round().astype(int)
        return {"points": xy[indices].round(1).tolist(), "size_px": round(size, 1), "seconds": round(seconds, 2)}


def _smoothed(xy: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Means of five: the blob's centre jitters by a pixel, which would make a long way of standing still."""
    if len(xy) < 10:
        return xy
    kernel = np.ones(5) / 5.0
    return np.stack([np.convolve(column, kernel, "valid") for column in xy.T], axis=1)
