"""One track's Kalman filter, by filterpy: what the compiled filter is tested against, and what runs without it.

State ``x = [x, vx, ax, y, vy, ay]`` in pixels and seconds. Between scans the acceleration does a random walk
(white-noise jerk; Bar-Shalom, Li & Kirubarajan 2001, section 6.2.3), which covers perspective and drag; gravity is the
prior of a new track's acceleration. ``F``, ``Q``, ``H``, ``R`` and ``P`` as in the literature.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
_H = np.kron(np.eye(2), [[1.0, 0.0, 0.0]])
_X, _Y = slice(0, 3), slice(3, 6)


class ReferenceKalman:
    """A track's filter.

    Args:
        height_px: of the picture.
        settings: the tracker's.
    """

    def __init__(self, height_px: int, settings: TrackingSettings) -> None:
        # filterpy brings scipy.stats with it, a second and 20 MB in every worker that uses the compiled filter instead
        from filterpy.kalman import KalmanFilter  # noqa: PLC0415

        h, s = float(height_px), settings
        self._jerk, self._jerk_doubling_speed = s.jerk_h_s2_sqrt_s * h, s.jerk_doubles_at_h_s * h
        self._gravity, self._initial_sd = s.gravity_h_s2 * h, s.initial_sd(h)
        self._kalman = KalmanFilter(dim_x=6, dim_z=2)
        self._kalman.H = _H

    @property
    def state(self) -> Float64:
        """``(2, 3)``: position, velocity and acceleration of x and y."""
        return np.asarray(self._kalman.x.reshape(2, 3), np.float64)

    @property
    def covariance(self) -> Float64:
        """``(2, 3, 3)``: of x and of y, which are independent."""
        return np.stack([self._kalman.P[_X, _X], self._kalman.P[_Y, _Y]])

    @property
    def position(self) -> Float64:
        """``(2,)`` pixels."""
        return self.state[:, 0]

    @property
    def velocity(self) -> Float64:
        """``(2,)`` pixels/s."""
        return self.state[:, 1]

    @property
    def position_variance(self) -> Float64:
        """``(2,)`` pixels²."""
        return self.covariance[:, 0, 0]

    def load(self, state: Float64, covariance: Float64) -> None:
        """Continue from ``(2, 3)`` and ``(2, 3, 3)``."""
        self._kalman.x = state.reshape(6).copy()
        self._kalman.P = np.zeros((6, 6))
        self._kalman.P[_X, _X], self._kalman.P[_Y, _Y] = covariance

    def start(self, position: Float64, variance: Float64) -> None:
        """Begin with one detection: ``(2,)`` pixels and pixels²."""
        state = np.array([[position[0], 0.0, 0.0], [position[1], 0.0, self._gravity]])
        self.load(state, np.stack([np.diag(np.square(sd)) for sd in self._initial_sd]))
        self.update(position, variance)

    def predict(self, dt_s: float) -> None:
        """Predict by a time, which may be negative."""
        F, Q = _transition(round(dt_s, 6))
        jerk = self._jerk * (1.0 + float(np.hypot(*self.velocity)) / self._jerk_doubling_speed)
        self._kalman.predict(F=F, Q=jerk * jerk * Q)

    def update(self, position: Float64, variance: Float64) -> None:
        """Update with a detection: ``(2,)`` pixels and pixels²."""
        self._kalman.update(position, R=np.diag(variance))


@lru_cache(maxsize=64)
def _transition(dt_s: float) -> tuple[Float64, Float64]:
    """``F`` and, for a jerk of spectral density one, ``Q``: ``(6, 6)``."""
    from filterpy.common import Q_continuous_white_noise  # noqa: PLC0415

    F = np.array([[1.0, dt_s, dt_s * dt_s / 2.0], [0.0, 1.0, dt_s], [0.0, 0.0, 1.0]])
    Q = np.asarray(Q_continuous_white_noise(dim=3, dt=abs(dt_s), spectral_density=1.0), np.float64)
    if dt_s < 0:  # backwards in time, velocity changes its sign
        Q = Q * np.array([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0], [1.0, -1.0, 1.0]])
    return np.asarray(np.kron(np.eye(2), F), np.float64), np.asarray(np.kron(np.eye(2), Q), np.float64)
