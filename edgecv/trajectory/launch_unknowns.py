"""The nine numbers of a launch, and what is likely of them as the least squares take it: Gaussians.

Columns: metres and m/s in the world (X right along the facade, Y up, Z out of it), and its drag.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
X, Y, Z, VX, VY, VZ, DRAG, WIND_X, WIND_Z = range(9)
LEAST_BEND, MOST_DRAG = 0.005, 8.0
"""Numerical bounds: below such a bend drag cannot be seen, and exp(8) times the unit is slower than any paper."""
UNIT_MPS = 20.0
"""Terminal velocity whose drag is the unit: the border between medium and heavy."""
_ANY = np.array([30.0, 30.0, 1.0, 4.0, 10.0, 4.0, 1.0, 3.0, 3.0])
"""How far the state at the first sighting may be from anything: for what disturbs a path its launch matters little;
drag in units of its own size."""
_STEP = 1e-5


def terminal_of(drag: Float64) -> Float64:
    """Terminal velocities, m/s, of the column :data:`DRAG`.

    It is ``asinh((20 m/s / terminal velocity)²)``. A stone's path is bent in proportion to that square, so errors are
    Gaussian in it and not in the logarithm of its terminal velocity; of paper it is the logarithm that is seen. Near
    zero and below it ends smoothly, at no drag.
    """
    bend = np.sinh(np.clip(drag, -MOST_DRAG, MOST_DRAG))
    return np.asarray(UNIT_MPS / np.sqrt(0.5 * (bend + np.hypot(bend, LEAST_BEND))), np.float64)


def drag_of(terminal_mps: float) -> float:
    """The reverse of :func:`terminal_of`."""
    bend = (UNIT_MPS / terminal_mps) ** 2
    return float(np.arcsinh(bend - LEAST_BEND**2 / (4.0 * bend)))


def log_terminal_slope(drag: Float64) -> Float64:
    """How the logarithm of the terminal velocity changes with the drag."""
    drag = np.clip(drag, -MOST_DRAG, MOST_DRAG)
    return np.asarray(-0.5 * np.cosh(drag) / np.hypot(np.sinh(drag), LEAST_BEND), np.float64)


def terminal_residual(drag: Float64, settings: TrajectorySettings) -> Float64:
    """How many standard deviations an object of that drag is from a usual one."""
    usual_mps, slower, faster = settings.launch_terminal
    log_ratio = np.log(terminal_of(drag) / usual_mps)
    return np.asarray(log_ratio / np.where(log_ratio < 0.0, slower, faster), np.float64)


def widest_response(drag: float) -> Float64:
    """Spreads ``(9,)`` within which the state at the first sighting may be anything."""
    own = max(2.0 * float(np.tanh(drag)), 0.1)
    return np.asarray(_ANY * np.where(np.arange(len(_ANY)) == DRAG, own, 1.0), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class LaunchPrior:
    """Independent Gaussians of all but the place along the facade, and of the drag by its terminal velocity.

    Attributes:
        mean: ``(9,)``.
        sd: ``(9,)``; infinite for the place along the facade, and for the drag, whose logarithm has one.
        settings: of the terminal velocity.
    """

    mean: Float64
    sd: Float64
    settings: TrajectorySettings

    @classmethod
    def of_launch(cls, settings: TrajectorySettings) -> LaunchPrior:
        """What a launch is likely to be."""
        s = settings
        usual = drag_of(s.launch_terminal[0])
        up, out = s.launch_up_mps, s.launch_out_mps
        mean = np.array([0.0, 0.0, s.launch_z_m[0], 0.0, up[0], out[0], usual, 0.0, 0.0])
        spreads = (np.inf, np.inf, s.launch_z_m[1], s.launch_side_mps, up[1], out[1], np.inf, *s.launch_wind_mps)
        return cls(mean, np.array(spreads), s)

    @classmethod
    def of_sighting(cls, settings: TrajectorySettings) -> LaunchPrior:
        """What a fall is likely to be when it is seen first, however long after its launch."""
        s = settings
        usual, (down, spread) = drag_of(s.terminal_velocity[0]), s.down_speed
        mean = np.array([0.0, 0.0, s.standoff_m[0], 0.0, -down, 0.0, usual, 0.0, 0.0])
        side, wind = s.side_speed_sd, s.wind_sd
        spreads = (np.inf, np.inf, 2.0 * s.standoff_m[1], side, spread, side, np.inf, wind, wind)
        return cls(mean, np.array(spreads), s)

    def residuals(self, launch: Float64) -> tuple[Float64, Float64]:
        """``(7,)`` standard deviations off the means, and their derivatives ``(7, 9)``."""
        off = (launch - self.mean) / self.sd
        slopes = 1.0 / self.sd
        drag = launch[DRAG]
        off[DRAG] = terminal_residual(drag, self.settings)
        ends = terminal_residual(np.array([drag - _STEP, drag + _STEP]), self.settings)
        slopes[DRAG] = (ends[1] - ends[0]) / (2.0 * _STEP)
        return off[Z:], np.diag(slopes)[Z:]
