"""The least squares of one launch that several cameras saw: its nine numbers, and a clock for each further camera.

The launch is that of :mod:`edgecv.trajectory.launch_problem`, with its priors; each camera but the first adds how far
its clock is behind the first one's. Cameras of meteors are joined in the same way (Gural, *A new method of meteor
trajectory determination applied to multiple unsynchronized video cameras*, Meteoritics & Planetary Science 47, 2012),
and with the equations of motion as their model (Jansen-Sturgeon et al., *A Dynamic Trajectory Fit to Multi-Sensor
Fireball Observations*, Astronomical Journal 160, 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from edgecv.joint.camera_path import CameraPath
from edgecv.joint.settings import JointSettings
from edgecv.joint.shared_sightings import SharedSightings
from edgecv.joint.start import first_launch
from edgecv.trajectory.correlated_disturbance import Disturbance, Strengths, disturbance, strengths_of
from edgecv.trajectory.drag import drag_from_terminal
from edgecv.trajectory.drag_sensitivity import FallDerivatives, fall_derivatives
from edgecv.trajectory.launch_problem import Solution, launch_solution
from edgecv.trajectory.launch_unknowns import (
    DRAG,
    VX,
    VZ,
    WIND_X,
    WIND_Z,
    LaunchPrior,
    log_terminal_slope,
    terminal_of,
    widest_response,
)
from edgecv.trajectory.least_squares import Problem, minimise, softened
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
LAUNCH = WIND_Z + 1
"""Numbers of a launch; clocks stand behind them."""
_USUAL_NOISE = 0.47
"""Error of a sighting against what was expected, to which each camera's is scaled: of the grid, in its middle."""
_SCALINGS = 2
"""Times that a camera's noise is looked for: the grid ends at half of the usual, and a sharp lens has a fifth."""
_MOST_POINTS = 40  # of a camera's sightings by which strengths are looked for
_FASTEST_MPS = 400.0
_BACK_SPREADS = 2.0
"""Deviations of a launch's velocity within which a fall is carried backwards: farther back errors explode."""


class JointLaunchProblem:
    """The least-squares problem of a fall's paths.

    Args:
        paths: of one fall by one camera each; the first one's clock counts.
        settings: priors of the launch.
        joint_settings: priors of what cameras add.

    Attributes:
        since_s: shared time of the first sighting, once it was asked for.
        clock_sd_s: ``(c,)`` how far apart clocks may be.
    """

    def __init__(
        self, paths: Sequence[CameraPath], settings: TrajectorySettings, joint_settings: JointSettings
    ) -> None:
        self.settings = settings
        self._joint_settings = joint_settings
        self._paths = tuple(paths)
        self._prior = LaunchPrior.of_launch(settings)
        first = paths[0].clock_sd_s
        self.clock_sd_s = np.array([joint_settings.between_clocks_s(first, path.clock_sd_s) for path in paths[1:]])
        self._sightings = SharedSightings.of(self._paths, settings, joint_settings)
        self.since_s = 0.0  # shared time of the first sighting
        self._is_hopeless = False

    def first_sighting(self) -> Float64:
        """The fall at its first sighting by any camera, with the likeliest clocks."""
        self.since_s, launch, loss = first_launch(self._paths, self)
        self._sightings = self._sightings.ordered(launch[LAUNCH:])
        self._is_hopeless = loss > self._joint_settings.max_rough_loss * 2 * len(self._sightings.camera)
        return launch

    def rough_minimum(self, start: Float64, since_s: float) -> tuple[Float64, float]:
        """The most probable fall near a start where errors are independent, and its loss.

        Args:
            start: state at ``since_s``, and clocks.
            since_s: shared time.
        """
        self.since_s = since_s
        sd = np.hypot(self._sightings.sd_px, self._joint_settings.calibration_sd_px).reshape(-1)
        minimum = minimise(
            self._least_squares(0.0, np.diag(sd), LaunchPrior.of_sighting(self.settings)), start, 1e-4, 25
        )
        return minimum.x, minimum.loss

    def strengths(self, launch: Float64) -> Strengths:
        """What disturbs the path, from how its sightings scatter about the fall through the first of them."""
        if self._is_hopeless:
            return Strengths()
        predicted, slopes = self._predicted(launch, 0.0)
        residuals = self._sightings.uv_px - predicted
        self._sightings = self._sightings.without_outliers(residuals)
        response = slopes * np.concatenate([widest_response(float(launch[DRAG])), self.clock_sd_s])
        for number in range(len(self._paths)):
            # one lens is sharper than another, and what one camera errs by says nothing of its partner
            for _ in range(_SCALINGS):
                own = self._strengths(launch, residuals, response, self._sightings.some_of(number, _MOST_POINTS))
                self._sightings = self._sightings.scaled(number, own.noise / _USUAL_NOISE)
        every = [self._sightings.some_of(number, _MOST_POINTS) for number in range(len(self._paths))]
        return self._strengths(launch, residuals, response, np.sort(np.concatenate(every)))

    def _strengths(self, launch: Float64, residuals: Float64, response: Float64, rows: NDArray[np.intp]) -> Strengths:
        """What disturbs some of the sightings."""
        subset = self._sightings.subset(rows)
        bias = subset.camera_columns() * self._joint_settings.calibration_sd_px
        whole = np.concatenate([response[rows].reshape(2 * len(rows), -1), bias], axis=1)
        return strengths_of(self._disturbance(launch, 0.0, subset), residuals[rows].reshape(-1), whole)

    def earlier(self, launch: Float64, step_s: float) -> Float64:
        """The same fall, launched a little earlier; speeds kept to what a launch may have: backwards they explode."""
        states = self._derivatives(launch, np.array([-step_s]))
        moved = launch.copy()
        moved[:3] = states.positions_m[0]
        mean, spread = self._prior.mean[VX : VZ + 1], _BACK_SPREADS * self._prior.sd[VX : VZ + 1]
        moved[VX : VZ + 1] = np.clip(states.velocities_mps[0], mean - spread, mean + spread)
        return moved

    def solve(self, start: Float64, unseen_s: float, strengths: Strengths) -> Solution | None:
        """Most probable launch for one hypothesis of how long the object was not seen; None where there is none."""
        if self._is_hopeless:
            return None
        covariance = self._disturbance(start, unseen_s, self._sightings).covariance(strengths)
        bias = self._sightings.camera_columns() * self._joint_settings.calibration_sd_px
        try:
            root = cholesky(covariance + bias @ bias.T, lower=True)
        except (np.linalg.LinAlgError, ValueError):
            return None
        problem = self._least_squares(unseen_s, root, self._prior)
        launch = minimise(problem, start, tolerance=1e-4, max_evaluations=25).x
        return launch_solution(problem, launch, root)

    def predicted_px(self, launch: Float64, unseen_s: float) -> tuple[Float64, Float64]:
        """Pixels ``(n, 2)`` of all sightings, and their derivatives ``(n, 2, 9 + c)`` by launch and clocks."""
        return self._predicted(launch, unseen_s)

    def _times(self, launch: Float64, unseen_s: float, sightings: SharedSightings) -> Float64:
        return sightings.times_s(launch[LAUNCH:]) - self.since_s + unseen_s

    def _derivatives(self, launch: Float64, times_s: Float64) -> FallDerivatives:
        drag = float(drag_from_terminal(terminal_of(launch[DRAG])))
        wind = np.array([launch[WIND_X], 0.0, launch[WIND_Z]])
        return fall_derivatives(launch[:3], launch[VX : VZ + 1], drag, wind, times_s)

    def _predicted(self, launch: Float64, unseen_s: float) -> tuple[Float64, Float64]:
        fall = self._derivatives(launch, self._times(launch, unseen_s, self._sightings))
        pixels, per_m = self._sightings.project(fall.positions_m)
        drag_slope = -2.0 * drag_from_terminal(terminal_of(launch[DRAG])) * log_terminal_slope(launch[DRAG])
        place = np.broadcast_to(np.eye(3), (len(pixels), 3, 3))
        columns = [
            place,
            fall.by_velocity,
            (drag_slope * fall.by_drag)[:, :, None],
            fall.by_wind[:, :, [0, 2]],
            fall.velocities_mps[:, :, None] * self._sightings.clock_columns()[:, None, :],
        ]
        return pixels, per_m @ np.concatenate(columns, axis=2)

    def _disturbance(self, launch: Float64, unseen_s: float, sightings: SharedSightings) -> Disturbance:
        # clocks that moved since the sightings were put in order turn neighbours round by milliseconds
        times = np.maximum.accumulate(np.maximum(self._times(launch, unseen_s, sightings), 0.0))
        fall = self._derivatives(launch, times)
        _, per_m = sightings.project(fall.positions_m)
        wind = np.array([launch[WIND_X], 0.0, launch[WIND_Z]])
        speed = np.linalg.norm(fall.velocities_mps - wind, axis=1)
        terminal = float(np.clip(terminal_of(launch[DRAG]), 1.0, _FASTEST_MPS))
        whole = disturbance(times, speed, terminal, per_m, sightings.sd_px, sightings.tumble_px)
        # a turning object's centre is seen from two sides: what one camera sees of it says nothing to the other
        return replace(whole, tumble=whole.tumble * sightings.same_camera())

    def _least_squares(self, unseen_s: float, root: Float64, prior: LaunchPrior) -> Problem:
        return _JointLeastSquares(self, unseen_s, root, self._sightings.uv_px, prior)


class _JointLeastSquares(Problem):
    """Sightings in units of their common error, then the priors of the launch, then those of the clocks."""

    def __init__(
        self, joint: JointLaunchProblem, unseen_s: float, root: Float64, uv_px: Float64, prior: LaunchPrior
    ) -> None:
        self._joint, self._unseen_s, self._root, self._prior = joint, unseen_s, root, prior
        self._uv = uv_px.reshape(-1)
        self._last: tuple[bytes, tuple[Float64, Float64]] | None = None

    def residuals(self, x: Float64, *, soft: bool = False) -> Float64:
        """See :meth:`Problem.residuals`."""
        return self.slopes(x, soft=soft)[0]

    def slopes(self, x: Float64, *, soft: bool = False) -> tuple[Float64, Float64]:
        """See :meth:`Problem.slopes`."""
        # a search asks for residuals first, and for their slopes where it stays
        if self._last is None or self._last[0] != x.tobytes():
            self._last = x.tobytes(), self._evaluate(x)
        residuals, jacobian = self._last[1]
        if not soft:
            return residuals, jacobian
        softer, slope = softened(residuals)
        return softer, jacobian * slope

    def _evaluate(self, x: Float64) -> tuple[Float64, Float64]:
        pixels, derivatives = self._joint.predicted_px(x, self._unseen_s)
        rows = np.concatenate(
            [(pixels.reshape(-1) - self._uv)[:, None], derivatives.reshape(len(self._uv), -1)], axis=1
        )
        white = solve_triangular(self._root, rows, lower=True, check_finite=False)
        launch, slopes = self._prior.residuals(x[:LAUNCH])
        clocks = x[LAUNCH:] / self._joint.clock_sd_s
        residuals = np.concatenate([white[:, 0], launch, clocks])
        by_clock = np.zeros((len(clocks), len(x)))
        by_clock[:, LAUNCH:] = np.diag(1.0 / self._joint.clock_sd_s)
        by_launch = np.zeros((len(launch), len(x)))
        by_launch[:, :LAUNCH] = slopes
        return residuals, np.concatenate([white[:, 1:], by_launch, by_clock]).T
