"""The drop test: a ball dropped from a known window says whether a calibration's metres are metres.

Gravity is known to a part in a thousand, so the acceleration that the calibrated camera sees gives the scale of its
whole world: seen through a calibration whose facade is drawn twice too large, a ball falls with 2 g.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from edgecv.errors import EdgecvError
from edgecv.geometry import PinholeCamera
from edgecv.trajectory import Fall
from edgecv.trajectory.drag import drag_from_terminal, fall_positions
from edgecv.trajectory.launch_prior import AT_WINDOW_M

Float64 = NDArray[np.float64]
_HAND_MPS = 0.4  # someone who lets go of a ball hardly throws it
_TERMINAL: tuple[float, float] = (25.0, 0.5)  # a tennis ball 22, a filled one more
_NOISE_PX = 0.5
_TILT_MPS = 1.0  # wind, either way
_LEAST_FALL_M = 6.0


@dataclass(frozen=True, slots=True)
class DropResult:
    """What a drop says.

    Attributes:
        scale: true metres for each metre of the calibration: 1 where it is right.
        log_sd: standard deviation of its logarithm.
        release_m: ``(X, Y)`` where the ball was let go, in the calibration's metres.
        rms_px: root mean square distance of the sightings to the fitted fall.
        sightings: how many there were.
        fall_m: how far it fell while it was seen.
    """

    scale: float
    log_sd: float
    release_m: tuple[float, float]
    rms_px: float
    sightings: int
    fall_m: float

    @property
    def interval(self) -> tuple[float, float]:
        """90 % interval of the scale."""
        spread = 1.645 * self.log_sd
        return self.scale * float(np.exp(-spread)), self.scale * float(np.exp(spread))


def measure_drop(fall: Fall, camera: PinholeCamera) -> DropResult:
    """Fit a drop with gravity left free.

    Args:
        fall: of the ball, as the pipeline found it.
        camera: the calibration to be tested.

    Raises:
        EdgecvError: the ball was followed over too short a way to tell.
    """
    times = fall.path.t_s - fall.path.t_s[0]
    uv = fall.path.uv_px
    first = camera.on_facade(uv[:1])[0]
    # x, y, z; velocity; log of scale; log of terminal velocity; wind along and away
    start = np.array([first[0], first[1], AT_WINDOW_M[0], 0.0, 0.0, 0.0, 0.0, np.log(_TERMINAL[0]), 0.0, 0.0])
    prior_sd = np.array([1e3, 1e3, AT_WINDOW_M[1], _HAND_MPS, 1e2, _HAND_MPS, 1.5, _TERMINAL[1], _TILT_MPS, _TILT_MPS])

    def residuals(x: Float64) -> Float64:
        # in the calibration's own metres everything is 1 / scale of what it is
        scale = float(np.exp(x[6]))
        wind = np.array([[x[8], 0.0, x[9]]])
        states = fall_positions(
            x[None, :3] * scale,
            x[None, 3:6],
            drag_from_terminal(np.exp(x[7:8])),
            times,
            np.array([[0.0, -1.0, 0.0]]),
            wind,
        )
        apart = np.nan_to_num(camera.project(states.positions_m[0] / scale) - uv, nan=1e4) / _NOISE_PX
        return np.concatenate([apart.reshape(-1), (x - start) / prior_sd])

    # speeds downwards at the first sighting: it may have fallen for a while
    slope = float(np.polyfit(times[:6], camera.on_facade(uv[:6])[:, 1], 1)[0])
    begin = start.copy()
    begin[4] = slope
    best = least_squares(residuals, begin, loss="soft_l1", f_scale=3.0, x_scale=np.minimum(prior_sd, 1.0))
    jacobian = np.asarray(best.jac, np.float64)
    apart = residuals(best.x)[: 2 * len(times)] * _NOISE_PX
    rms = float(np.sqrt(np.mean(np.square(apart).reshape(-1, 2).sum(axis=1))))
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * max(1.0, (rms / _NOISE_PX) ** 2 / 2.0)
    scale = float(np.exp(best.x[6]))
    heights = camera.on_facade(uv[[0, -1]])[:, 1]
    fallen = float(heights[0] - heights[1]) * scale
    if not fallen > _LEAST_FALL_M:
        raise EdgecvError(
            f"drop test: the ball was followed over {max(fallen, 0.0):.1f} m only; {_LEAST_FALL_M:g} m are needed: "
            "drop it from a higher window, in better light"
        )
    sd = float(np.sqrt(covariance[6, 6]))
    return DropResult(scale, sd, (float(best.x[0]), float(best.x[1])), rms, len(times), fallen)


def combine(results: list[DropResult]) -> tuple[float, float]:
    """Scale and the standard deviation of its logarithm of several drops, weighted by how well each is known."""
    weight = np.array([1.0 / r.log_sd**2 for r in results])
    mean = float(weight @ np.log([r.scale for r in results]) / weight.sum())
    return float(np.exp(mean)), float(1.0 / np.sqrt(weight.sum()))
