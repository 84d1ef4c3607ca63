"""Dripping water: real falls of no interest. A drop is faint and as fast as drops are; the next goes the same way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.classification.settings import ClassificationSettings
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import LOG_VT

Float64 = NDArray[np.float64]
_SAMPLES = 16
"""Rows at which two paths are compared; a path is smooth between them."""


def may_be_water_drop(fall: Fall, settings: ClassificationSettings) -> bool:
    """True where a drop of water of a few millimetres would look like this.

    Drops of 3-6 mm fall at 8-9 m/s (Gunn & Kinzer, "The terminal velocity of fall for water droplets in stagnant air",
    J. Meteorology 6, 1949) and are far smaller than a pixel, so all that is seen is the light they add or take away:
    area times contrast, which gravity's own scale turns into square metres.
    """
    fit, s = fall.fit, settings
    if integrated_contrast_m2(fall) > s.drop_contrast_m2:
        return False
    sd = float(np.sqrt(fit.covariance[LOG_VT, LOG_VT]))
    # one standard deviation: a missed brick costs more than a drop among the candidates gains
    slow, fast = np.exp(fit.parameters[LOG_VT] + np.array([-sd, sd]))
    return bool(slow < s.drop_mps[1] and fast > s.drop_mps[0])


def integrated_contrast_m2(fall: Fall) -> float:
    """Light that an object adds or takes away, grey levels times square metres at gravity's own scale."""
    scale_px_per_m = fall.fit.gravity_px_s2() / G_MPS2
    light_px = float(np.median([p.detection.area_px * abs(p.detection.contrast) for p in fall.path.measured]))
    return light_px / scale_px_per_m**2


@dataclass(frozen=True, slots=True, eq=False)
class _EarlierFall:
    """A fall that was seen: media time, and columns and speeds at even steps between two rows of the picture."""

    t_s: float
    top_px: float
    foot_px: float
    columns_px: Float64
    speeds_px_s: Float64
    size_px: float


class RepeatedPaths:
    """Remembers the falls of the last minutes and counts those that went the very same way."""

    def __init__(self, settings: ClassificationSettings) -> None:
        self._settings = settings
        self._past: deque[_EarlierFall] = deque(maxlen=settings.repeats_remembered)

    def count(self, fall: Fall) -> int:
        """Return how many earlier falls followed the same path at the same speed; remember this one."""
        current = _earlier_fall_of(fall)
        if current is None:
            return 0
        while self._past and current.t_s - self._past[0].t_s > self._settings.repeats_s:
            self._past.popleft()
        earlier = sum(_same_path(current, past) for past in self._past)
        self._past.append(current)
        return earlier


def _earlier_fall_of(fall: Fall) -> _EarlierFall | None:
    t = np.linspace(fall.fit.start_s, fall.fit.end_s, 4 * _SAMPLES)
    x, y = fall.fit.pixels_at(t).T
    down = np.concatenate([[True], y[1:] > np.maximum.accumulate(y)[:-1]])
    if y[down][-1] - y[down][0] < 2.0 * fall.path.size_px:
        return None
    rows = np.linspace(y[down][0], y[down][-1], _SAMPLES)
    return _EarlierFall(
        fall.fit.start_s,
        float(rows[0]),
        float(rows[-1]),
        np.interp(rows, y[down], x[down]),
        np.interp(rows, y[down], np.gradient(y, t)[down]),
        fall.path.size_px,
    )


def _same_path(a: _EarlierFall, b: _EarlierFall) -> bool:
    """Where both were seen, for at least half of the shorter path, they were in one column and equally fast."""
    top, foot = max(a.top_px, b.top_px), min(a.foot_px, b.foot_px)
    if foot - top < 0.5 * min(a.foot_px - a.top_px, b.foot_px - b.top_px):
        return False
    # the same fall seen twice is no repetition
    if abs(a.t_s - b.t_s) < 0.5:
        return False
    rows = np.linspace(top, foot, _SAMPLES)
    (xa, va), (xb, vb) = (
        tuple(np.interp(rows, np.linspace(p.top_px, p.foot_px, _SAMPLES), v) for v in (p.columns_px, p.speeds_px_s))
        for p in (a, b)
    )
    offset = float(np.median(np.abs(xa - xb)))
    speed_difference = float(np.median(np.abs(va - vb) / np.maximum(np.maximum(va, vb), 1.0)))
    return offset < 4.0 + max(a.size_px, b.size_px) and speed_difference < 0.15
