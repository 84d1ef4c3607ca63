"""The motion model: constant acceleration with gravity as its prior, one filterpy filter a track.

State ``[x, vx, ax, y, vy, ay]`` in pixels and seconds. Between frames the acceleration does a random walk
(white-noise jerk; Bar-Shalom, Li & Kirubarajan 2001, section 6.2.3), which covers perspective and drag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from filterpy.kalman import KalmanFilter
from numpy.typing import NDArray

from edgecv.detection.detection import Detection
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]


class MotionFilter:
    """A thin, typed face over one filterpy :class:`KalmanFilter`."""

    def __init__(self, detection: Detection, t_s: float, height_px: int, settings: TrackingSettings) -> None:
        s, h = settings, float(height_px)
        kalman: Any = KalmanFilter(dim_x=6, dim_z=2)
        kalman.x = np.array([detection.x_px, 0.0, 0.0, detection.y_px, 0.0, s.gravity_h_s2 * h]).reshape(6, 1)
        speed = s.max_speed_h_s * h / 2.0
        sd = [3.0, speed, s.side_acceleration_sd_h_s2 * h, 3.0, speed, s.gravity_sd_h_s2 * h]
        kalman.P = np.diag(np.square(sd))
        kalman.H = np.zeros((2, 6))
        kalman.H[0, 0] = kalman.H[1, 3] = 1.0
        self._kalman = kalman
        self._settings = s
        self._jerk = (s.jerk_h_s2_sqrt_s * h) ** 2
        self.t_s = t_s
        kalman.update(_measurement(detection), R=self.noise(detection))

    @property
    def position(self) -> Float64:
        """``(2,)`` predicted position, pixels."""
        return np.array([self._kalman.x[0, 0], self._kalman.x[3, 0]])

    @property
    def velocity(self) -> Float64:
        """``(2,)`` velocity, pixels/s."""
        return np.array([self._kalman.x[1, 0], self._kalman.x[4, 0]])

    @property
    def covariance(self) -> Float64:
        """``(2, 2)`` covariance of the predicted position, pixels²."""
        P = self._kalman.P
        return np.array([[P[0, 0], P[0, 3]], [P[3, 0], P[3, 3]]])

    def noise(self, detection: Detection, timing_sd_s: float = 0.0) -> Float64:
        """``(2, 2)`` measurement covariance: the blob's own size, and motion during an uncertain instant."""
        s = self._settings
        vx, vy = self.velocity * timing_sd_s
        x = s.position_sd_px + s.position_sd_per_size * detection.w_px
        y = s.position_sd_px + s.position_sd_per_size * detection.h_px
        return np.array([[x * x + vx * vx, vx * vy], [vx * vy, y * y + vy * vy]])

    def predict(self, t_s: float) -> None:
        """Move to another time, which may lie in the past."""
        dt = t_s - self.t_s
        self.t_s = t_s
        block = np.array([[1.0, dt, dt * dt / 2.0], [0.0, 1.0, dt], [0.0, 0.0, 1.0]])
        tau, sign = abs(dt), float(np.sign(dt))
        q = self._jerk * np.array(
            [
                [tau**5 / 20.0, sign * tau**4 / 8.0, tau**3 / 6.0],
                [sign * tau**4 / 8.0, tau**3 / 3.0, sign * tau**2 / 2.0],
                [tau**3 / 6.0, sign * tau**2 / 2.0, tau],
            ]
        )
        zero = np.zeros((3, 3))
        self._kalman.predict(F=np.block([[block, zero], [zero, block]]), Q=np.block([[q, zero], [zero, q]]))

    def update(self, detection: Detection, timing_sd_s: float = 0.0) -> None:
        """Take a sighting at the current time."""
        self._kalman.update(_measurement(detection), R=self.noise(detection, timing_sd_s))


def filter_through(
    sightings: Sequence[tuple[float, Detection]], height_px: int, settings: TrackingSettings
) -> MotionFilter:
    """Return a filter that has taken sightings ``(t_s, detection)`` in their order, forwards or backwards in time."""
    first_t, first = sightings[0]
    motion = MotionFilter(first, first_t, height_px, settings)
    for t_s, detection in sightings[1:]:
        motion.predict(t_s)
        motion.update(detection)
    return motion


def _measurement(detection: Detection) -> Float64:
    return np.array([[detection.x_px], [detection.y_px]])
