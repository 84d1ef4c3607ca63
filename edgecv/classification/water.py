"""Dripping water: real falls of no interest. A drop is faint and as fast as drops are; the next goes the same way."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.classification.settings import ClassificationSettings
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import LOG_DEPTH, LOG_VT, RIGHT

Float64 = NDArray[np.float64]
_SAMPLES = 16
"""Rows at which two paths are compared; a path is smooth between them."""


def may_be_water_drop(fall: Fall, settings: ClassificationSettings, repeats: int = 0) -> bool:
    """True where water explains a fall better than a thrown object does: by light, terminal velocity and push.

    Drops of 3-6 mm fall at 8-9 m/s (Gunn & Kinzer, "The terminal velocity of fall for water droplets in stagnant air",
    J. Meteorology 6, 1949), are far smaller than a pixel, and nobody pushes them. A path too short to show a terminal
    velocity says nothing by it, and its light decides. The next drop begins where the last one did.
    """
    return drop_log_odds(fall, settings) + settings.drop_repeated_log_odds * min(repeats, 1) > 0.0


def drop_log_odds(fall: Fall, settings: ClassificationSettings) -> float:
    """Log odds of a drop of water against a thrown object, of a path that no other has gone."""
    fit, s = fall.fit, settings
    light_sd = float(np.hypot(2.0 * np.sqrt(fit.covariance[LOG_DEPTH, LOG_DEPTH]), s.light_model_error))
    log_odds = s.drop_log_odds + light_log_odds(integrated_contrast_m2(fall), light_sd, s)
    # the fit's own prior is divided out of its posterior
    terminal = float(fit.parameters[LOG_VT])
    variance = float(fit.covariance[LOG_VT, LOG_VT]) + s.terminal_model_error**2
    median, spread = s.thrown_terminal_mps
    shown = max(1.0 / variance - 1.0 / spread**2, 0.0)
    if shown > 0.0:
        measured = (terminal / variance - np.log(median) / spread**2) / shown
        log_odds += _log_ratio(measured, 1.0 / shown, s.drop_terminal_mps, s.thrown_terminal_mps)
    side, side_variance = float(fit.parameters[RIGHT]), float(fit.covariance[RIGHT, RIGHT])
    return log_odds + float(
        _log_normal(side, side_variance + s.drop_side_mps**2) - _log_normal(side, side_variance + s.thrown_side_mps**2)
    )


def light_log_odds(light_m2: float, log_sd: float, settings: ClassificationSettings) -> float:
    """Log odds of water against a thrown object by the light alone.

    A sum of light is that of the area, however the lens and the codec blur it.

    Args:
        light_m2: grey levels times square metres that it adds or takes away.
        log_sd: standard deviation of its logarithm.
        settings: what drops and thrown objects move.
    """
    s, light = settings, float(np.log(max(light_m2, 1e-6)))
    drop, spurt, thrown = (
        _log_normal(light - float(np.log(median)), log_sd**2 + spread**2)
        for median, spread in (s.drop_light_m2, s.spurt_light_m2, s.thrown_light_m2)
    )
    water = np.logaddexp(np.log1p(-s.spurt_share) + drop, np.log(s.spurt_share) + spurt)
    return float(water) - thrown


def _log_normal(off: float, variance: float) -> float:
    return float(-0.5 * (off * off / variance + np.log(2.0 * np.pi * variance)))


def _log_ratio(measured: float, variance: float, drop: tuple[float, float], thrown: tuple[float, float]) -> float:
    """Of a measured logarithm, under the log-normal ``(median, spread)`` of drops and that of thrown objects."""
    of_drop, of_thrown = (
        _log_normal(measured - float(np.log(median)), variance + spread**2) for median, spread in (drop, thrown)
    )
    return of_drop - of_thrown


def integrated_contrast_m2(fall: Fall) -> float:
    """Light that an object adds or takes away, grey levels times square metres at gravity's own scale."""
    scale_px_per_m = fall.fit.gravity_px_s2() / G_MPS2
    light_px = float(np.median([p.detection.area_px * abs(p.detection.contrast) for p in fall.path.measured]))
    return light_px / scale_px_per_m**2


@dataclass(frozen=True, slots=True, eq=False)
class _EarlierFall:
    """A fall that was seen: media time, and columns, speeds and times at even steps between two rows of the picture."""

    t_s: float
    top_px: float
    foot_px: float
    rows_px: Float64
    columns_px: Float64
    speeds_px_s: Float64
    times_s: Float64
    size_px: float
    left_px: float
    right_px: float


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
    columns = np.interp(rows, y[down], x[down])
    return _EarlierFall(
        fall.fit.start_s,
        float(rows[0]),
        float(rows[-1]),
        rows,
        columns,
        np.interp(rows, y[down], np.gradient(y, t)[down]),
        np.interp(rows, y[down], t[down]),
        fall.path.size_px,
        float(columns.min()),
        float(columns.max()),
    )


def _same_path(a: _EarlierFall, b: _EarlierFall) -> bool:
    """Where both were seen, for at least half of the shorter path, they were equally fast, and in one column.

    Wind carries drops to other columns; they begin in one place all the same.
    """
    top, foot = max(a.top_px, b.top_px), min(a.foot_px, b.foot_px)
    if foot - top < 0.5 * min(a.foot_px - a.top_px, b.foot_px - b.top_px):
        return False
    farthest_px = 4.0 + max(a.size_px, b.size_px)
    begin_apart_px = max(abs(float(a.columns_px[0] - b.columns_px[0])), abs(a.top_px - b.top_px))
    # in no row are they in one column: in snow nearly all pairs end here
    apart = a.right_px + farthest_px <= b.left_px or b.right_px + farthest_px <= a.left_px
    if apart and begin_apart_px >= farthest_px:
        return False
    rows = np.linspace(top, foot, _SAMPLES)
    # the same fall seen twice, in pieces or with its release, is no repetition
    passed_s = [float(np.interp(top, p.rows_px, p.times_s)) for p in (a, b)]
    if abs(passed_s[0] - passed_s[1]) < 0.5:
        return False
    if begin_apart_px >= farthest_px:
        xa, xb = (np.interp(rows, p.rows_px, p.columns_px) for p in (a, b))
        if not _middle(np.abs(xa - xb)) < farthest_px:
            return False
    va, vb = (np.interp(rows, p.rows_px, p.speeds_px_s) for p in (a, b))
    return _middle(np.abs(va - vb) / np.maximum(np.maximum(va, vb), 1.0)) < 0.15


def _middle(values: Float64) -> float:
    """The median, without NumPy's precautions: this is asked of every pair of falls of some minutes."""
    ordered = np.sort(values)
    return float(ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2.0
