"""A fall as a row of numbers for the nuisance model: how it moves, what physics makes of it, how it looks.

Nothing depends on where in the picture the fall is, but for how far from the picture's edges it came into sight and
left it. Ratios and logarithms wherever a number has a scale; everything is clipped to what can be met, so that one odd
sighting never carries a path far outside what the model has learnt.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.classification.course import COURSE_FEATURES, course_of, signed_log
from edgecv.tracking.track import TrackPoint
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import (
    ELEVATION,
    LOG_DEPTH,
    LOG_VT,
    ROLL,
    WIND_AHEAD,
    WIND_RIGHT,
    fly,
)

Float64 = NDArray[np.float64]

FEATURES: tuple[str, ...] = (
    # how much better gravity explains it than anything else: signed logarithms of log-likelihood ratios
    "ratio_straight",
    "ratio_wandering",
    "ratio_chance",
    "ratio_steady_in_space",
    "chance_per_sighting",
    "log_chi2",
    "residual_correlation",
    # how it was seen
    "log_duration_s",
    "log_sightings",
    "coverage",
    "log_clutter_px2",
    "log_before_s",
    "log_after_s",
    "log_earlier_on_same_path",
    # how it moves in the picture
    "start_to_top_speed",
    "end_to_top_speed",
    "log_top_speed_in_sizes",
    "straightness",
    "horizontal_share",
    "turn",
    "first_seen_to_top_speed",
    "before_to_top_speed",
    "after_to_top_speed",
    # what it would be, if it fell
    "log_terminal_mps",
    "log_terminal_sd",
    "log_distance_m",
    "log_distance_sd",
    "log_size_m",
    "log_least_size_m",
    "down_speed_start_mps",
    "down_speed_end_mps",
    "end_to_terminal_speed",
    "side_speed_mps",
    "wind_mps",
    "fallen_m",
    "log_light_m2",
    # how it looks
    "log_size_px",
    "size_growth",
    "size_scatter",
    "size_rhythm",
    "log_contrast",
    "contrast_scatter",
    "contrast_rhythm",
    "brightness",
    "fill",
    "tallness",
    "tallness_scatter",
    "log_snr",
    *COURSE_FEATURES,
)
"""Names of the features, in the order of the columns; part of the model file, so that neither can change alone."""

_LARGEST = 50.0
"""Features are clipped to this: beyond it lies nothing that the model has been trained on."""
_SMALL = 1e-6
"""Keeps divisions and logarithms finite."""
_NEVER_ASKED = 1e6
"""Ratio against steady motion in space where it is not worth its time, for another motion explains the path already."""
_FEWEST = 4  # sightings from which a speed or a rhythm can be determined


def features_of(fall: Fall, repeats: int = 0) -> Float64:
    """Return the features of one fall.

    Args:
        fall: a path explained by physics.
        repeats: how many earlier falls went the very same way.

    Returns:
        ``(len(FEATURES),) float64``, finite, each within ±50.
    """
    values = np.concatenate(
        [_evidence(fall), _sighting(fall, repeats), _motion(fall), _physics(fall), _appearance(fall), course_of(fall)]
    )
    finite = np.nan_to_num(values, nan=0.0, posinf=_LARGEST, neginf=-_LARGEST)
    return np.asarray(np.clip(finite, -_LARGEST, _LARGEST), np.float64)


def _log(value: float) -> float:
    return float(np.log(max(value, _SMALL)))


def _evidence(fall: Fall) -> list[float]:
    ratios, path = fall.likelihoods, fall.path
    off = (path.uv_px - fall.fit.pixels_at(path.t_s)) / path.sd_px
    return [
        signed_log(ratios.straight),
        signed_log(ratios.wandering),
        signed_log(ratios.chance),
        signed_log(min(ratios.steady_in_space, _NEVER_ASKED)),
        ratios.chance / len(path.points),
        _log(fall.fit.chi2_reduced),
        # near 1 where the path swings slowly about the fall, as flight does; near 0 for noise
        float((off[1:] * off[:-1]).sum()) / max(float(np.square(off).sum()), _SMALL),
    ]


def _sighting(fall: Fall, repeats: int) -> list[float]:
    path = fall.path
    n = len(path.points)
    return [
        _log(path.duration_s),
        _log(n),
        n / (n + path.missed),
        float(path.log_clutter.mean()),
        float(np.log1p(_span_s(fall.before))),
        float(np.log1p(_span_s(fall.after))),
        float(np.log1p(repeats)),
    ]


def _span_s(points: tuple[TrackPoint, ...]) -> float:
    return points[-1].t_s - points[0].t_s if points else 0.0


def _motion(fall: Fall) -> list[float]:
    t = np.linspace(fall.fit.start_s, fall.fit.end_s, 13)
    uv = fall.fit.pixels_at(t)
    steps = np.diff(uv, axis=0)
    speed = np.hypot(*steps.T) / max(float(t[1] - t[0]), _SMALL)
    top = max(float(speed.max()), _SMALL)
    arc = max(float(np.hypot(*steps.T).sum()), _SMALL)
    chord = uv[-1] - uv[0]
    heading = np.arctan2(steps[[0, -1], 1], steps[[0, -1], 0])
    points = fall.track.points
    first = tuple(p for p in points if p.t_s < points[0].t_s + 0.25)
    return [
        float(speed[0]) / top,
        float(speed[-1]) / top,
        _log(top * fall.track.frame_interval_s / max(fall.path.size_px, 1.0)),
        float(np.hypot(*chord)) / arc,
        float(abs(chord[0])) / max(float(np.abs(chord).sum()), _SMALL),
        float(abs(np.angle(np.exp(1j * (heading[1] - heading[0]))))),
        _speed(first) / top,
        _speed(fall.before[-25:]) / top,
        _speed(fall.after[:25]) / top,
    ]


def _speed(points: tuple[TrackPoint, ...]) -> float:
    """Steady speed of some sightings, pixels/s; 0 where they are too few to have one."""
    if len(points) < _FEWEST:
        return 0.0
    t = np.array([p.t_s for p in points])
    uv = np.array([[p.detection.x_px, p.detection.y_px] for p in points])
    t = t - t.mean()
    return float(np.hypot(*(t @ (uv - uv.mean(axis=0)))) / max(float(t @ t), _SMALL))


def _physics(fall: Fall) -> list[float]:
    """Speeds, distance and size in metres, by gravity's own scale."""
    fit = fall.fit
    p = fit.parameters
    flight = fly(fit.view, p[None], np.array([0.0, fit.end_s - fit.start_s]))
    right, down, ahead = (axis[0] for axis in fit.view.axes(p[None, ELEVATION], p[None, ROLL]))
    velocity, position = flight.velocities_mps[0], flight.positions_m[0]
    end_mps, terminal = float(velocity[1] @ down), float(np.exp(np.clip(p[LOG_VT], -3.0, 7.0)))
    scale_px_per_m = max(fit.gravity_px_s2() / G_MPS2, _SMALL)
    light = float(np.median([q.detection.area_px * abs(q.detection.contrast) for q in fall.path.points]))
    return [
        float(p[LOG_VT]),
        _log(float(np.sqrt(fit.covariance[LOG_VT, LOG_VT]))),
        float(p[LOG_DEPTH]),
        _log(float(np.sqrt(fit.covariance[LOG_DEPTH, LOG_DEPTH]))),
        _log(fall.path.size_px / scale_px_per_m),
        # the same, two deviations of the scale on the small side
        _log(fall.path.size_px / scale_px_per_m) - 2.0 * float(np.sqrt(fit.covariance[LOG_DEPTH, LOG_DEPTH])),
        float(velocity[0] @ down),
        end_mps,
        end_mps / terminal,
        float(np.hypot(velocity[0] @ right, velocity[0] @ ahead)),
        float(np.hypot(p[WIND_RIGHT], p[WIND_AHEAD])),
        float((position[1] - position[0]) @ down),
        _log(light / scale_px_per_m**2),
    ]


def _appearance(fall: Fall) -> list[float]:
    measured = np.array(
        [[d.w_px, d.h_px, d.area_px, d.contrast, d.snr] for d in (p.detection for p in fall.path.points)]
    )
    width, height, area, contrast, snr = np.maximum(np.abs(measured), 0.1).T
    log_size, log_contrast = 0.5 * np.log(width * height), np.log(contrast)
    tallness = np.log(height / width)
    size_growth, size_residual = _trend(fall.path.t_s, log_size)
    _, contrast_residual = _trend(fall.path.t_s, log_contrast)
    return [
        float(np.median(log_size)),
        size_growth,
        float(size_residual.std()),
        _periodicity(size_residual),
        float(np.median(log_contrast)),
        float(contrast_residual.std()),
        _periodicity(contrast_residual),
        # 1 brighter than the wall all the way, -1 darker
        float(np.sign(measured[:, 3]).mean()),
        float(np.median(area / (width * height))),
        float(np.median(tallness)),
        float(_trend(fall.path.t_s, tallness)[1].std()),
        float(np.median(np.log(snr))),
    ]


def _trend(t_s: Float64, values: Float64) -> tuple[float, Float64]:
    """Change of values ``(n,)`` along a straight line over the whole time, and the residuals."""
    t = t_s - t_s.mean()
    slope = float(t @ values) / max(float(t @ t), _SMALL)
    return slope * float(t_s[-1] - t_s[0]), values - values.mean() - slope * t


def _periodicity(residual: Float64) -> float:
    """Strongest return of the same pattern, 0 to 1: highest autocorrelation after its first trough (wing beats)."""
    n = len(residual)
    energy = float(residual @ residual)
    if n < 2 * _FEWEST or energy < _SMALL:
        return 0.0
    correlation = np.array([float(residual[lag:] @ residual[: n - lag]) / energy for lag in range(1, n // 2)])
    trough = int(np.argmax(correlation < 0.0))
    if correlation[trough] >= 0.0:
        return 0.0
    return max(0.0, float(correlation[trough:].max()))
