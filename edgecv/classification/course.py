"""The course of a path in the picture: how it speeds up, how it wobbles, where it came into sight.

A fall speeds up evenly, and less and less with drag; what drives or flies towards the camera speeds up more and more,
for its picture goes as ``1 / (1 + c t)``. What is measured here needs no physics: polynomials in time, and the noise of
the sightings themselves instead of the noise that the fit assumes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.fall import Fall

Float64 = NDArray[np.float64]

COURSE_FEATURES: tuple[str, ...] = (
    "down_acceleration_certainty",
    "down_jerk_share",
    "down_jerk_certainty",
    "side_acceleration_share",
    "log_measured_noise",
    "wobble",
    "log_path_in_sizes",
    "longest_gap_frames",
    "sign_flips",
    "growth_certainty",
    "growth_by_nearness",
    "entry_to_side_in_sizes",
    "entry_to_top_in_sizes",
    "exit_to_side_in_sizes",
    "exit_to_bottom_in_sizes",
    "side_speed_at_entry",
)
"""Names of :func:`course_of`'s numbers, in their order."""

_SMALL = 1e-6
"""Keeps divisions and logarithms finite."""
_DIFFERENCES = np.array([1.0, -3.0, 3.0, -1.0])
"""Third differences take any motion of even acceleration away and leave the noise, 20 times its variance."""


def course_of(fall: Fall) -> list[float]:
    """Return the numbers that :data:`COURSE_FEATURES` names."""
    return [*_acceleration(fall), *_noise(fall), *_sightings(fall), *_growth(fall), *_edges(fall)]


def signed_log(value: float) -> float:
    """Logarithm of one and the size of a number, with its sign: near zero the number itself."""
    return float(np.sign(value) * np.log1p(abs(value)))


def _polynomial(t: Float64, values: Float64, degree: int) -> tuple[Float64, Float64, Float64]:
    """Coefficients (constant first) over scaled time, their deviations by the scatter itself, and the residuals."""
    basis = np.vander(t, degree + 1, increasing=True)
    solution, *_ = np.linalg.lstsq(basis, values, rcond=None)
    residual = values - basis @ solution
    variance = float(residual @ residual) / max(1, len(t) - degree - 1)
    covariance = np.linalg.pinv(basis.T @ basis) * variance
    deviations = np.sqrt(np.maximum(np.diag(covariance), _SMALL))
    return np.asarray(solution, np.float64), np.asarray(deviations, np.float64), residual


def _scaled_time(fall: Fall) -> Float64:
    """From -1 at the first sighting to 1 at the last."""
    t = fall.path.t_s
    return np.asarray(2.0 * (t - t[0]) / max(float(t[-1] - t[0]), _SMALL) - 1.0, np.float64)


def _acceleration(fall: Fall) -> list[float]:
    t = _scaled_time(fall)
    side, down = fall.path.uv_px.T
    cubic, cubic_sd, _ = _polynomial(t, down, 3)
    squared, squared_sd, _ = _polynomial(t, down, 2)
    squared_side, _, _ = _polynomial(t, side, 2)
    bend = max(abs(float(squared[2])), _SMALL)
    return [
        signed_log(float(squared[2] / squared_sd[2])),
        # speeds up more and more (above 0), or less and less (below): cubic over quadratic part at the ends
        float(np.clip(cubic[3] / bend, -5.0, 5.0)),
        signed_log(float(cubic[3] / cubic_sd[3])),
        float(abs(squared_side[2])) / (float(abs(squared_side[2])) + bend),
    ]


def _noise(fall: Fall) -> list[float]:
    """Noise measured in units of what the fit assumes, and how much the path swings beyond it."""
    path = fall.path
    frame_s = max(fall.track.frame_interval_s, _SMALL)
    off = (path.uv_px - fall.fit.pixels_at(path.t_s)) / path.sd_px
    squared = float(np.square(off).mean())
    steps = np.diff(path.t_s) / frame_s
    even = np.convolve(np.abs(steps - 1.0) < 0.3, np.ones(3), "valid") > 2.5
    third = sum(c * path.uv_px[k : len(path.uv_px) - 3 + k] for k, c in enumerate(_DIFFERENCES))
    measured = np.square(np.asarray(third)[even] / path.sd_px[3:][even]) / 20.0
    # without four sightings in a row nothing is measured: no wobble is claimed
    noise = float(np.median(measured)) / 0.455 if measured.size else squared
    return [
        0.5 * float(np.log(max(noise, 1e-4))),
        float(np.log(max(squared, 1e-4) / max(noise, 1e-4))),
    ]


def _sightings(fall: Fall) -> list[float]:
    path = fall.path
    length = float(np.hypot(*np.diff(path.uv_px, axis=0).T).sum())
    gaps = np.diff(path.t_s) / max(fall.track.frame_interval_s, _SMALL)
    signs = np.sign([p.detection.contrast for p in path.points])
    return [
        float(np.log(max(length, _SMALL) / max(path.size_px, 1.0))),
        float(np.log(max(float(gaps.max()), 1.0))),
        float((np.diff(signs) != 0.0).mean()),
    ]


def _growth(fall: Fall) -> list[float]:
    """How surely its size changes, and whether the change goes with its speed, as of what comes nearer."""
    t = _scaled_time(fall)
    log_size = np.log([max(p.detection.w_px * p.detection.h_px, 0.1) for p in fall.path.points]) / 2.0
    line, line_sd, _ = _polynomial(t, log_size, 1)
    velocity = np.gradient(fall.fit.pixels_at(np.linspace(fall.fit.start_s, fall.fit.end_s, 9)), axis=0)
    speed = np.maximum(np.hypot(*velocity.T), _SMALL)
    quickening = float(np.log(speed[-1] / speed[0]))
    # of steady motion in space the size goes as the root of the speed in the picture
    return [
        signed_log(float(line[1] / line_sd[1])),
        float(np.clip(4.0 * line[1] / (abs(quickening) + 0.5), -5.0, 5.0)),
    ]


def _edges(fall: Fall) -> list[float]:
    """Where the whole track came into sight and left it, in sizes from the picture's edges."""
    width, height = fall.track.picture_size_px
    size = max(fall.path.size_px, 1.0)
    points = fall.track.points
    seen = np.array(
        [[p.detection.x_px + p.shift_px[0], p.detection.y_px + p.shift_px[1]] for p in (points[0], points[-1])]
    )
    to_side = np.minimum(seen[:, 0], width - 1.0 - seen[:, 0])
    early = points[: max(2, min(6, len(points) // 3))]
    span_s = max(early[-1].t_s - early[0].t_s, _SMALL)
    entry_px_s = (early[-1].detection.x_px - early[0].detection.x_px) / span_s
    inwards = entry_px_s * (1.0 if seen[0, 0] < width / 2.0 else -1.0)
    distances = (to_side[0], seen[0, 1], to_side[1], height - 1.0 - seen[1, 1])
    return [
        *(float(np.log1p(max(float(d), 0.0) / size)) for d in distances),
        # picture widths a second, away from the nearer side
        signed_log(4.0 * float(inwards) / width),
    ]
