"""One camera's path of a fall, in the coordinates and on the time that it shares with its partners."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.model import (
    AHEAD,
    ELEVATION,
    LOG_DEPTH,
    LOG_VT,
    PARAMETERS,
    RIGHT,
    ROLL,
    WIND_AHEAD,
    WIND_RIGHT,
    U,
    V,
    fly,
)

Float64 = NDArray[np.float64]
_NEAREST_M = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class CameraPath:
    """A fall as one camera saw it.

    Attributes:
        fall: fitted in that camera's calibrated view.
        camera: in the coordinates of the facade that the partners share.
        ahead_s: what to add to the camera's media time for the time that the partners share, by their clocks.
        clock_sd_s: standard deviation of that.
    """

    fall: Fall
    camera: PinholeCamera
    ahead_s: float
    clock_sd_s: float

    @classmethod
    def of(cls, fall: Fall, camera: PinholeCamera, ahead_s: float, clock_sd_s: float) -> CameraPath:
        """A path, its camera in the frame in which the fall was fitted."""
        fitted = fall.fit.view.camera
        return cls(fall, camera if fitted is None else camera.framed_like(fitted), ahead_s, clock_sd_s)

    @property
    def start_s(self) -> float:
        """Shared time of the first sighting, by the camera's clock."""
        return float(self.fall.path.t_s[0]) + self.ahead_s

    @property
    def end_s(self) -> float:
        """Shared time of the last sighting, by the camera's clock."""
        return float(self.fall.path.t_s[-1]) + self.ahead_s

    def positions_m(self, shared_s: Float64) -> Float64:
        """Places ``(n, 3)`` in the world by this camera's own fit, at rising shared times ``(n,)``."""
        fit = self.fall.fit
        states = fly(fit.view, fit.parameters[None], shared_s - self.ahead_s - fit.start_s)
        return np.asarray(states.positions_m[0] @ self.camera.rotation + self.camera.position_m, np.float64)

    def state_at(self, shared_s: float) -> tuple[Float64, Float64]:
        """Place and velocity ``(3,)`` in the world by this camera's own fit."""
        fit = self.fall.fit
        states = fly(fit.view, fit.parameters[None], np.array([shared_s - self.ahead_s - fit.start_s]))
        place = states.positions_m[0, 0] @ self.camera.rotation + self.camera.position_m
        return place, states.velocities_mps[0, 0] @ self.camera.rotation

    def with_fit(self, fit: FallFit) -> Fall:
        """The same fall with another fit of its path."""
        return replace(self.fall, fit=fit)

    def parameters_of(
        self, positions_m: Float64, velocities_mps: Float64, terminal_mps: Float64, wind_mps: Float64
    ) -> Float64:
        """Falls as the parameters ``(b, 11)`` of this camera's fit.

        Args:
            positions_m: ``(b, 3)`` world.
            velocities_mps: ``(b, 3)``.
            terminal_mps: ``(b,)``.
            wind_mps: ``(b, 2)`` along the facade and away from it.
        """
        view = self.fall.fit.view
        tilt = self.fall.fit.parameters[[ELEVATION, ROLL]]
        axes = np.stack([axis[0] for axis in view.axes(tilt[:1], tilt[1:])]) @ self.camera.rotation
        local = (positions_m - self.camera.position_m) @ self.camera.rotation.T
        rows = np.zeros((len(positions_m), PARAMETERS))
        rows[:, [U, V]] = view.project(local)
        rows[:, LOG_DEPTH] = np.log(np.maximum(local[:, 2], _NEAREST_M))
        rows[:, RIGHT : AHEAD + 1] = velocities_mps @ axes.T
        rows[:, LOG_VT] = np.log(terminal_mps)
        level = np.stack([wind_mps[:, 0], np.zeros(len(rows)), wind_mps[:, 1]], axis=1) @ axes.T
        rows[:, [WIND_RIGHT, WIND_AHEAD]] = level[:, [0, 2]]
        rows[:, [ELEVATION, ROLL]] = tilt
        return rows


def angle_deg(a: CameraPath, b: CameraPath) -> float:
    """Angle between two cameras' lines of sight to the middle of what the first one saw."""
    middle = a.positions_m(np.array([(a.start_s + a.end_s) / 2.0]))[0]
    sights = [(middle - path.camera.position_m) for path in (a, b)]
    cosine = float(sights[0] @ sights[1]) / float(np.prod([np.linalg.norm(sight) for sight in sights]))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
