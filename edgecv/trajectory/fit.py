"""The fit of a fall with drag and wind to an image path: nonlinear least squares with priors, and its evidence.

Maximum a posteriori by Levenberg-Marquardt (MINPACK through scipy) with a soft-L1 loss; posterior and evidence by
Laplace's approximation (MacKay 2003, chapter 27). Derivatives are forward differences, all in one batched integration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import leastsq

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
    prior_for,
    see,
)
from edgecv.trajectory.path import Path
from edgecv.trajectory.settings import TrajectorySettings
from edgecv.trajectory.view import View

Float64 = NDArray[np.float64]
_STEPS = np.array([0.05, 0.05, 1e-4, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-4, 1e-4])

_SOFT = 3.0  # standard deviations beyond which a residual counts linearly, not squared


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
        seen = np.empty((len(t_s), 2))
        seen[order] = see(self.view, self.parameters[None], np.asarray(t_s)[order] - self.start_s)[0]
        return self.view.distort(seen)

    def pixel_sd_at(self, t_s: Float64) -> Float64:
        """Standard deviations ``(n, 2)`` of the fit at sorted media times ``(n,)``, pixels, to first order."""
        times = np.asarray(t_s) - self.start_s
        free = np.flatnonzero(np.diag(self.covariance) > 0)
        batch = np.concatenate([self.parameters[None], self.parameters + np.eye(PARAMETERS)[free] * _STEPS[free, None]])
        seen = see(self.view, batch, times)
        derivative = (seen[1:] - seen[0]) / _STEPS[free, None, None]
        variance = np.einsum("pnc,pq,qnc->nc", derivative, self.covariance[np.ix_(free, free)], derivative)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)), np.float64)

    def gravity_px_s2(self) -> float:
        """Apparent gravity in the middle of the path."""
        return float(apparent_gravity(self.view, self.parameters[None], (self.end_s - self.start_s) / 2.0)[0])

    def down_speed_at(self, t_s: float) -> tuple[float, float]:
        """Downward speed at a media time and its standard deviation, m/s, from 64 draws."""
        draws = np.concatenate([self.parameters[None], self.samples(64)])
        velocity = fly(self.view, draws, np.array([t_s - self.start_s])).velocities_mps[:, 0]
        _, down, _ = self.view.axes(draws[:, ELEVATION], draws[:, ROLL])
        speed = (velocity * down).sum(axis=1)
        return float(speed[0]), float(np.std(speed[1:]))

    def down_speed_lost(self) -> Float64:
        """``(65,)`` m/s of downward speed lost from the first to the last sighting: the fit's, and 64 draws."""
        draws = np.concatenate([self.parameters[None], self.samples(64)])
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

    def samples(self, count: int) -> Float64:
        """Draws ``(count, 11)`` from the Laplace posterior; the same draws every time."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        draws = np.random.default_rng(0).standard_normal((count, PARAMETERS))
        return np.asarray(self.parameters + draws @ root.T, np.float64)


def fit_fall(
    path: Path, view: View, settings: TrajectorySettings, picture_px: float, near: FallFit | None = None
) -> FallFit:
    """Fit a fall to a path.

    Args:
        path: sightings; the first one is the parameters' instant.
        view: the camera.
        settings: priors.
        picture_px: longer side of the picture.
        near: a fit of almost the same path to start from; two guesses of our own when left out.
    """
    uv = view.undistort(path.uv_px)
    times = path.t_s - path.t_s[0]
    prior = prior_for(view, uv[0], picture_px, settings, view.depth_prior_m(path.uv_px[0], settings))
    free = prior.free

    def full(x: Float64) -> Float64:
        parameters = np.broadcast_to(prior.mean, (*x.shape[:-1], PARAMETERS)).copy()
        parameters[..., free] = x
        return parameters

    def residuals_of(batch: Float64) -> Float64:
        data = ((see(view, full(batch), times) - uv) / path.sd_px).reshape(len(batch), -1)
        return np.concatenate([data, (batch - prior.mean[free]) / prior.sd[free]], axis=1)

    def residuals(x: Float64) -> Float64:
        return np.asarray(residuals_of(x[None])[0], np.float64)

    def jacobian(x: Float64) -> Float64:
        steps = _STEPS[free]
        batch = residuals_of(np.concatenate([x[None], x + np.diag(steps)]))
        return np.asarray(((batch[1:] - batch[0]) / steps[:, None]).T, np.float64)

    def soft_residuals(x: Float64) -> Float64:
        return softened(residuals(x))[0]

    def slopes(x: Float64) -> Float64:
        return np.asarray(jacobian(x) * softened(residuals(x))[1][:, None], np.float64)

    best, lowest = prior.mean[free], np.inf
    for start in [near.parameters_at(float(path.t_s[0]))] if near is not None else _starts(prior, uv, times, view):
        result = leastsq(
            soft_residuals,
            start[free],
            Dfun=slopes,
            full_output=True,
            ftol=1e-5,  # a hundredth of what would change any verdict
            xtol=1e-5,
            maxfev=settings.max_evaluations,
            diag=1.0 / np.minimum(prior.sd[free], 30.0),
        )
        found = np.asarray(result[0], np.float64)
        cost = 0.5 * float(np.square(softened(residuals(found))[0]).sum())
        if cost < lowest:
            best, lowest = found, cost
    return _summarise(path, view, prior, full(best), residuals(best), jacobian(best), lowest)


def softened(residual: Float64) -> tuple[Float64, Float64]:
    """Residuals whose squares are the soft-L1 loss (Triggs et al. 2000), and their derivative; scale 3 deviations."""
    z = np.square(residual / _SOFT)
    root = np.sqrt(1.0 + z)
    # sign(r) * s * sqrt(2 (sqrt(1 + z) - 1)), in a form that is exact near zero
    shrink = np.sqrt(2.0 / (root + 1.0))
    return residual * shrink, 1.0 / (root * shrink)


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
    # the residuals tell how well this thing is really seen; a tumbling one errs the same way for several frames, so
    # they are not believed below a fifth of the expected variance
    seen = jac[: 2 * n]
    free_covariance = np.linalg.inv(precision + seen.T @ seen * (1.0 / np.clip(chi2, 0.2, 1.0) - 1.0))
    covariance = np.zeros((PARAMETERS, PARAMETERS))
    covariance[np.ix_(free, free)] = free_covariance
    log_det = float(np.linalg.slogdet(evidence_covariance)[1]) - 2.0 * float(np.log(prior.sd[free]).sum())
    evidence = -cost - float(np.log(2.0 * np.pi * path.sd_px.prod(axis=1)).sum()) + 0.5 * log_det
    return FallFit(view, parameters, covariance, float(path.t_s[0]), float(path.t_s[-1]), chi2, evidence, n)


def _starts(prior: Prior, uv: Float64, times: Float64, view: View) -> list[Float64]:
    """First guesses: depth from the apparent acceleration, velocity from the first sightings; light and heavy."""
    coefficients = np.polyfit(times, uv, 2)
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
