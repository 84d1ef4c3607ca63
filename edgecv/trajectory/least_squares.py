"""Nonlinear least squares with a soft-L1 loss: what a fall's fit and the search for its launch have in common.

Levenberg-Marquardt; derivatives are forward differences. A fit asks for residuals some hundred times, and calls between
MINPACK, Python and NumPy take longer than what they compute: where the compiled part is there, the whole search is one
call of C, and MINPACK (through SciPy) is its reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import leastsq

from edgecv.native import ffi, pointer
from edgecv.trajectory.model import fall_camera
from edgecv.trajectory.projection import View

Float64 = NDArray[np.float64]
SOFT = 3.0
"""Standard deviations beyond which a residual counts linearly, not squared."""


class Minimum(NamedTuple):
    """Where the loss is least.

    Attributes:
        x: ``(p,)`` the unknowns.
        loss: half the sum of the softened residuals' squares there.
    """

    x: Float64
    loss: float


class Problem:
    """Residuals as a function of what is sought.

    Args:
        residuals_of: from rows ``(b, p)`` of unknowns to residuals ``(b, m)``, in standard deviations.
        steps: ``(p,)`` of the differences.
    """

    def __init__(self, residuals_of: Callable[[Float64], Float64], steps: Float64) -> None:
        self._residuals_of = residuals_of
        self._steps = steps

    def residuals(self, x: Float64, *, soft: bool = False) -> Float64:
        """``(m,)`` at ``x``; softened where asked, so that half their squares are the loss."""
        residuals = self._residuals_of(x[None])[0]
        return softened(residuals)[0] if soft else residuals

    def slopes(self, x: Float64, *, soft: bool = False) -> tuple[Float64, Float64]:
        """Residuals ``(m,)`` and their derivatives ``(p, m)`` by each unknown."""
        batch = self._residuals_of(np.concatenate([x[None], x + np.diag(self._steps)]))
        derivatives = (batch[1:] - batch[0]) / self._steps[:, None]
        if not soft:
            return batch[0], derivatives
        residuals, slope = softened(batch[0])
        return residuals, derivatives * slope


class CompiledProblem(Problem):
    """The same, in one call of C.

    Args:
        functions: of the library: ``(problem, x, soft, residuals, slopes)``, and the search for the minimum:
            ``(problem, limits, x)``.
        problem: their structure.
        arrays: those that the structure points into.
        unknowns: how many are sought.
        count: how many residuals there are.

    Attributes:
        structure: for other functions of the library; valid for as long as this object lives.
    """

    def __init__(
        self, functions: tuple[Any, Any], problem: Any, arrays: tuple[Float64, ...], unknowns: int, count: int
    ) -> None:
        self._function, self._minimise = functions
        self._arrays = arrays  # alive for as long as the structure points into them
        self._x, self._residuals, self._slopes = np.empty(unknowns), np.empty(count), np.empty((unknowns, count))
        self.structure = problem
        self._inputs = (problem, pointer(self._x))
        self._outputs = (pointer(self._residuals), pointer(self._slopes))

    def residuals(self, x: Float64, *, soft: bool = False) -> Float64:
        """See :meth:`Problem.residuals`."""
        self._x[:] = x
        self._function(*self._inputs, soft, self._outputs[0], ffi.NULL)
        return self._residuals.copy()

    def slopes(self, x: Float64, *, soft: bool = False) -> tuple[Float64, Float64]:
        """See :meth:`Problem.slopes`."""
        self._x[:] = x
        self._function(*self._inputs, soft, *self._outputs)
        return self._residuals.copy(), self._slopes.copy()

    def minimum(self, start: Float64, tolerance: float, max_evaluations: int, scale: Float64 | None) -> Minimum:
        """See :func:`minimise`."""
        self._x[:] = start
        work, usual = np.empty((2 + len(start)) * len(self._residuals)), None if scale is None else pointer(scale)
        limits = ffi.new("LeastSquares *", (tolerance, max_evaluations, usual or ffi.NULL, pointer(work)))
        loss = float(self._minimise(self._inputs[0], limits, self._inputs[1]))
        return Minimum(self._x.copy(), loss)


def compiled_observations(view: View, times: Float64, uv: Float64) -> tuple[dict[str, Any], tuple[Float64, ...]]:
    """Return the fields of C's ``Observations``, and the arrays that they point into.

    Args:
        view: the camera.
        times: ``(n,)`` seconds since the instant of the parameters.
        uv: ``(n, 2)`` pixels, lens distortion removed.
    """
    arrays = (np.ascontiguousarray(times), np.ascontiguousarray(uv), np.empty(17 * len(times)))
    pointers = dict(zip(("times", "uv", "scratch"), map(pointer, arrays), strict=True))
    return {**pointers, "n": len(times), "camera": fall_camera(view), "soft_scale": SOFT}, arrays


def minimise(
    problem: Problem, start: Float64, tolerance: float, max_evaluations: int, scale: Float64 | None = None
) -> Minimum:
    """Return the unknowns of least loss near ``start``.

    Args:
        problem: the residuals whose loss is minimised.
        start: ``(p,)``.
        tolerance: relative, of the loss and of the unknowns.
        max_evaluations: of the residuals.
        scale: ``(p,)`` one over what is a usual step of each unknown; MINPACK's own when left out.
    """
    if isinstance(problem, CompiledProblem):
        return problem.minimum(start, tolerance, max_evaluations, scale)
    result = leastsq(
        lambda x: problem.residuals(x, soft=True),
        start,
        Dfun=lambda x: problem.slopes(x, soft=True)[1],
        full_output=True,
        col_deriv=True,
        ftol=tolerance,
        xtol=tolerance,
        maxfev=max_evaluations,
        diag=scale,
    )
    x = np.asarray(result[0], np.float64)
    return Minimum(x, 0.5 * float(np.square(problem.residuals(x, soft=True)).sum()))


def softened(residual: Float64) -> tuple[Float64, Float64]:
    """Residuals whose squares are the soft-L1 loss (Triggs et al. 2000), and their derivative; scale 3 deviations."""
    z = np.square(residual / SOFT)
    root = np.sqrt(1.0 + z)
    # sign(r) * s * sqrt(2 (sqrt(1 + z) - 1)), in a form that is exact near zero
    shrink = np.sqrt(2.0 / (root + 1.0))
    return residual * shrink, 1.0 / (root * shrink)
