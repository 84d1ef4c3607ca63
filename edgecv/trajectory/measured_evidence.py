"""The evidence of a fitted fall where the errors of its path are measured, and its sizes count.

The fit is refined under each strength of the errors, for with small errors its optimum lies elsewhere in the long
valleys of depth, drag and tilt; the evidence is Laplace's again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.trajectory.fit import FallFit, problem_of
from edgecv.trajectory.growth import Sizes, sizes_of
from edgecv.trajectory.least_squares import CompiledProblem, Problem
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
_LEAST_PRECISION = 1e-14
"""Of the largest: eigenvalues below it are rounding."""
_STEP = 1e-3
"""Of the differences by which distances change with the parameters, prior deviations."""


def steady_in_space_log_ratio(
    path: Path, fit: FallFit, settings: TrajectorySettings, picture_px: float, *, compiled: bool = AVAILABLE
) -> float:
    """How much better a fall explains the positions and sizes of a path than a steady motion in space.

    Args:
        path: the sightings.
        fit: the fall fitted to them.
        settings: priors.
        picture_px: longer side of the picture.
        compiled: in C, or in NumPy.
    """
    path = thinned(path)
    velocity = np.gradient(fit.pixels_at(path.t_s), path.t_s, axis=0)
    errors, sizes = PathErrors(path, velocity), sizes_of(path, velocity)
    fall = fall_log_evidence(path, fit, errors, sizes, settings, picture_px, compiled=compiled)
    # without the lens's distortion, which bends a straight way
    straightened = replace(path, uv_px=fit.view.undistort(path.uv_px))
    return fall - steady_in_space_log_evidence(straightened, errors, sizes, picture_px, compiled=compiled)


def fall_log_evidence(
    path: Path,
    fit: FallFit,
    errors: PathErrors,
    sizes: Sizes,
    settings: TrajectorySettings,
    picture_px: float,
    *,
    compiled: bool = AVAILABLE,
) -> float:
    """Log marginal likelihood of the positions and sizes of a path under a fall.

    Args:
        path: the sightings.
        fit: the fall fitted to them.
        errors: of the sightings.
        sizes: of the sightings.
        settings: priors.
        picture_px: longer side of the picture.
        compiled: in C, or in NumPy.
    """
    kind = _CompiledRefined if compiled else _Refined
    return strongest(kind(path, fit, errors, sizes, settings, picture_px).climb)


@dataclass(frozen=True, slots=True, eq=False)
class _Optimum:
    """Most probable unknowns.

    Attributes:
        log_evidence: of the positions.
        unknowns: ``(p,)``.
        precision: ``(p, p)`` inverse of their covariance.
        residual: ``(n, 2)`` pixels.
        slopes: ``(p, n, 2)`` derivatives of the pixels.
    """

    log_evidence: float
    unknowns: Float64
    precision: Float64
    residual: Float64
    slopes: Float64


class _Refined:
    """The fit with errors of some strengths, in NumPy: the reference."""

    _compiled = False

    def __init__(
        self,
        path: Path,
        fit: FallFit,
        errors: PathErrors,
        sizes: Sizes,
        settings: TrajectorySettings,
        picture_px: float,
    ) -> None:
        view = fit.view
        self._view = view
        self._times = path.t_s - path.t_s[0]
        uv = view.undistort(path.uv_px)
        self._prior = prior_for(view, uv[0], picture_px, settings, view.depth_prior_m(path.uv_px[0], settings))
        self._problem: Problem = problem_of(
            view, self._prior, uv, self._times, np.ones_like(path.sd_px), compiled=self._compiled
        )
        self._errors, self._sizes = errors, sizes
        self._start = fit.parameters_at(float(path.t_s[0]))[self._prior.free]
        self._optima: dict[tuple[Strengths, bytes, float], _Optimum] = {}

    def climb(self, start: Strengths) -> float:
        """Log evidence with the strengths of the errors, and the strays, that are best near a start."""
        strengths = start
        for _ in range(2):
            stray = self.strays(strengths)
            strengths = climbed(partial(self._log_evidence, *stray), strengths)
        optimum = self.optimum(*stray, strengths)
        return optimum.log_evidence + self.size_log_evidence(optimum)

    def strays(self, strengths: Strengths) -> tuple[Float64, float]:
        """The sightings that the most probable fall does not explain: see :func:`~.path_errors.strays`."""
        nothing_more = np.zeros(len(self._times))
        optimum = self.optimum(nothing_more, 0.0, strengths)
        sd = self._prior.sd[self._prior.free, None]
        response = (optimum.slopes * sd[:, :, None]).transpose(2, 1, 0)
        return strays(self._errors.whitening(strengths, nothing_more), response, optimum.residual)

    def optimum(self, inflation_px2: Float64, log_p_strays: float, strengths: Strengths) -> _Optimum:
        """The most probable fall where the errors are so strong, with so many strays."""
        key = (strengths, inflation_px2.tobytes(), log_p_strays)
        if key not in self._optima:
            self._optima[key] = self._optimise(self._errors.whitening(strengths, inflation_px2), log_p_strays)
        return self._optima[key]

    def _log_evidence(self, inflation_px2: Float64, log_p_strays: float, strengths: Strengths) -> float:
        return self.optimum(inflation_px2, log_p_strays, strengths).log_evidence

    def _optimise(self, whitening: Whitening, log_p_strays: float) -> _Optimum:
        x, lowest, seen, precision = self._minimise(whitening)
        half_log_det = 0.5 * float(np.linalg.slogdet(precision)[1])
        half_log_det += float(np.log(self._prior.sd[self._prior.free]).sum()) - whitening.half_log_det
        evidence = log_p_strays - lowest - len(self._times) * float(np.log(2.0 * np.pi)) - half_log_det
        return _Optimum(evidence, x, precision, seen[0], seen[1:])

    def _minimise(self, whitening: Whitening) -> tuple[Float64, float, Float64, Float64]:
        """Gauss and Newton: unknowns, half of chi-squared, pixels ``(1 + p, n, 2)`` and precision there."""
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
        return x, lowest, seen, rows[1:] @ rows[1:].T

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
        steps = _STEP * covariance_root(optimum.precision).T
        batch = np.broadcast_to(self._prior.mean, (1 + len(free), PARAMETERS)).copy()
        batch[:, free] = np.concatenate([optimum.unknowns[None], optimum.unknowns + steps])
        depth = np.maximum(fly(self._view, batch, self._times).positions_m[:, :, 2], 0.2)
        growth = np.log(depth[:, :1] / depth)
        spread = (growth[1:] - growth[0]) / _STEP
        return self._sizes.log_evidence(growth[0], spread.T)


class _CompiledRefined(_Refined):
    """The same with the optimiser in C: some fifty optima are asked for, of a few steps each."""

    _compiled = True

    @cached_property
    def _structure(self) -> tuple[Any, tuple[Float64, ...]]:
        """C's ``FallOptimum``, and the arrays that it points into."""
        n, p = len(self._times), len(self._start)
        scratch = (np.empty(24 * n), np.empty(12 * (2 * n + p)), np.empty(2 * n + p), np.array(_DAMPING))
        names = ("columns", "white", "tried", "damping")
        limits = {"dampings": len(_DAMPING), "rounds": _ROUNDS, "settled": _SETTLED}
        structure = ffi.new("FallOptimum *", {**limits, **dict(zip(names, map(pointer, scratch), strict=True))})
        assert isinstance(self._problem, CompiledProblem)
        structure.problem = self._problem.structure[0]
        return structure, scratch

    def _minimise(self, whitening: Whitening) -> tuple[Float64, float, Float64, Float64]:
        n, p = len(self._times), len(self._start)
        x, seen, precision = self._start.copy(), np.empty((1 + p, 2 * n + p)), np.empty((p, p))
        structure, _ = self._structure
        structure.whitening = pointer(whitening.matrices)
        lowest = lib.edgecv_fall_optimum(structure, *map(pointer, (x, seen, precision)))
        return x, float(lowest), seen[:, : 2 * n].reshape(-1, n, 2), precision


def covariance_root(precision: Float64) -> Float64:
    """Return a root ``(p, p)`` whose square is the inverse of a precision ``(p, p)``.

    Positions of a hundred sightings may tell one unknown 10^8 times as well as another: then rounding makes the inverse
    indefinite, and what is hardly known counts as known to 10^-7 of the best.
    """
    try:
        return np.linalg.cholesky(np.linalg.inv(precision))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(precision)
        return np.asarray(vectors / np.sqrt(np.maximum(values, _LEAST_PRECISION * values[-1])), np.float64)
