"""A straight way in space at constant speed, as of a car, a plane or a gliding bird: how well it explains a path.

Seen by a camera, such a motion is ``u(t) = (a + b t) / (1 + c t)``, ``v(t) = (d + e t) / (1 + c t)`` with one ``c``,
minus the speed towards the viewer over the distance (Hartley & Zisserman, "Multiple View Geometry", 2004, chapter 2: a
line under a projectivity). Only where ``c`` is zero is it steady in the picture. For each ``c`` the model is linear, so
its evidence is exact; ``c`` itself is integrated over.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.growth import sizes_of
from edgecv.trajectory.path import Path
from edgecv.trajectory.path_errors import PathErrors, Strengths, Whitening, climbed, strays, strongest

Float64 = NDArray[np.float64]

_SPEED_SD = 1.0
"""Prior of the speed, picture sizes per second, as of a steady motion in the picture."""
_APPROACH_SD = 0.5
"""Prior of ``c``, 1/s: speeds towards the viewer over distances that occur, 15 m/s at 30 m."""
_NEAREST = 0.08
"""Of the distance in the middle of the path, the smallest at its ends: nearer, an object fills the picture."""
_STARTS = 21
"""Values of ``c`` that are tried before the best is refined: its likelihood has one mode, with a width of a tenth."""
_REFINEMENTS = 7
"""Rounds that halve the step of ``c``: its error is then far below what would be seen."""
_FALLEN = 0.3
"""Log density lost on either side of the best ``c`` where its width is measured: half a standard deviation or more."""


def steady_in_space_log_evidence(path: Path, velocity_px_s: Float64, picture_px: float) -> float:
    """Log marginal likelihood of the positions and sizes of a path.

    Args:
        path: the sightings.
        velocity_px_s: ``(n, 2)`` velocity in the picture, of any fit that follows the path.
        picture_px: longer side of the picture.
    """
    motion = _Motion(path, velocity_px_s, picture_px)
    return strongest(motion.climb)


class _Motion:
    def __init__(self, path: Path, velocity_px_s: Float64, picture_px: float) -> None:
        self._errors = PathErrors(path, velocity_px_s)
        self._sizes = sizes_of(path, velocity_px_s)
        self._t = path.t_s - path.t_s.mean()
        self._uv = path.uv_px - path.uv_px.mean(axis=0)
        self._prior_sd = np.array([picture_px, _SPEED_SD * picture_px])
        self._largest_c = (1.0 - _NEAREST) / float(np.abs(self._t).max())
        self._inflation, self._log_p_strays = np.zeros(len(self._t)), 0.0
        self._whitenings: dict[Strengths, Whitening] = {}
        self._white_uv: dict[Strengths, Float64] = {}

    def climb(self, start: Strengths) -> float:
        """Log evidence with the strengths of the errors, and the strays, that are best near a start."""
        strengths = start
        for _ in range(2):
            self.free_strays(strengths)
            c = self.likeliest(strengths)
            strengths = climbed(partial(self.log_density, c), strengths)
        return self.log_evidence(strengths)

    def free_strays(self, strengths: Strengths) -> None:
        """Leave out the sightings that the likeliest motion does not explain."""
        self._inflation = np.zeros(len(self._t))
        self._whitenings.clear()
        response = self._basis(self.likeliest(strengths)) * self._prior_sd
        self._inflation, self._log_p_strays = strays(
            partial(self._errors.whitening, strengths), np.stack([response, response]), self._uv
        )
        self._whitenings.clear()

    def likeliest(self, strengths: Strengths) -> float:
        """The ``c`` of highest density: coarse steps, then ever smaller ones around the best."""
        grid = np.linspace(-self._largest_c, self._largest_c, _STARTS)
        scores = [self.log_density(float(c), strengths) for c in grid]
        best = int(np.argmax(scores))
        c, highest, step = float(grid[best]), scores[best], float(grid[1] - grid[0])
        for _ in range(_REFINEMENTS):
            step /= 2.0
            for other in (c - step, c + step):
                score = self.log_density(other, strengths)
                if score > highest:
                    c, highest = other, score
        return c

    def log_evidence(self, strengths: Strengths) -> float:
        """Integrated over ``c`` around its likeliest value (Laplace)."""
        c = self.likeliest(strengths)
        middle = self.log_density(c, strengths)
        step = 2.0 * self._largest_c / (_STARTS - 1) / 2.0**_REFINEMENTS
        fallen = 0.0
        while step < self._largest_c:
            sides = [self.log_density(c + side, strengths) for side in (-step, step)]
            fallen = middle - float(np.mean([side for side in sides if np.isfinite(side)] or [middle - 1.0]))
            # so far aside that rounding and the last step of the search do not matter
            if fallen > _FALLEN:
                break
            step *= 2.0
        sd = min(step / np.sqrt(2.0 * max(fallen, _FALLEN)), 2.0 * self._largest_c)
        return middle + 0.5 * float(np.log(2.0 * np.pi)) + float(np.log(sd))

    def log_density(self, c: float, strengths: Strengths) -> float:
        """Joint log density of the path and ``c``."""
        if abs(c) > self._largest_c:
            return -np.inf
        if strengths not in self._whitenings:
            self._whitenings[strengths] = self._errors.whitening(strengths, self._inflation)
            self._white_uv[strengths] = self._whitenings[strengths].matrices @ self._uv.T[:, :, None]
        whitening, white_uv = self._whitenings[strengths], self._white_uv[strengths]
        basis = self._basis(c) * self._prior_sd
        total = self._log_p_strays - 0.5 * (c / _APPROACH_SD) ** 2 - float(np.log(_APPROACH_SD * np.sqrt(2.0 * np.pi)))
        total += whitening.half_log_det - len(basis) * float(np.log(2.0 * np.pi))
        white = whitening.matrices @ basis
        products = np.swapaxes(white, 1, 2) @ np.concatenate([white, white_uv], axis=2)
        products[:, [0, 1], [0, 1]] += 1.0  # Woodbury's identity with two unknowns of unit variance
        for (uu, ut, uy), (_, tt, ty) in products.tolist():
            determinant = uu * tt - ut * ut
            explained = (tt * uy * uy - 2.0 * ut * uy * ty + uu * ty * ty) / determinant
            total += 0.5 * (explained - float(np.log(determinant)))
        total -= 0.5 * float(np.square(white_uv).sum())
        return total + self._sizes.log_evidence(-np.log1p(c * self._t))

    def _basis(self, c: float) -> Float64:
        nearer = 1.0 / (1.0 + c * self._t)
        return np.stack([nearer, self._t * nearer], axis=1)
