"""The evidence of a fitted fall where the errors of its path are measured, and its sizes count.

The fit is refined under each strength of the errors, for with small errors its optimum lies elsewhere in the long
valleys of depth, drag and tilt; the evidence is Laplace's again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.fit import FallFit, problem_of
from edgecv.trajectory.growth import sizes_of
from edgecv.trajectory.model import PARAMETERS, fly, prior_for
from edgecv.trajectory.path import Path
from edgecv.trajectory.path_errors import PathErrors, Strengths, Whitening, climbed, strays, strongest, thinned
from edgecv.trajectory.settings import TrajectorySettings
from edgecv.trajectory.steady_in_space import steady_in_space_log_evidence

Float64 = NDArray[np.float64]

_ROUNDS = 6
"""Gauss-Newton steps: the fit is near its optimum already."""
_DAMPING = (0.0, 1e-2, 1.0)
"""Marquardt's, tried in turn until a step helps."""
_SETTLED = 0.05
"""Log units: a hundredth of what decides."""
_STEP = 1e-3
"""Of the differences by which distances change with the parameters, prior deviations."""


def steady_in_space_log_ratio(path: Path, fit: FallFit, settings: TrajectorySettings, picture_px: float) -> float:
    """How much better a fall explains the positions and sizes of a path than a steady motion in space.

    Args:
        path: the sightings.
        fit: the fall fitted to them.
        settings: priors.
        picture_px: longer side of the picture.
    """
    path = thinned(path)
    velocity = np.gradient(fit.pixels_at(path.t_s), path.t_s, axis=0)
    fall = fall_log_evidence(path, fit, velocity, settings, picture_px)
    # without the lens's distortion, which bends a straight way
    straightened = replace(path, uv_px=fit.view.undistort(path.uv_px))
    return fall - steady_in_space_log_evidence(straightened, velocity, picture_px)


def fall_log_evidence(
    path: Path, fit: FallFit, velocity_px_s: Float64, settings: TrajectorySettings, picture_px: float
) -> float:
    """Log marginal likelihood of the positions and sizes of a path under a fall.

    Args:
        path: the sightings.
        fit: the fall fitted to them.
        velocity_px_s: ``(n, 2)`` velocity in the picture.
        settings: priors.
        picture_px: longer side of the picture.
    """
    return strongest(_Refined(path, fit, velocity_px_s, settings, picture_px).climb)


@dataclass(frozen=True, slots=True, eq=False)
class _Optimum:
    """Most probable unknowns.

    Attributes:
        log_evidence: of the positions.
        unknowns: ``(p,)``.
        root: ``(p, p)`` square root of their covariance.
        residual: ``(n, 2)`` pixels.
        slopes: ``(p, n, 2)`` derivatives of the pixels.
    """

    log_evidence: float
    unknowns: Float64
    root: Float64
    residual: Float64
    slopes: Float64


class _Refined:
    def __init__(
        self, path: Path, fit: FallFit, velocity_px_s: Float64, settings: TrajectorySettings, picture_px: float
    ) -> None:
        view = fit.view
        self._view = view
        self._times = path.t_s - path.t_s[0]
        uv = view.undistort(path.uv_px)
        self._prior = prior_for(view, uv[0], picture_px, settings, view.depth_prior_m(path.uv_px[0], settings))
        self._problem = problem_of(view, self._prior, uv, self._times, np.ones_like(path.sd_px))
        self._errors = PathErrors(path, velocity_px_s)
        self._sizes = sizes_of(path, velocity_px_s)
        self._start = fit.parameters_at(float(path.t_s[0]))[self._prior.free]
        self._inflation, self._log_p_strays = np.zeros(len(uv)), 0.0
        self._optima: dict[Strengths, _Optimum] = {}

    def climb(self, start: Strengths) -> float:
        """Log evidence with the strengths of the errors, and the strays, that are best near a start."""
        strengths = start
        for _ in range(2):
            self.free_strays(strengths)
            strengths = climbed(lambda strengths: self.optimum(strengths).log_evidence, strengths)
        optimum = self.optimum(strengths)
        return optimum.log_evidence + self.size_log_evidence(optimum)

    def free_strays(self, strengths: Strengths) -> None:
        """Leave out the sightings that the most probable fall does not explain."""
        self._inflation, self._log_p_strays = np.zeros(len(self._times)), 0.0
        self._optima.clear()
        optimum = self.optimum(strengths)
        sd = self._prior.sd[self._prior.free, None]
        response = (optimum.slopes * sd[:, :, None]).transpose(2, 1, 0)
        self._inflation, self._log_p_strays = strays(
            partial(self._errors.whitening, strengths), response, optimum.residual
        )
        self._optima.clear()

    def optimum(self, strengths: Strengths) -> _Optimum:
        """The most probable fall where the errors are so strong."""
        if strengths not in self._optima:
            self._optima[strengths] = self._optimise(strengths)
        return self._optima[strengths]

    def _optimise(self, strengths: Strengths) -> _Optimum:
        n = len(self._times)
        whitening = self._errors.whitening(strengths, self._inflation)
        x = self._start
        rows, seen = self._whitened(x, whitening)
        lowest = 0.5 * float(rows[0] @ rows[0])
        for _ in range(_ROUNDS):
            precision, gradient = rows[1:] @ rows[1:].T, rows[1:] @ rows[0]
            for damping in _DAMPING:
                step = np.linalg.solve(precision + damping * np.diag(np.diag(precision)), gradient)
                tried, tried_seen = self._whitened(x - step, whitening)
                cost = 0.5 * float(tried[0] @ tried[0])
                if cost < lowest:
                    break
            else:
                break
            settled = lowest - cost < _SETTLED
            x, rows, seen, lowest = x - step, tried, tried_seen, cost
            if settled:
                break
        precision = rows[1:] @ rows[1:].T
        half_log_det = 0.5 * float(np.linalg.slogdet(precision)[1])
        half_log_det += float(np.log(self._prior.sd[self._prior.free]).sum()) - whitening.half_log_det
        evidence = self._log_p_strays - lowest - n * float(np.log(2.0 * np.pi)) - half_log_det
        root = np.linalg.cholesky(np.linalg.inv(precision))
        return _Optimum(evidence, x, root, seen[0], seen[1:])

    def _whitened(self, x: Float64, whitening: Whitening) -> tuple[Float64, Float64]:
        """Residuals and, below, their derivatives, in standard deviations ``(1 + p, 2n + p)`` and as they are."""
        n = len(self._times)
        residuals, slopes = self._problem.slopes(x)
        rows = np.concatenate([residuals[None], slopes])
        seen = rows[:, : 2 * n].reshape(-1, n, 2).copy()
        for axis in range(2):
            rows[:, axis : 2 * n : 2] = seen[:, :, axis] @ whitening.matrices[axis].T
        return rows, seen

    def size_log_evidence(self, optimum: _Optimum) -> float:
        """Of the sizes, given the positions: the size goes as one over the distance."""
        free = self._prior.free
        steps = _STEP * optimum.root.T
        batch = np.broadcast_to(self._prior.mean, (1 + len(free), PARAMETERS)).copy()
        batch[:, free] = np.concatenate([optimum.unknowns[None], optimum.unknowns + steps])
        depth = np.maximum(fly(self._view, batch, self._times).positions_m[:, :, 2], 0.2)
        growth = np.log(depth[:, :1] / depth)
        spread = (growth[1:] - growth[0]) / _STEP
        return self._sizes.log_evidence(growth[0], spread.T)
