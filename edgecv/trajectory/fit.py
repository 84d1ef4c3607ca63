"""The fit of a fall with drag and wind to an image path: nonlinear least squares with priors, and its evidence.

Maximum a posteriori; posterior and evidence by Laplace's approximation (MacKay 2003, chapter 27).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.trajectory.least_squares import CompiledProblem, Problem, compiled_observations, minimise
from edgecv.trajectory.model import (
    AHEAD,
    DOWN,
    ELEVATION,
    LOG_DEPTH,
    LOG_VT,
    PARAMETERS,
    RIGHT,
    ROLL,
    Prior,
    U,
    V,
    apparent_gravity,
    fly,
    image_positions,
    prior_for,
)
from edgecv.trajectory.path import Path
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
_STEPS = np.array([0.05, 0.05, 1e-4, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4])


@dataclass(frozen=True, slots=True)
class FallFit:
    """A fall that explains a path.

    Attributes:
        view: the camera it was fitted in.
        parameters: ``(11,) float64`` most probable parameters, see :mod:`edgecv.trajectory.model`.
        covariance: ``(11, 11) float64`` of the posterior; zero rows for what is known.
        start_s: media time the parameters refer to (first sighting).
        end_s: media time of the last sighting.
        chi2_reduced: mean squared residual in units of the expected error, per degree of freedom.
        log_evidence: log of the marginal likelihood of the path under this model.
        points: number of sightings.
    """

    model: ClassVar[Literal["fall", "sinking"]] = "fall"
    """The motion that was fitted."""

    view: View
    parameters: Float64
    covariance: Float64
    start_s: float
    end_s: float
    chi2_reduced: float
    log_evidence: float
    points: int

    def pixels_at(self, t_s: Float64) -> Float64:
        """Fitted positions ``(n, 2)`` at media times ``(n,)``, pixels of the reference picture."""
        order = np.argsort(t_s, kind="stable")
        observed = np.empty((len(t_s), 2))
        observed[order] = image_positions(self.view, self.parameters[None], np.asarray(t_s)[order] - self.start_s)[0]
        return self.view.distort(observed)

    def pixel_sd_at(self, t_s: Float64) -> Float64:
        """Standard deviations ``(n, 2)`` of the fit at sorted media times ``(n,)``, pixels, to first order."""
        times = np.asarray(t_s) - self.start_s
        free = np.flatnonzero(np.diag(self.covariance) > 0)
        batch = np.concatenate([self.parameters[None], self.parameters + np.eye(PARAMETERS)[free] * _STEPS[free, None]])
        observed = image_positions(self.view, batch, times)
        derivative = (observed[1:] - observed[0]) / _STEPS[free, None, None]
        variance = np.einsum("pnc,pq,qnc->nc", derivative, self.covariance[np.ix_(free, free)], derivative)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)), np.float64)

    def gravity_px_s2(self) -> float:
        """Apparent gravity in the middle of the path."""
        return float(apparent_gravity(self.view, self.parameters[None], (self.end_s - self.start_s) / 2.0)[0])

    def down_speed_at(self, t_s: float) -> tuple[float, float]:
        """Downward speed at a media time and its standard deviation, m/s, from 64 draws."""
        draws = self.draws()
        velocity = fly(self.view, draws, np.array([t_s - self.start_s])).velocities_mps[:, 0]
        _, down, _ = self.view.axes(draws[:, ELEVATION], draws[:, ROLL])
        speed = (velocity * down).sum(axis=1)
        return float(speed[0]), float(np.std(speed[1:]))

    def down_speed_lost(self) -> Float64:
        """``(65,)`` m/s of downward speed lost from the first to the last sighting: the fit's, and 64 draws."""
        draws = self.draws()
        velocity = fly(self.view, draws, np.array([0.0, self.end_s - self.start_s])).velocities_mps
        _, down, _ = self.view.axes(draws[:, ELEVATION], draws[:, ROLL])
        return np.asarray(((velocity[:, 0] - velocity[:, 1]) * down).sum(axis=1), np.float64)

    def parameters_at(self, t_s: float) -> Float64:
        """The same fall described from another instant: ``(11,)`` parameters whose first sighting is at ``t_s``."""
        states = fly(self.view, self.parameters[None], np.array([t_s - self.start_s]))
        position, velocity = states.positions_m[0], states.velocities_mps[0, 0]
        right, down, ahead = self.view.axes(self.parameters[None, ELEVATION], self.parameters[None, ROLL])
        moved = self.parameters.copy()
        moved[[U, V]] = self.view.project(position)[0]
        moved[LOG_DEPTH] = np.log(max(float(position[0, 2]), 0.2))
        moved[[RIGHT, DOWN, AHEAD]] = velocity @ right[0], velocity @ down[0], velocity @ ahead[0]
        return moved

    def draws(self) -> Float64:
        """``(65, 11)`` parameters: the fit's own, and 64 draws."""
        return np.concatenate([self.parameters[None], self.samples(64)])

    def samples(self, count: int) -> Float64:
        """Draws ``(count, 11)`` from the Laplace posterior; the same draws every time."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        draws = np.random.default_rng(0).standard_normal((count, PARAMETERS))
        return np.asarray(self.parameters + draws @ root.T, np.float64)


def fit_fall(
    path: Path, view: View, settings: TrajectorySettings, picture_px: float, initial: FallFit | None = None
) -> FallFit:
    """Fit a fall to a path.

    Args:
        path: sightings; the first one is the parameters' instant.
        view: the camera.
        settings: priors.
        picture_px: longer side of the picture.
        initial: a fit of almost the same path to start from; two guesses of our own when left out.
    """
    uv = view.undistort(path.uv_px)
    times = path.t_s - path.t_s[0]
    prior = prior_for(view, uv[0], picture_px, settings, view.depth_prior_m(path.uv_px[0], settings))
    free = prior.free

    problem = problem_of(view, prior, uv, times, path.sd_px)

    best, lowest = prior.mean[free], np.inf
    for start in (
        [initial.parameters_at(float(path.t_s[0]))] if initial is not None else _starts(prior, uv, times, view)
    ):
        minimum = minimise(
            problem,
            start[free],
            tolerance=1e-5,  # a hundredth of what would change any verdict
            max_evaluations=settings.max_evaluations,
            scale=1.0 / np.minimum(prior.sd[free], 30.0),
        )
        if minimum.loss < lowest:
            best, lowest = minimum
    parameters = prior.mean.copy()
    parameters[free] = best
    residuals, slopes = problem.slopes(best)
    return _summarise(path, view, prior, parameters, residuals, slopes.T, lowest)


def problem_of(
    view: View, prior: Prior, uv: Float64, times: Float64, sd_px: Float64, *, compiled: bool = AVAILABLE
) -> Problem:
    """The least squares of a fall: sightings first, u and v in turn, then the priors of what is free.

    Args:
        view: the camera.
        prior: of the parameters.
        uv: ``(n, 2)`` sightings, pixels, lens distortion removed.
        times: ``(n,)`` rising, seconds since the first.
        sd_px: ``(n, 2)`` expected errors.
        compiled: in C, or in NumPy.
    """
    free = prior.free
    if compiled:
        observations, arrays = compiled_observations(view, times, uv)
        more = tuple(map(np.ascontiguousarray, (sd_px, prior.mean, prior.sd, _STEPS[free], free.astype(np.int64))))
        pointers = dict(zip(("sd", "mean", "prior_sd", "step", "free"), map(pointer, more), strict=True))
        problem = ffi.new("FallProblem *", {"observations": observations, **pointers, "p": len(free)})
        count = 2 * len(times) + len(free)
        functions = lib.edgecv_fall_residuals, lib.edgecv_fall_minimise
        return CompiledProblem(functions, problem, arrays + more, len(free), count)

    def residuals_of(batch: Float64) -> Float64:
        parameters = np.broadcast_to(prior.mean, (len(batch), PARAMETERS)).copy()
        parameters[:, free] = batch
        data = ((image_positions(view, parameters, times) - uv) / sd_px).reshape(len(batch), -1)
        return np.concatenate([data, (batch - prior.mean[free]) / prior.sd[free]], axis=1)

    return Problem(residuals_of, _STEPS[free])


def _summarise(
    path: Path, view: View, prior: Prior, parameters: Float64, residual: Float64, jac: Float64, cost: float
) -> FallFit:
    free = prior.free
    n = len(path.points)
    squared = np.square(residual[: 2 * n])
    # the scale freedom (depth, speed, drag...) of a path is about seven numbers, whatever the priors add
    chi2 = float(squared.sum()) / max(1, 2 * n - 7)
    precision = jac.T @ jac
    evidence_covariance = np.linalg.inv(precision)
    # the residuals tell how well this object is really seen; a tumbling one errs the same way for several frames, so
    # they are not believed below a fifth of the expected variance
    observed = jac[: 2 * n]
    free_covariance = np.linalg.inv(precision + observed.T @ observed * (1.0 / np.clip(chi2, 0.2, 1.0) - 1.0))
    covariance = np.zeros((PARAMETERS, PARAMETERS))
    covariance[np.ix_(free, free)] = free_covariance
    log_det = float(np.linalg.slogdet(evidence_covariance)[1]) - 2.0 * float(np.log(prior.sd[free]).sum())
    evidence = -cost - float(np.log(2.0 * np.pi * path.sd_px.prod(axis=1)).sum()) + 0.5 * log_det
    return FallFit(view, parameters, covariance, float(path.t_s[0]), float(path.t_s[-1]), chi2, evidence, n)


def _starts(prior: Prior, uv: Float64, times: Float64, view: View) -> list[Float64]:
    """First guesses: depth from the apparent acceleration, velocity from the first sightings; light and heavy."""
    coefficients = _parabola(times, uv)
    apparent = max(float(2.0 * coefficients[0, 1]), 1.0)
    starts = []
    for terminal, gain in ((8.0, 1.6), (35.0, 1.0)):
        start = prior.mean.copy()
        depth = float(np.clip(9.8 * view.focal_px / (apparent * gain), 0.5, 300.0))
        if prior.sd[LOG_DEPTH] < 0.5:
            depth = float(np.exp(prior.mean[LOG_DEPTH]))
        start[LOG_DEPTH] = np.log(depth)
        start[LOG_VT] = np.log(terminal)
        velocity = coefficients[1] * depth / view.focal_px
        start[3:5] = np.clip(velocity, -20.0, 20.0)
        starts.append(start)
    return starts


def _parabola(times: Float64, uv: Float64) -> Float64:
    """``(3, 2)`` coefficients of the parabolas of u and v over time, of the square first."""
    scale_s = max(float(np.abs(times).max()), 1e-9)
    basis = np.vander(times / scale_s, 3)
    precision = basis.T @ basis + 1e-12 * np.eye(3)
    return np.asarray(np.linalg.solve(precision, basis.T @ uv) / np.array([[scale_s**2], [scale_s], [1.0]]), np.float64)
