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
"""Side of the box of an object of no size: lens, sums of 2x2 pixels and weighted sums of 3x3 of those (detection)."""
_EDGES = 1.15
"""A box ends where an object's edge falls below the threshold, a little inside of it."""
_LOG_SD_LARGE, _SD_PX = 0.1, 0.8
"""Error of a diameter: a tenth of a large one, most of a pixel of a small one."""
_SMALLEST_PX = 1.2
"""Below this a box shows the blur alone: the diameter is bounded, not measured."""
_ELONGATION = 0.5
"""How much longer one way than the other an object is, spread, in units of its side."""
_TURNING = 0.4
"""Error of how much longer one way than the other a box is, in units of its side: what tumbles shows other sides."""
_EXPOSURE_S = (0.004, 0.006)
"""Usual exposure and its spread: 1/250 s by day, 1/60 in the evening."""
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
    exposure_s = _exposure_s(sides, speed, usual)
    unblurred = np.maximum(sides - exposure_s * speed, 0.0)
    side = float(np.median(np.sqrt(unblurred.prod(axis=1)) / usual))
    diameter = unblurred_px(side)
    typical = diameter * float(np.median(usual))
    return Size(diameter * nearest / fit.view.focal_px, _log_sd(typical))


def size_of_slow(side_px: float, px_per_m: float) -> Size:
    """The same of what goes so slowly that no shutter draws it out.

    Args:
        side_px: median side of its boxes.
        px_per_m: how long a metre looks where it is.
    """
    diameter_px = unblurred_px(side_px)
    return Size(diameter_px / px_per_m, _log_sd(diameter_px))


def _log_sd(diameter_px: float) -> float:
    return float(np.hypot(_LOG_SD_LARGE, _SD_PX / diameter_px))


def _exposure_s(sides_px: Float64, speed_px_s: Float64, nearer: Float64) -> float:
    """How long the shutter was open: how much longer boxes are along the motion, the faster they go that way.

    An object may be longer one way than the other itself, the more the nearer it is: a car that comes nearer grows as
    it gets faster, and that is no blur. Least squares with priors of the object's own elongation and of exposures.
    """
    longer = sides_px[:, 1] - sides_px[:, 0]
    faster = speed_px_s[:, 1] - speed_px_s[:, 0]
    side = np.sqrt(sides_px.prod(axis=1))
    sd = _SD_PX + _TURNING * side
    elongation_px = _ELONGATION * float(np.median(side / nearer))
    basis = np.stack([nearer * elongation_px, faster * _EXPOSURE_S[1]], axis=1) / sd[:, None]
    target = (longer - faster * _EXPOSURE_S[0]) / sd
    _, longer_by = np.linalg.solve(basis.T @ basis + np.eye(2), basis.T @ target)
    return float(np.clip(_EXPOSURE_S[0] + _EXPOSURE_S[1] * longer_by, 0.0, _LONGEST_EXPOSURE_S))


def unblurred_px(side_px: float) -> float:
    """Diameter, pixels, of an object whose box without motion blur has that side."""
    return _EDGES * float(np.sqrt(max(side_px**2 - BLUR_PX**2, _SMALLEST_PX**2)))
