"""The motion model: constant acceleration with gravity as its prior, for many tracks at once.

State ``[p, v, a]`` for each of x and y, in pixels and seconds. Between frames the acceleration does a random walk
(white-noise jerk; Bar-Shalom, Li & Kirubarajan 2001, section 6.2.3), which covers perspective and drag. x and y are
independent, so every track is two filters of three states and a frame costs a handful of array operations.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]


class FilterBank:
    """Kalman filters in arrays; row ``i`` of everything is track ``i``.

    Attributes:
        state: ``(n, 2, 3) float64``; axis 1 is x, y.
        covariance: ``(n, 2, 3, 3) float64``.
    """

    def __init__(self, height_px: int, settings: TrackingSettings) -> None:
        h, s = float(height_px), settings
        self.state: Float64 = np.zeros((0, 2, 3))
        self.covariance: Float64 = np.zeros((0, 2, 3, 3))
        self._jerk, self._speed = s.jerk_h_s2_sqrt_s * h, s.jerk_doubles_at_h_s * h
        self._gravity = s.gravity_h_s2 * h
        self._first_covariance = np.array([np.diag(np.square(row)) for row in s.first_sd(h)])

    def __len__(self) -> int:
        return len(self.state)

    @property
    def position(self) -> Float64:
        """``(n, 2)`` pixels."""
        return self.state[:, :, 0]

    @property
    def velocity(self) -> Float64:
        """``(n, 2)`` pixels/s."""
        return self.state[:, :, 1]

    @property
    def position_variance(self) -> Float64:
        """``(n, 2)`` pixels²."""
        return self.covariance[:, :, 0, 0]

    def start(self, where: Float64, variance: Float64) -> None:
        """Replace all filters by new ones that have one sighting each, ``(n, 2)`` pixels and pixels²."""
        n = len(where)
        self.state = np.zeros((n, 2, 3))
        self.state[:, :, 0] = where
        self.state[:, 1, 2] = self._gravity
        self.covariance = np.broadcast_to(self._first_covariance, (n, 2, 3, 3)).copy()
        self.update(np.arange(n), where, variance)

    def predict(self, dt_s: float) -> None:
        """Move all filters by a time, which may be negative."""
        F, Q = _transition(round(dt_s, 6))
        speed = np.hypot(self.velocity[:, 0], self.velocity[:, 1])
        jerk = np.square(self._jerk * (1.0 + speed / self._speed))
        self.state = self.state @ F.T
        self.covariance = F @ self.covariance @ F.T + jerk[:, None, None, None] * Q

    def update(self, rows: NDArray[np.intp], where: Float64, variance: Float64) -> None:
        """Give some filters a sighting: ``(k,)`` rows, ``(k, 2)`` pixels and pixels²."""
        P = self.covariance[rows]
        gain = P[..., 0] / (P[..., 0, 0] + variance)[..., None]
        state = self.state[rows]
        self.state[rows] = state + gain * (where - state[..., 0])[..., None]
        self.covariance[rows] = P - gain[..., None] * P[..., 0, None, :]


@lru_cache(maxsize=64)
def _transition(dt_s: float) -> tuple[Float64, Float64]:
    # filterpy brings scipy.stats with it, a second and 20 MB in every worker, and what is compiled does not come here
    from filterpy.common import Q_continuous_white_noise  # noqa: PLC0415

    F = np.array([[1.0, dt_s, dt_s * dt_s / 2.0], [0.0, 1.0, dt_s], [0.0, 0.0, 1.0]])
    Q = np.asarray(Q_continuous_white_noise(dim=3, dt=abs(dt_s), spectral_density=1.0), np.float64)
    if dt_s < 0:  # backwards in time, velocity changes its sign
        Q = Q * np.array([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0], [1.0, -1.0, 1.0]])
    return F, Q
