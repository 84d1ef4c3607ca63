"""Driven descents: a lift of glass, a gondola, a blind. They start gently and then keep their speed.

With a calibrated scale this distinguishes them from a released object, which accelerates with the whole of gravity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import PinholeCamera
from edgecv.trajectory import Fall
from edgecv.trajectory.drag import G_MPS2

Float64 = NDArray[np.float64]
_MOST_GRAVITY = 0.22  # fast lifts accelerate with 0.15; more is felt as unpleasant
_AT_REST = 0.3  # of the speed at the end: what comes into sight faster has set off elsewhere
_BEGIN_S = 0.3
"""Time over which the speed at first sight is measured: seven frames at 25 a second."""
_FROM, _RAMPS = 25, 12  # instants of setting off, and lengths of the ramp, that are tried
_PARAMETERS = 6  # place, direction and acceleration, instant, ramp


def lift_log_ratio(fall: Fall) -> float | None:
    """How much better a fall explains the path than a drive: difference of log evidence.

    None where that cannot be computed: without a calibration, or where the object came into sight at speed. The
    evidence of the drive is its largest likelihood less the cost of its parameters (Schwarz 1978).
    """
    fit, path = fall.fit, fall.path
    if fit.view.camera is None or _is_fast_already(path.t_s, path.uv_px[:, 1]):
        return None
    positions, sd = _on_facade(fit.view.camera, path.uv_px, path.sd_px)
    if not (np.isfinite(positions).all() and np.isfinite(sd).all()):
        return None
    best = -0.5 * _least_misfit(positions, sd, _lift_displacements(path.t_s))
    log_density = -float(np.log(2.0 * np.pi * path.sd_px.prod(axis=1)).sum())
    return fit.log_evidence - (best + log_density - 0.5 * _PARAMETERS * float(np.log(len(path.t_s))))


def _on_facade(camera: PinholeCamera, uv_px: Float64, sd_px: Float64) -> tuple[Float64, Float64]:
    """Places ``(n, 2)`` to the right and down along the facade, where what is driven runs, and their errors; metres."""
    positions = camera.on_facade(uv_px)
    aside = (camera.on_facade(uv_px + sd_px * step) - positions for step in ([1.0, 0.0], [0.0, 1.0]))
    sd = np.stack([np.linalg.norm(off, axis=1) for off in aside], axis=1)
    return positions * [1.0, -1.0], sd


def _is_fast_already(t_s: Float64, v_px: Float64) -> bool:
    begin = slice(max(4, int(np.searchsorted(t_s, t_s[0] + _BEGIN_S))))
    end = slice(-max(4, len(t_s) // 6), None)
    first, last = (float(np.polyfit(t_s[part], v_px[part], 1)[0]) for part in (begin, end))
    return first > _AT_REST * last


def _lift_displacements(t_s: Float64) -> Float64:
    """``(k, n)`` distance gone at unit acceleration, for each instant of setting off and each length of the ramp."""
    duration = float(t_s[-1] - t_s[0])
    start_s = t_s[0] + duration * np.linspace(-0.05, 0.5, _FROM)
    ramp_s = duration * np.geomspace(0.1, 1.1, _RAMPS)[:, None]
    gone_s = np.maximum(t_s - start_s[:, None, None], 0.0)
    ramp = np.minimum(gone_s, ramp_s)
    return np.asarray(0.5 * ramp * ramp + ramp_s * (gone_s - ramp), np.float64).reshape(-1, len(t_s))


def _least_misfit(where_m: Float64, sd_m: Float64, shapes: Float64) -> float:
    """Chi-squared of the best straight drive of these shapes that accelerates no more than a drive does."""
    total = np.zeros(len(shapes))
    for axis in range(2):
        weight = 1.0 / np.square(sd_m[:, axis])
        off = where_m[:, axis] - np.average(where_m[:, axis], weights=weight)
        centred = shapes - np.average(shapes, axis=1, weights=weight)[:, None]
        slope = centred @ (weight * off) / np.maximum(np.square(centred) @ weight, 1e-12)
        if axis == 1:
            slope = np.clip(slope, 0.0, _MOST_GRAVITY * G_MPS2)
        total += np.square(off - slope[:, None] * centred) @ weight
    return float(total.min())
