"""The least-squares problem of a launch: which launch, so many seconds before it was seen first, explains a path."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.ndimage import median_filter

from edgecv.geometry.camera import PinholeCamera
from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.trajectory.correlated_disturbance import Disturbance, Strengths, disturbance, strengths_of
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.launch_unknowns import (
    DRAG,
    LEAST_BEND,
    MOST_DRAG,
    UNIT_MPS,
    VX,
    VZ,
    WIND_X,
    WIND_Z,
    LaunchPrior,
    drag_of,
    terminal_of,
    terminal_residual,
    widest_response,
)
from edgecv.trajectory.least_squares import CompiledProblem, Problem, compiled_observations, minimise
from edgecv.trajectory.model import (
    AHEAD,
    ELEVATION,
    LOG_DEPTH,
    LOG_VT,
    PARAMETERS,
    RIGHT,
    ROLL,
    U,
    V,
    fly,
    image_positions,
)
from edgecv.trajectory.path import Path
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
_STEPS = np.array([0.01, 0.01, 0.01, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3])
_FASTEST_START = 5.0  # log of 150 m/s
_SHARP = 0.03  # of its size, by which an object's centre errs from frame to frame
_MOST_POINTS = 80  # of a path whose strengths are looked for


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The most probable launch of one hypothesis.

    Attributes:
        mean: ``(9,)``.
        covariance: ``(9, 9)``.
        log_evidence: of the hypothesis, up to a constant.
        chi2_reduced: mean squared residual, per degree of freedom, in units of what noise and wind explain.
    """

    mean: Float64
    covariance: Float64
    log_evidence: float
    chi2_reduced: float


class LaunchProblem:
    """The least-squares problem of one path."""

    def __init__(self, fall: Fall, camera: PinholeCamera, settings: TrajectorySettings) -> None:
        self.settings = settings
        self._fit, self._view = fall.fit, fall.fit.view
        self._camera = camera if self._view.camera is None else camera.framed_like(self._view.camera)
        path = fall.path
        self._uv = self._view.undistort(path.uv_px)
        self._times = path.t_s - path.t_s[0]
        self._sd, self._tumble = sighting_errors(path, settings)
        right, down, ahead = self._view.axes(
            *(np.array([v]) for v in (self._view.elevation_rad[0], self._view.roll_rad[0]))
        )
        self._to_level = np.stack([right[0], down[0], ahead[0]]) @ self._camera.rotation
        self._prior = LaunchPrior.of_launch(settings)

    def model(self, launch: Float64) -> Float64:
        """Rows ``(b, 9)`` of launches as the model's parameters ``(b, 11)`` at that instant."""
        out = np.zeros((len(launch), PARAMETERS))
        local = (launch[:, :3] - self._camera.position_m) @ self._camera.rotation.T
        depth = np.maximum(local[:, 2], 0.2)
        out[:, U] = self._view.center_px[0] + self._view.focal_px * local[:, 0] / depth
        out[:, V] = self._view.center_px[1] + self._view.focal_px * local[:, 1] / depth
        out[:, LOG_DEPTH] = np.log(depth)
        out[:, RIGHT : AHEAD + 1] = launch[:, VX : VZ + 1] @ self._to_level.T
        out[:, LOG_VT] = np.log(terminal_of(launch[:, DRAG]))
        wind = np.stack([launch[:, WIND_X], np.zeros(len(launch)), launch[:, WIND_Z]], axis=1) @ self._to_level.T
        out[:, LOG_VT + 1], out[:, LOG_VT + 2] = wind[:, 0], wind[:, 2]
        out[:, ELEVATION], out[:, ROLL] = self._view.elevation_rad[0], self._view.roll_rad[0]
        return out

    def first_sighting(self) -> Float64:
        """The launch that the path's own fit would be, if it began where it was seen first."""
        p = self._fit.parameters
        states = fly(self._view, p[None], np.zeros(1))
        start = np.zeros(9)
        start[:3] = states.positions_m[0, 0] @ self._camera.rotation + self._camera.position_m
        start[VX : VZ + 1] = states.velocities_mps[0, 0] @ self._camera.rotation
        start[DRAG] = drag_of(float(np.exp(np.clip(p[LOG_VT], 0.0, _FASTEST_START))))
        wind = np.array([p[LOG_VT + 1], 0.0, p[LOG_VT + 2]]) @ self._to_level
        start[WIND_X], start[WIND_Z] = wind[0], wind[2]
        return start

    def earlier(self, launch: Float64, step_s: float) -> Float64:
        """The same fall, launched a little earlier; speeds kept to what a launch may have: backwards they explode."""
        states = fly(self._view, self.model(launch[None]), np.array([-step_s]))
        moved = launch.copy()
        moved[:3] = states.positions_m[0, 0] @ self._camera.rotation + self._camera.position_m
        velocity = states.velocities_mps[0, 0] @ self._camera.rotation
        spread = 2.0 * self._prior.sd[VX : VZ + 1]
        moved[VX : VZ + 1] = np.clip(
            velocity, self._prior.mean[VX : VZ + 1] - spread, self._prior.mean[VX : VZ + 1] + spread
        )
        return moved

    def strengths(self, launch: Float64) -> Strengths:
        """What disturbs the path, from how its sightings scatter about the fall through the first of them."""
        residuals = self._uv - image_positions(self._view, self.model(launch[None]), self._times)[0]
        # a sighting that nothing explains must not be taken for wind
        outlier = np.abs(residuals) > np.maximum(4.0 * self._sd, 4.0 * float(np.median(np.abs(residuals))))
        self._sd = np.where(outlier, np.hypot(self._sd, residuals), self._sd)
        subset = np.unique(np.linspace(0, len(residuals) - 1, _MOST_POINTS).astype(np.intp))
        rows = np.stack([2 * subset, 2 * subset + 1], axis=1).reshape(-1)
        batch = image_positions(
            self._view, self.model(np.concatenate([launch[None], launch + np.diag(_STEPS)])), self._times
        )
        spread = widest_response(float(launch[DRAG]))
        response = ((batch[1:] - batch[0]) / _STEPS[:, None, None]).reshape(len(_STEPS), -1).T * spread
        return strengths_of(self._disturbance(launch, 0.0, subset), residuals.reshape(-1)[rows], response[rows])

    def _disturbance(self, launch: Float64, unseen_s: float, subset: NDArray[np.intp] | None = None) -> Disturbance:
        selected = np.arange(len(self._times)) if subset is None else subset
        times = self._times[selected] + unseen_s
        states = fly(self._view, self.model(launch[None]), times)
        local, velocity = states.positions_m[0], states.velocities_mps[0]
        depth = np.maximum(local[:, 2], 0.2)[:, None]
        turn = self._camera.rotation
        per_m = np.stack(
            [self._view.focal_px / depth * (turn[axis] - local[:, axis, None] / depth * turn[2]) for axis in (0, 1)],
            axis=1,
        )
        wind = np.array([launch[WIND_X], 0.0, launch[WIND_Z]]) @ turn.T
        speed = np.linalg.norm(velocity - wind, axis=1)
        terminal = float(np.clip(terminal_of(launch[DRAG]), 1.0, 400.0))
        return disturbance(times, speed, terminal, per_m, self._sd[selected], self._tumble[selected])

    def least_squares(self, unseen_s: float, root: Float64, *, compiled: bool = AVAILABLE) -> Problem:
        """Sightings in units of their common error, then the priors of all but the place along the facade.

        Args:
            unseen_s: how long it was not seen.
            root: ``(2n, 2n)`` lower Cholesky factor of the sightings' covariance.
            compiled: in C, or in NumPy.
        """
        times = self._times + unseen_s
        if compiled:
            observations, arrays = compiled_observations(self._view, times, self._uv)
            arrays += (np.ascontiguousarray(root),)
            fields = {"observations": observations, "root": pointer(arrays[-1]), **self._constants}
            problem, count = ffi.new("LaunchProblem *", fields), 2 * len(times) + len(_STEPS) - 2
            functions = lib.edgecv_launch_residuals, lib.edgecv_launch_minimise
            return CompiledProblem(functions, problem, arrays, len(_STEPS), count)

        def residuals_of(launch: Float64) -> Float64:
            residuals = (image_positions(self._view, self.model(launch), times) - self._uv).reshape(len(launch), -1)
            prior = (launch - self._prior.mean) / self._prior.sd
            prior[:, DRAG] = terminal_residual(launch[:, DRAG], self.settings)
            white = solve_triangular(root, residuals.T, lower=True, check_finite=False).T
            return np.concatenate([white, prior[:, 2:]], axis=1)

        return Problem(residuals_of, _STEPS)

    @cached_property
    def _constants(self) -> dict[str, Any]:
        """Fields of C's ``LaunchProblem`` that are the same for every hypothesis."""
        camera, (usual_mps, sd_slower, sd_faster) = self._camera, self.settings.launch_terminal
        arrays = {
            "mean": self._prior.mean,
            "prior_sd": self._prior.sd,
            "step": _STEPS,
            "rotation": camera.rotation,
            "level": self._to_level,
            "position": camera.position_m,
        }
        return {
            **{name: np.ravel(array).tolist() for name, array in arrays.items()},
            "elevation": self._view.elevation_rad[0],
            "roll": self._view.roll_rad[0],
            "drag_unit_mps": UNIT_MPS,
            "min_bend": LEAST_BEND,
            "max_drag": MOST_DRAG,
            "usual_mps": usual_mps,
            "sd_slower": sd_slower,
            "sd_faster": sd_faster,
        }

    def root(self, launch: Float64, unseen_s: float, strengths: Strengths) -> Float64 | None:
        """Lower Cholesky factor ``(2n, 2n)`` of the sightings' covariance; None where it is none."""
        try:
            return cholesky(self._disturbance(launch, unseen_s).covariance(strengths), lower=True)
        except (np.linalg.LinAlgError, ValueError):
            return None

    def solve(self, start: Float64, unseen_s: float, strengths: Strengths) -> Solution | None:
        """Most probable launch for one hypothesis of how long the object was not seen; None where there is none."""
        root = self.root(start, unseen_s, strengths)
        if root is None:
            return None
        problem = self.least_squares(unseen_s, root)
        launch = minimise(problem, start, tolerance=1e-4, max_evaluations=25).x
        return launch_solution(problem, launch, root)


def launch_solution(problem: Problem, launch: Float64, root: Float64) -> Solution | None:
    """Return Laplace's approximation at the most probable launch; None where it is none.

    Args:
        problem: its residuals, sightings first.
        launch: ``(p,)``.
        root: ``(m, m)`` lower Cholesky factor of the sightings' covariance.
    """
    soft, slopes = problem.slopes(launch, soft=True)
    precision = slopes @ slopes.T
    sign, log_det = np.linalg.slogdet(precision)
    if sign <= 0 or not np.isfinite(launch).all():
        return None
    observations = len(root)
    evidence = -0.5 * float(soft @ soft) - 0.5 * float(log_det) - float(np.log(np.diag(root)).sum())
    chi2 = float(np.square(soft[:observations]).sum()) / max(1, observations - 7)
    return Solution(launch, np.asarray(np.linalg.inv(precision), np.float64), evidence, chi2)


def sighting_errors(path: Path, settings: TrajectorySettings) -> tuple[Float64, Float64]:
    """Return the errors ``(n, 2)`` of sightings from frame to frame, and those that last, pixels."""
    sides = np.array([[p.detection.w_px, p.detection.h_px] for p in path.points])
    sharp_sd = np.hypot(settings.position_sd_px + _SHARP * sides, _hidden_px(sides))
    # errors of sightings are scaled to what the path shows; that of an object cut by the picture's edge is as it is
    return np.hypot(sharp_sd, 3.0 * path.cut_px[:, None]), settings.position_sd_per_size * sides


def _hidden_px(sides_px: Float64) -> Float64:
    """``(n, 2)`` pixels by which a box that is larger or smaller than its neighbours may be off its object's centre.

    What is half behind a rail, or at the picture's edge, is seen by its other half.
    """
    usual = median_filter(sides_px, size=(7, 1), mode="nearest")
    return np.asarray(np.maximum(np.abs(sides_px - usual) - 0.25 * usual, 0.0), np.float64)
