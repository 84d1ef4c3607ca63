"""One camera's path of a fall, in the coordinates and on the time that it shares with its partners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import fly

Float64 = NDArray[np.float64]


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


def angle_deg(a: CameraPath, b: CameraPath) -> float:
    """Angle between two cameras' lines of sight to the middle of what the first one saw."""
    middle = a.positions_m(np.array([(a.start_s + a.end_s) / 2.0]))[0]
    sights = [(middle - path.camera.position_m) for path in (a, b)]
    cosine = float(sights[0] @ sights[1]) / float(np.prod([np.linalg.norm(sight) for sight in sights]))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
