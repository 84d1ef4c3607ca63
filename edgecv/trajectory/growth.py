"""How the size of an object changes along its path: what comes nearer grows as one over its distance.

A box is a poor measure of size: it grows with motion blur, with every other side that a tumbling object shows, and
small ones are mostly the detector's own blur. So the size across the motion counts, with errors that last, and with the
blur's own uncertainty, which bends all sizes of a path the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.settings import DetectionSettings
from edgecv.native import pointer
from edgecv.trajectory.inverse_root import inverse_roots
from edgecv.trajectory.path import Path
from edgecv.trajectory.path_errors import half_misfits
from edgecv.trajectory.size import BLUR_PX

Float64 = NDArray[np.float64]

_BLUR_SD_PX = 0.6
"""Spread of the blur with contrast and threshold: a strong blob's box reaches farther into it."""
_SMALLEST_PX = 1.2
"""Below this a box shows the blur alone."""
_NOISES = (0.04, 0.2)
_LASTING = (0.04, 0.15, 0.5)
"""Errors of the logarithm of a size, from frame to frame and lasting: from a car's to a turning sheet's."""
_MEMORY_S = 0.3
"""A car's parts and a tumbling object's sides show for about this long."""
_LOG_SIZE_SD = 2.0
"""Prior of the logarithm of the size: from one pixel to hundreds."""
_TURNING_SD = 0.15
"""Growth a second that any motion may show because the object turns: a car in a bend, a flat sheet."""
_SIDE_PER_VARIANCE = DetectionSettings().side_per_variance
_FEWEST = 5
"""Sizes that tell of growth: two numbers and their errors are determined from them."""


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """Sizes along a path.

    Attributes:
        rows: ``(n,)`` which sightings.
        log_size: ``(n,)`` logarithm of the size across the motion, pixels, without the blur.
        whitening: ``(k, n, n)`` for each of some strengths of the errors, the inverse square root of their covariance.
        half_log_dets: ``(k,)`` logarithms of the determinants of those.
    """

    rows: NDArray[np.intp]
    log_size: Float64
    whitening: Float64
    half_log_dets: Float64

    @property
    def are_enough(self) -> bool:
        """Whether they tell of growth at all."""
        return len(self.rows) >= _FEWEST

    def fields(self) -> dict[str, Any]:
        """Fields of C's ``PathSizes``, which points into the arrays; of no sizes where they are too few."""
        names = ("rows", "log_size", "whitening", "half_log_dets")
        count = len(self.rows) if self.are_enough else 0
        pointers = {name: pointer(getattr(self, name)) for name in names} if count else {}
        return {"n": count, "k": len(self.half_log_dets), **pointers}

    def log_evidence(self, growth: Float64, spread: Float64 | None = None) -> float:
        """Log marginal likelihood of the sizes where the object grows so.

        Args:
            growth: ``(path,)`` logarithm of the size that is expected, but for a constant.
            spread: ``(path, p)`` its derivatives by unknowns of unit variance.
        """
        if not self.are_enough:
            return 0.0
        off = self.log_size - growth[self.rows]
        white = self.whitening @ off
        misfits = 0.5 * np.square(white).sum(axis=1)
        if spread is not None:
            misfits = half_misfits(self.whitening @ spread[self.rows], white)
        return float((self.half_log_dets - misfits).max()) - 0.5 * len(off) * float(np.log(2.0 * np.pi))


def sizes_of(path: Path, velocity_px_s: Float64) -> Sizes:
    """Return the sizes along a path.

    Args:
        path: the sightings.
        velocity_px_s: ``(n, 2)`` velocity in the picture.
    """
    rows = np.flatnonzero(path.cut_px == 0.0)
    measured = _across_px(path, velocity_px_s)[rows]
    true = np.sqrt(np.maximum(np.square(measured) - BLUR_PX**2, _SMALLEST_PX**2))
    t = path.t_s[rows] - path.t_s.mean()
    blur = _BLUR_SD_PX * BLUR_PX / np.square(true)
    # the blur is the same all along, or changes as the contrast does
    shared = np.outer(blur, blur) + np.outer(blur * t, blur * t)
    shared += _LOG_SIZE_SD**2 + _TURNING_SD**2 * np.outer(t, t)
    memory = np.exp(-np.abs(t[:, None] - t) / _MEMORY_S)
    # a blob of a few pixels is measured to most of a pixel
    noise = np.diag(np.square(0.5 / true))
    covariances = np.stack(
        [
            shared + lasting**2 * memory + noise + white**2 * np.eye(len(rows))
            for white, lasting in product(_NOISES, _LASTING)
        ]
    )
    return Sizes(rows, np.log(true), *inverse_roots(covariances))


def _across_px(path: Path, velocity_px_s: Float64) -> Float64:
    """``(n,)`` side of the box across the motion: motion blur lengthens the other one."""
    ahead = velocity_px_s / np.maximum(np.hypot(*velocity_px_s.T), 1e-6)[:, None]
    w, h, xy = np.array([[p.detection.w_px, p.detection.h_px, p.detection.covariance_px2] for p in path.points]).T
    # sides are square roots of second moments, whose quadratic form of the motion's normal is the side across it
    x, y = ahead.T
    squared = np.square(y * w) + np.square(x * h) - 2.0 * _SIDE_PER_VARIANCE * x * y * xy
    return np.asarray(np.sqrt(np.maximum(squared, 1.0)), np.float64)
