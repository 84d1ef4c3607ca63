"""Where and when a fall began: the launch that explains the path, for every time it may have fallen unseen.

Carrying a fitted path backwards in time is unstable: drag makes all falls alike, so backwards small errors explode.
Here the launch itself is fitted, forwards: at each hypothesis of how long the object fell before it was seen first, the
nine numbers of the launch (position, velocity, terminal velocity, wind) are the most probable ones given the path and
what hands, windows and winds are like. The evidence of each hypothesis weighs it (Laplace, MacKay 2003, chapter 27),
and draws from all of them together are the posterior, however far from a Gaussian it is: of an object first seen at its
terminal velocity it is a strip of facade from there to the roof.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.trajectory.correlated_disturbance import Strengths
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.launch_prior import log_hand_prior, log_place_prior, log_unseen_prior
from edgecv.trajectory.launch_problem import LaunchProblem, Solution
from edgecv.trajectory.launch_unknowns import (
    DRAG,
    VX,
    VZ,
    WIND_X,
    WIND_Z,
    Y,
    Z,
    log_terminal_slope,
    terminal_of,
    terminal_residual,
)
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
_UNSEEN_S = np.concatenate(
    [np.arange(0.0, 0.2, 0.04), np.arange(0.2, 0.6, 0.1), np.arange(0.6, 2.0, 0.2), np.arange(2.0, 6.1, 0.4)]
)
_NEGLIGIBLE_LOG = 14.0  # log units below the best hypothesis
_DRAWS = 2000
"""Draws of the posterior: probabilities of windows are reported in steps of 0.001 or so."""
_PROPOSALS = 16000
"""Proposals for each draw's resampling: eight for each, so that few draws are repeated."""


@dataclass(frozen=True, slots=True, eq=False)
class Launches:
    """Draws from the posterior of a launch, all equally probable.

    Attributes:
        unseen_s: ``(n,)`` how long the object fell before it was seen first.
        position_m: ``(n, 3)`` where it left the building, world.
        velocity_mps: ``(n, 3)`` at that instant.
        terminal_mps: ``(n,)``.
        wind_mps: ``(n, 2)`` along the facade and away from it.
        strengths: of what disturbed the path.
        chi2_reduced: mean squared residual of the most probable hypothesis, per degree of freedom, in units of what
            noise and wind explain.
        log_evidence: of a launch from this facade, up to a constant that all facades share.
        clocks_s: ``(n, c)`` how far the clocks of further cameras are behind the first one's; none of one camera.
    """

    unseen_s: Float64
    position_m: Float64
    velocity_mps: Float64
    terminal_mps: Float64
    wind_mps: Float64
    strengths: Strengths
    chi2_reduced: float
    log_evidence: float
    clocks_s: Float64 = field(default_factory=lambda: np.empty((0, 0)))


def launches_of(
    fall: Fall,
    plan: FacadePlan | None,
    settings: TrajectorySettings | None = None,
    camera: PinholeCamera | None = None,
) -> Launches | None:
    """Return the posterior of a fall's launch, or None where nothing explains the path.

    Args:
        fall: fitted in a calibrated view; else None is returned.
        plan: the facade, above whose roof nothing is launched; without one None is returned.
        settings: priors of the launch.
        camera: the fall's camera in the facade's coordinates, where those are not its own.
    """
    camera = camera or fall.fit.view.camera
    if camera is None or plan is None:
        return None
    return posterior_of(LaunchProblem(fall, camera, settings or TrajectorySettings()), plan)


class LaunchHypotheses(Protocol):
    """What a posterior is made from: the most probable launch for each time that the object may have fallen unseen.

    A launch is a row of nine numbers, see :mod:`~edgecv.trajectory.launch_unknowns`, and may have more behind them.
    """

    settings: TrajectorySettings

    def first_sighting(self) -> Float64:
        """The launch at the first sighting itself."""

    def strengths(self, launch: Float64) -> Strengths:
        """What disturbs the path."""

    def earlier(self, launch: Float64, step_s: float) -> Float64:
        """The same fall, launched a little earlier."""

    def solve(self, start: Float64, unseen_s: float, strengths: Strengths) -> Solution | None:
        """The most probable launch for one such time; None where there is none."""


def posterior_of(problem: LaunchHypotheses, plan: FacadePlan) -> Launches | None:
    """Return the posterior of a launch over all times that the object may have fallen unseen.

    Args:
        problem: of one path, or of those of one fall by several cameras.
        plan: the facade.
    """
    roof_m = float(plan.floor_edges_m[-1]) + plan.parapet_m
    start = problem.first_sighting()
    strengths = problem.strengths(start)
    solutions: list[Solution] = []
    highest = -np.inf
    for n, unseen_s in enumerate(_UNSEEN_S):
        if n:
            start = problem.earlier(solutions[-1].mean, float(unseen_s - _UNSEEN_S[n - 1]))
        solution = problem.solve(start, float(unseen_s), strengths)
        if solution is None:
            break
        solutions.append(solution)
        highest = max(highest, solution.log_evidence)
        above = solution.mean[Y] - 3.0 * float(np.sqrt(solution.covariance[Y, Y])) > roof_m
        if above or (unseen_s > 1.0 and solution.log_evidence < highest - _NEGLIGIBLE_LOG):
            break
    return _draw(solutions, problem.settings, plan, strengths) if solutions else None


def _draw(
    solutions: list[Solution], settings: TrajectorySettings, plan: FacadePlan, strengths: Strengths
) -> Launches | None:
    """Equally probable draws from the mixture of the hypotheses; between two of them the launch changes linearly.

    Importance resampling (Rubin 1988) turns the Gaussians that the launch's place and velocity were solved with into
    what is likely on this building and for hands.
    """
    times_s = _UNSEEN_S[: len(solutions)]
    means = np.stack([solution.mean for solution in solutions])
    evidence = np.array([solution.log_evidence for solution in solutions])
    rng = np.random.default_rng(0)
    fine = np.linspace(0.0, times_s[-1], max(2, round(times_s[-1] / 0.01)))
    log_density = np.interp(fine, times_s, evidence) + log_unseen_prior(fine, settings.unseen_s)
    density = np.exp(log_density - log_density.max())
    unseen = fine[rng.choice(len(fine), _PROPOSALS, p=density / density.sum())]
    upper = np.clip(np.searchsorted(times_s, unseen, side="right"), 1, max(len(times_s) - 1, 1))
    lower = upper - 1
    upper = np.minimum(upper, len(times_s) - 1)
    width = np.where(upper > lower, times_s[upper] - times_s[lower], 1.0)
    share = ((unseen - times_s[lower]) / width)[:, None]
    nearest = np.where(share[:, 0] < 0.5, lower, upper)
    roots = np.stack([_root(solution.covariance) for solution in solutions])
    noise = np.einsum("nij,nj->ni", roots[nearest], rng.standard_normal((_PROPOSALS, means.shape[1])))
    launch = (1.0 - share) * means[lower] + share * means[upper] + noise
    log_weight = log_place_prior(launch[:, :3], plan) + log_hand_prior(launch[:, VX : VZ + 1])
    log_weight -= _log_assumed(launch, settings)
    log_weight += _log_drag_weight(launch[:, DRAG], means[nearest, DRAG], noise[:, DRAG], settings)
    if not np.isfinite(log_weight).any():
        return None
    weight = np.exp(log_weight - log_weight.max())
    resampled = rng.choice(_PROPOSALS, _DRAWS, p=weight / weight.sum())
    launch = launch[resampled]
    return Launches(
        unseen[resampled],
        launch[:, :3],
        launch[:, VX : VZ + 1],
        terminal_of(launch[:, DRAG]),
        launch[:, WIND_X : WIND_Z + 1],
        strengths,
        solutions[int(np.argmax(evidence))].chi2_reduced,
        float(
            log_density.max() + np.log(density.mean() * times_s[-1] + 1e-12) + log_weight.max() + np.log(weight.mean())
        ),
        launch[:, WIND_Z + 1 :],
    )


def _log_assumed(launch: Float64, settings: TrajectorySettings) -> Float64:
    """Log density of the Gaussians that place and velocity were solved with."""
    s = settings
    assumed = ((Z, s.launch_z_m), (VX, (0.0, s.launch_side_mps)), (VX + 1, s.launch_up_mps), (VZ, s.launch_out_mps))
    return np.asarray(
        sum(-0.5 * np.square((launch[:, column] - mean) / spread) for column, (mean, spread) in assumed), np.float64
    )


def _log_drag_weight(drag: Float64, solved: Float64, offset: Float64, settings: TrajectorySettings) -> Float64:
    """Log of what is likely of a drag, by its terminal velocity, over the parabola it was solved with."""
    step = 1e-3
    at = terminal_residual(solved, settings)
    slope = (terminal_residual(solved + step, settings) - at) / step
    likely = -0.5 * np.square(terminal_residual(drag, settings)) + np.log(-log_terminal_slope(drag))
    return np.asarray(likely + 0.5 * np.square(at + slope * offset), np.float64)


def _root(covariance: Float64) -> Float64:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)), np.float64)
