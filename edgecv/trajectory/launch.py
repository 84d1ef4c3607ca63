"""Where and when a fall began: the launch that explains the path, for every time it may have fallen unseen.

Carrying a fitted path backwards in time is unstable: drag makes all falls alike, so backwards small errors explode.
Here the launch itself is fitted, forwards: at each hypothesis of how long the thing fell before it was seen first, the
nine numbers of the launch (position, velocity, terminal velocity, wind) are the most probable ones given the path and
what hands, windows and winds are like. The evidence of each hypothesis weighs it (Laplace, MacKay 2003, chapter 27),
and draws from all of them together are the posterior, however far from a Gaussian it is: of a thing first seen at its
terminal velocity it is a strip of facade from there to the roof.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.optimize import leastsq

from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.fit import FallFit, softened
from edgecv.trajectory.model import AHEAD, ELEVATION, LOG_DEPTH, LOG_VT, PARAMETERS, RIGHT, ROLL, U, V, fly, see
from edgecv.trajectory.path import Path
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
# columns of a launch: metres and m/s in the world (X right along the facade, Y up, Z out of it), log of m/s
X, Y, Z, VX, VY, VZ, LOG_TERMINAL, WIND_X, WIND_Z = range(9)
_STEPS = np.array([0.01, 0.01, 0.01, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3])
_UNSEEN_S = np.concatenate(
    [np.arange(0.0, 0.2, 0.04), np.arange(0.2, 0.6, 0.1), np.arange(0.6, 2.0, 0.2), np.arange(2.0, 6.1, 0.4)]
)
_HOPELESS = 14.0  # log units below the best hypothesis
_DRAWS = 2000
_ABOVE_ROOF_M = 1.5  # over the parapet at most


@dataclass(frozen=True, slots=True, eq=False)
class Launches:
    """Draws from the posterior of a launch, all equally probable.

    Attributes:
        unseen_s: ``(n,)`` how long the thing fell before it was seen first.
        position_m: ``(n, 3)`` where it left the building, world.
        velocity_mps: ``(n, 3)`` at that instant.
        terminal_mps: ``(n,)``.
        wind_mps: ``(n, 2)`` along the facade and away from it.
    """

    unseen_s: Float64
    position_m: Float64
    velocity_mps: Float64
    terminal_mps: Float64
    wind_mps: Float64


def launches_of(fall: Fall, plan: FacadePlan | None, settings: TrajectorySettings | None = None) -> Launches | None:
    """Return the posterior of a fall's launch, or None where nothing explains the path.

    Args:
        fall: fitted in a calibrated view; else None is returned.
        plan: the facade, above whose roof nothing is launched; without one None is returned.
        settings: priors of the launch.
    """
    camera = fall.fit.view.camera
    if camera is None or plan is None:
        return None
    roof_m = float(plan.floor_edges_m[-1]) + _ABOVE_ROOF_M
    problem = _Problem(fall, camera, settings or TrajectorySettings())
    start = problem.first_sighting()
    means: list[Float64] = []
    covariances: list[Float64] = []
    evidence: list[float] = []
    times: list[float] = []
    best = -np.inf
    for n, unseen_s in enumerate(_UNSEEN_S):
        if n:
            start = problem.earlier(means[-1], float(unseen_s - _UNSEEN_S[n - 1]))
        solved = problem.solve(start, float(unseen_s))
        if solved is None:
            break
        mean, covariance, log_evidence = solved
        means.append(mean)
        covariances.append(covariance)
        evidence.append(log_evidence - float(unseen_s) / problem.settings.unseen_s)
        times.append(float(unseen_s))
        best = max(best, evidence[-1])
        above = mean[Y] - 3.0 * float(np.sqrt(covariance[Y, Y])) > roof_m
        if above or (unseen_s > 1.0 and evidence[-1] < best - _HOPELESS):
            break
    if not means:
        return None
    return _draw(np.array(times), np.array(means), np.array(covariances), np.array(evidence), roof_m)


class _Problem:
    """The least-squares problem of one path."""

    def __init__(self, fall: Fall, camera: PinholeCamera, settings: TrajectorySettings) -> None:
        self.settings = settings
        self._fit, self._camera, self._view = fall.fit, camera, fall.fit.view
        path = fall.path
        self._uv = self._view.undistort(path.uv_px)
        self._times = path.t_s - path.t_s[0]
        self._sd = np.hypot(path.sd_px * _noise_scale(fall.fit, path.t_s, self._uv, path.sd_px), _cut_px(path))
        right, down, ahead = self._view.axes(
            *(np.array([v]) for v in (self._view.elevation_rad[0], self._view.roll_rad[0]))
        )
        self._to_level = np.stack([right[0], down[0], ahead[0]]) @ camera.rotation
        s = settings
        self._mean = np.array(
            [
                0.0,
                0.0,
                s.launch_z_m[0],
                0.0,
                s.launch_up_mps[0],
                s.launch_out_mps[0],
                np.log(s.launch_terminal[0]),
                0.0,
                0.0,
            ]
        )
        self._prior_sd = np.array(
            [
                np.inf,
                np.inf,
                s.launch_z_m[1],
                s.launch_side_mps,
                s.launch_up_mps[1],
                s.launch_out_mps[1],
                s.launch_terminal[1],
                s.launch_wind_mps,
                s.launch_wind_mps,
            ]
        )

    def model(self, launch: Float64) -> Float64:
        """Rows ``(b, 9)`` of launches as the model's parameters ``(b, 11)`` at that instant."""
        out = np.zeros((len(launch), PARAMETERS))
        local = (launch[:, :3] - self._camera.position_m) @ self._camera.rotation.T
        depth = np.maximum(local[:, 2], 0.2)
        out[:, U] = self._view.center_px[0] + self._view.focal_px * local[:, 0] / depth
        out[:, V] = self._view.center_px[1] + self._view.focal_px * local[:, 1] / depth
        out[:, LOG_DEPTH] = np.log(depth)
        out[:, RIGHT : AHEAD + 1] = launch[:, VX : VZ + 1] @ self._to_level.T
        out[:, LOG_VT] = launch[:, LOG_TERMINAL]
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
        start[LOG_TERMINAL] = p[LOG_VT]
        wind = np.array([p[LOG_VT + 1], 0.0, p[LOG_VT + 2]]) @ self._to_level
        start[WIND_X], start[WIND_Z] = wind[0], wind[2]
        return start

    def earlier(self, launch: Float64, step_s: float) -> Float64:
        """The same fall, launched a little earlier; speeds kept to what a launch may have: backwards they explode."""
        states = fly(self._view, self.model(launch[None]), np.array([-step_s]))
        moved = launch.copy()
        moved[:3] = states.positions_m[0, 0] @ self._camera.rotation + self._camera.position_m
        velocity = states.velocities_mps[0, 0] @ self._camera.rotation
        spread = 2.0 * self._prior_sd[VX : VZ + 1]
        moved[VX : VZ + 1] = np.clip(velocity, self._mean[VX : VZ + 1] - spread, self._mean[VX : VZ + 1] + spread)
        return moved

    def _residuals(self, launch: Float64, unseen_s: float) -> Float64:
        data = (see(self._view, self.model(launch), self._times + unseen_s) - self._uv) / self._sd
        prior = (launch - self._mean) / self._prior_sd
        return np.concatenate([data.reshape(len(launch), -1), prior[:, 2:]], axis=1)

    def _jacobian(self, launch: Float64, unseen_s: float) -> tuple[Float64, Float64]:
        batch = self._residuals(np.concatenate([launch[None], launch + np.diag(_STEPS)]), unseen_s)
        return batch[0], np.asarray(((batch[1:] - batch[0]) / _STEPS[:, None]).T, np.float64)

    def solve(self, start: Float64, unseen_s: float) -> tuple[Float64, Float64, float] | None:
        """Most probable launch, its covariance and the log evidence up to a constant, for one hypothesis."""

        def residuals(x: Float64) -> Float64:
            return softened(self._residuals(x[None], unseen_s)[0])[0]

        def slopes(x: Float64) -> Float64:
            residual, jacobian = self._jacobian(x, unseen_s)
            return np.asarray(jacobian * softened(residual)[1][:, None], np.float64)

        found = np.asarray(leastsq(residuals, start, Dfun=slopes, ftol=1e-4, xtol=1e-4, maxfev=25, full_output=True)[0])
        residual, jacobian = self._jacobian(found, unseen_s)
        soft, slope = softened(residual)
        precision = jacobian.T @ (jacobian * np.square(slope)[:, None])
        sign, log_det = np.linalg.slogdet(precision)
        if sign <= 0 or not np.isfinite(found).all():
            return None
        covariance = np.asarray(np.linalg.inv(precision), np.float64)
        return found, covariance, -0.5 * float(soft @ soft) - 0.5 * float(log_det)


def _cut_px(path: Path) -> Float64:
    """``(n, 2)`` pixels by which a box that is larger or smaller than its neighbours may be off its thing's centre.

    What is half behind a rail, or at the picture's edge, is seen by its other half.
    """
    sides = np.array([[p.detection.w_px, p.detection.h_px] for p in path.points])
    usual = median_filter(sides, size=(7, 1), mode="nearest")
    return np.asarray(np.maximum(np.abs(sides - usual) - 0.25 * usual, 0.0), np.float64)


def _noise_scale(fit: FallFit, t_s: Float64, uv_px: Float64, sd_px: Float64) -> float:
    """How large the errors of this path's sightings are against what was expected before.

    A tumbling thing errs the same way for several frames; the first autocorrelation tells how many sightings count for
    one (Bartlett, "On the theoretical specification and sampling properties of autocorrelated time-series", 1946).
    """
    residual = (see(fit.view, fit.parameters[None], t_s - fit.start_s)[0] - uv_px) / sd_px
    together = float((residual[1:] * residual[:-1]).sum() / max(float(np.square(residual).sum()), 1e-12))
    alike = min(max(together, 0.0), 0.9)
    return float(np.sqrt(np.clip(fit.chi2_reduced * (1.0 + alike) / (1.0 - alike), 0.2, 4.0)))


def _draw(times_s: Float64, means: Float64, covariances: Float64, evidence: Float64, roof_m: float) -> Launches | None:
    """Equally probable draws from the mixture; between two hypotheses the launch changes linearly."""
    rng = np.random.default_rng(0)
    fine = np.linspace(0.0, times_s[-1], 400) if len(times_s) > 1 else np.zeros(1)
    log_density = np.interp(fine, times_s, evidence)
    density = np.exp(log_density - log_density.max())
    unseen = fine[rng.choice(len(fine), 4 * _DRAWS, p=density / density.sum())]
    after = np.clip(np.searchsorted(times_s, unseen, side="right"), 1, max(len(times_s) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(times_s) - 1)
    width = np.where(after > before, times_s[after] - times_s[before], 1.0)
    share = ((unseen - times_s[before]) / width)[:, None]
    nearest = np.where(share[:, 0] < 0.5, before, after)
    roots = np.stack([_root(covariance) for covariance in covariances])
    noise = np.einsum("nij,nj->ni", roots[nearest], rng.standard_normal((len(unseen), means.shape[1])))
    launch = (1.0 - share) * means[before] + share * means[after] + noise
    kept = np.flatnonzero((launch[:, Y] > 0.0) & (launch[:, Y] < roof_m))[:_DRAWS]
    if len(kept) < _DRAWS // 20:
        return None
    launch = launch[kept]
    return Launches(
        unseen[kept], launch[:, :3], launch[:, VX : VZ + 1], np.exp(launch[:, LOG_TERMINAL]), launch[:, WIND_X:]
    )


def _root(covariance: Float64) -> Float64:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)), np.float64)
