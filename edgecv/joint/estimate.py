"""The posterior of one launch from the paths of several cameras, and the path in space that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.facade import FacadePlan
from edgecv.joint.camera_path import CameraPath
from edgecv.joint.joint_problem import JointLaunchProblem
from edgecv.joint.settings import JointSettings
from edgecv.trajectory.drag import FallStates, drag_from_terminal, fall_positions
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.launch import Launches, posterior_of
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
_DOWN = np.array([[0.0, -1.0, 0.0]])
_DRAWS = 400
"""Draws of the posterior that are carried along the path: its covariance comes out to a tenth."""


@dataclass(frozen=True, slots=True, eq=False)
class JointPosterior:
    """One launch that several cameras saw.

    Attributes:
        launches: its posterior; clocks are those of all paths but the first.
        since_s: shared time of the first sighting, from which the time that it was not seen counts back.
    """

    launches: Launches
    since_s: float

    def states_at(self, shared_s: Float64) -> FallStates:
        """Places and velocities ``(d, n, 3)`` of draws at rising shared times ``(n,)``."""
        launches = self.launches
        positions, velocities = [], []
        for n in range(min(_DRAWS, len(launches.unseen_s))):
            wind = np.array([[launches.wind_mps[n, 0], 0.0, launches.wind_mps[n, 1]]])
            drag = drag_from_terminal(launches.terminal_mps[n : n + 1])
            times = shared_s - self.since_s + launches.unseen_s[n]
            states = fall_positions(
                launches.position_m[n : n + 1], launches.velocity_mps[n : n + 1], drag, times, _DOWN, wind
            )
            positions.append(states.positions_m[0])
            velocities.append(states.velocities_mps[0])
        return FallStates(np.stack(positions), np.stack(velocities))

    def clock_s(self, number: int) -> tuple[float, float]:
        """By how much the clock of one of the paths is behind the first one's, and its standard deviation."""
        if number == 0:
            return 0.0, 0.0
        clocks = self.launches.clocks_s[:, number - 1]
        return float(np.median(clocks)), float(np.std(clocks))

    def fit_of(self, path: CameraPath, number: int) -> FallFit:
        """The joint fall as the fit of one of its paths.

        Args:
            path: of a camera.
            number: its place among those that were joined.
        """
        fit = path.fall.fit
        states = self.states_at(np.array([fit.start_s + path.ahead_s + self.clock_s(number)[0]]))
        count = len(states.positions_m)
        rows = path.parameters_of(
            states.positions_m[:, 0],
            states.velocities_mps[:, 0],
            self.launches.terminal_mps[:count],
            self.launches.wind_mps[:count],
        )
        return replace(fit, parameters=np.median(rows, axis=0), covariance=np.cov(rows.T))


def joint_launches(
    paths: Sequence[CameraPath],
    plan: FacadePlan,
    settings: TrajectorySettings | None = None,
    joint_settings: JointSettings | None = None,
) -> JointPosterior | None:
    """Return the posterior of the launch that all paths began with, or None where nothing explains them.

    Args:
        paths: of one fall by one camera each; the first one's clock counts, and a single path is one camera's posterior
            with the same errors.
        plan: the facade in whose coordinates the cameras are.
        settings: priors of the launch.
        joint_settings: priors of what cameras add.
    """
    problem = JointLaunchProblem(paths, settings or TrajectorySettings(), joint_settings or JointSettings())
    launches = posterior_of(problem, plan)
    return None if launches is None else JointPosterior(launches, problem.since_s)
