"""The size of an object of a few pixels: its boxes without motion blur and the detector's own blur."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.model import fly
from edgecv.trajectory.path import Path

Float64 = NDArray[np.float64]
BLUR_PX = 2.6
"""Side of the box of an object of no size: lens, sums of 2x2 pixels and the sum of 3x3 of those (detection.planes)."""
_EDGES = 1.15
"""A box ends where an object's edge falls below the threshold, a little inside of it."""
_LOG_SD_LARGE, _SD_PX = 0.1, 0.8
"""Error of a diameter: a tenth of a large one, most of a pixel of a small one."""
_SMALLEST_PX = 1.2
"""Below this a box shows the blur alone: the diameter is bounded, not measured."""
_LONGEST_EXPOSURE_S = 0.05
"""No exposure is longer than the interval of a camera with 20 frames a second at night."""


@dataclass(frozen=True, slots=True)
class Size:
    """Diameter of the disc of the same area.

    Attributes:
        diameter_m: at the distance that the fit gives it.
        log_sd: standard deviation of its logarithm, of the pixels alone.
    """

    diameter_m: float
    log_sd: float


def size_of(path: Path, fit: FallFit) -> Size:
    """Return the size of the object.

    A streak is longer than its object by the way it went while the shutter was open. Below some four pixels all objects
    look alike, and the error says so.

    Args:
        path: the sightings.
        fit: their fall, for distance and speed at each.
    """
    points = path.measured
    t_s = np.array([p.t_s for p in points])
    times = t_s - fit.start_s
    depth = np.maximum(fly(fit.view, fit.parameters[None], times).positions_m[0, :, 2], 0.2)
    speed = np.abs(np.gradient(fit.pixels_at(t_s), t_s, axis=0))
    sides = np.array([[p.detection.w_px, p.detection.h_px] for p in points])
    nearest = float(depth.min())
    usual = nearest / depth
    # how much longer boxes are along the motion than across it, against how much faster they go that way
    faster = speed[:, 1] - speed[:, 0]
    longer = sides[:, 1] - sides[:, 0]
    exposure_s = float(np.clip((faster @ longer) / max(float(faster @ faster), 1e-9), 0.0, _LONGEST_EXPOSURE_S))
    unblurred = np.maximum(sides - exposure_s * speed, 0.0)
    side = float(np.median(np.sqrt(unblurred.prod(axis=1)) / usual))
    diameter = unblurred_px(side)
    typical = diameter * float(np.median(usual))
    return Size(diameter * nearest / fit.view.focal_px, float(np.hypot(_LOG_SD_LARGE, _SD_PX / typical)))


def unblurred_px(side_px: float) -> float:
    """Diameter, pixels, of an object whose box without motion blur has that side."""
    return _EDGES * float(np.sqrt(max(side_px**2 - BLUR_PX**2, _SMALLEST_PX**2)))
