"""A straight way in space at constant speed, as of a car, a plane or a gliding bird: how well it explains a path.

Seen by a camera, such a motion is ``u(t) = (a + b t) / (1 + c t)``, ``v(t) = (d + e t) / (1 + c t)`` with one ``c``,
minus the speed towards the viewer over the distance (Hartley & Zisserman, "Multiple View Geometry", 2004, chapter 2: a
line under a projectivity). Only where ``c`` is zero is it steady in the picture. For each ``c`` the model is linear, so
its evidence is exact; ``c`` itself is integrated over.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.trajectory.growth import Sizes
from edgecv.trajectory.path import Path
from edgecv.trajectory.path_errors import PathErrors, Strengths, Whitening, climbed, strays, strongest

Float64 = NDArray[np.float64]

_SPEED_SD = 1.0
"""Prior of the speed, picture sizes per second, as of a steady motion in the picture."""
_APPROACH_SD = 0.5
"""Prior of ``c``, 1/s: speeds towards the viewer over distances that occur, 15 m/s at 30 m."""
NEAREST = 0.08
"""Of the distance in the middle of the path, the smallest at its ends: nearer, an object fills the picture."""
_STARTS = 21
"""Values of ``c`` that are tried before the best is refined: its likelihood has one mode, with a width of a tenth."""
_REFINEMENTS = 7
"""Rounds that halve the step of ``c``: its error is then far below what would be seen."""
_FALLEN = 0.3
"""Log density lost on either side of the best ``c`` where its width is measured: half a standard deviation or more."""


def steady_in_space_log_evidence(
    path: Path, errors: PathErrors, sizes: Sizes, picture_px: float, *, compiled: bool = AVAILABLE
) -> float:
    """Log marginal likelihood of the positions and sizes of a path.

    Args:
        path: the sightings, without the lens's distortion, which bends a straight way.
        errors: of them.
        sizes: of them.
        picture_px: longer side of the picture.
        compiled: in C, or in NumPy.
    """
    motion = _Motion(path, errors, sizes, picture_px, CompiledSteadyDensity if compiled else SteadyDensity)
    return strongest(motion.climb)


class SteadyDensity:
    """Joint log density of a path and ``c``, with errors that are given.

    Args:
        t_s: ``(n,)`` about their mean.
        uv_px: ``(n, 2)`` about their mean.
        picture_px: longer side of the picture.
        whitening: of the errors.
        sizes: of the path.
        log_p_strays: prior of how many sightings are not the object's.

    Attributes:
        largest_c: beyond which the object would fill the picture.
    """

    def __init__(
        self, t_s: Float64, uv_px: Float64, picture_px: float, whitening: Whitening, sizes: Sizes, log_p_strays: float
    ) -> None:
        self._t, self._sizes, self._matrices = t_s, sizes, whitening.matrices
        self._prior_sd = np.array([picture_px, _SPEED_SD * picture_px])
        self._white_uv = whitening.matrices @ uv_px.T[:, :, None]
        self.largest_c = (1.0 - NEAREST) / float(np.abs(t_s).max())
        self._likeliest: float | None = None
        self._constant = log_p_strays - float(np.log(_APPROACH_SD * np.sqrt(2.0 * np.pi)))
        self._constant += whitening.half_log_det - len(t_s) * float(np.log(2.0 * np.pi))
        self._constant -= 0.5 * float(np.square(self._white_uv).sum())

    def response(self, c: float) -> Float64:
        """``(n, 2)`` derivatives of a coordinate by its two unknowns, each of unit variance."""
        nearer = 1.0 / (1.0 + c * self._t)
        return np.asarray(np.stack([nearer, self._t * nearer], axis=1) * self._prior_sd, np.float64)

    def at(self, c: float) -> float:
        """Log density; minus infinity beyond ``largest_c``."""
        if abs(c) > self.largest_c:
            return -np.inf
        total = self._constant - 0.5 * (c / _APPROACH_SD) ** 2
        white = self._matrices @ self.response(c)
        products = np.swapaxes(white, 1, 2) @ np.concatenate([white, self._white_uv], axis=2)
        products[:, [0, 1], [0, 1]] += 1.0  # Woodbury's identity with two unknowns of unit variance
        for (uu, ut, uy), (_, tt, ty) in products.tolist():
            determinant = uu * tt - ut * ut
            explained = (tt * uy * uy - 2.0 * ut * uy * ty + uu * ty * ty) / determinant
            total += 0.5 * (explained - float(np.log(determinant)))
        return total + self._sizes.log_evidence(-np.log1p(c * self._t))

    @property
    def likeliest(self) -> float:
        """The ``c`` of highest density: coarse steps, then ever smaller ones around the best."""
        if self._likeliest is None:
            self._likeliest = self._search()
        return self._likeliest

    def _search(self) -> float:
        grid = np.linspace(-self.largest_c, self.largest_c, _STARTS)
        scores = [self.at(float(c)) for c in grid]
        best = int(np.argmax(scores))
        c, highest, step = float(grid[best]), scores[best], float(grid[1] - grid[0])
        for _ in range(_REFINEMENTS):
            step /= 2.0
            for other in (c - step, c + step):
                score = self.at(other)
                if score > highest:
                    c, highest = other, score
        return c

    def log_evidence(self) -> float:
        """Integrated over ``c`` around its likeliest value (Laplace)."""
        c = self.likeliest
        middle = self.at(c)
        step = 2.0 * self.largest_c / (_STARTS - 1) / 2.0**_REFINEMENTS
        fallen = 0.0
        while step < self.largest_c:
            sides = [self.at(c + side) for side in (-step, step)]
            fallen = middle - float(np.mean([side for side in sides if np.isfinite(side)] or [middle - 1.0]))
            # so far aside that rounding and the last step of the search do not matter
            if fallen > _FALLEN:
                break
            step *= 2.0
        sd = min(step / np.sqrt(2.0 * max(fallen, _FALLEN)), 2.0 * self.largest_c)
        return middle + 0.5 * float(np.log(2.0 * np.pi)) + float(np.log(sd))


class CompiledSteadyDensity(SteadyDensity):
    """The same in C: a comparison asks for it some hundred times, and NumPy's calls take longer than the sums."""

    def __init__(
        self, t_s: Float64, uv_px: Float64, picture_px: float, whitening: Whitening, sizes: Sizes, log_p_strays: float
    ) -> None:
        super().__init__(t_s, uv_px, picture_px, whitening, sizes, log_p_strays)
        self._arrays = (  # alive for as long as the structure points into them
            np.ascontiguousarray(t_s),
            self._matrices,
            np.ascontiguousarray(self._white_uv),
            np.empty(4 * len(t_s)),
        )
        self._structure: Any = ffi.new(
            "SteadyMotion *",
            {
                "n": len(t_s),
                **dict(zip(("t", "whitening", "white_uv", "scratch"), map(pointer, self._arrays), strict=True)),
                "sizes": sizes.fields(),
                "prior_sd": self._prior_sd.tolist(),
                "approach_sd": _APPROACH_SD,
                "largest_c": self.largest_c,
                "constant": self._constant,
            },
        )

    def at(self, c: float) -> float:
        """See :meth:`SteadyDensity.at`."""
        return float(lib.edgecv_steady_log_density(self._structure, c))

    def _search(self) -> float:
        return float(lib.edgecv_steady_likeliest(self._structure, _STARTS, _REFINEMENTS))


class _Motion:
    def __init__(
        self, path: Path, errors: PathErrors, sizes: Sizes, picture_px: float, kind: type[SteadyDensity]
    ) -> None:
        self._errors, self._sizes, self._picture_px, self._kind = errors, sizes, picture_px, kind
        self._t = path.t_s - path.t_s.mean()
        self._uv = path.uv_px - path.uv_px.mean(axis=0)
        self._densities: dict[tuple[Strengths, bytes, float], SteadyDensity] = {}

    def climb(self, start: Strengths) -> float:
        """Log evidence with the strengths of the errors, and the strays, that are best near a start."""
        strengths = start
        for _ in range(2):
            stray = self.strays(strengths)
            c = self.density(strengths, *stray).likeliest
            strengths = climbed(partial(self._log_density, c, *stray), strengths)
        return self.density(strengths, *stray).log_evidence()

    def strays(self, strengths: Strengths) -> tuple[Float64, float]:
        """The sightings that the likeliest motion does not explain: see :func:`~.path_errors.strays`."""
        nothing_more = np.zeros(len(self._t))
        density = self.density(strengths, nothing_more, 0.0)
        response = density.response(density.likeliest)
        whitening = self._errors.whitening(strengths, nothing_more)
        return strays(whitening, np.stack([response, response]), self._uv)

    def _log_density(self, c: float, inflation_px2: Float64, log_p_strays: float, strengths: Strengths) -> float:
        return self.density(strengths, inflation_px2, log_p_strays).at(c)

    def density(self, strengths: Strengths, inflation_px2: Float64, log_p_strays: float) -> SteadyDensity:
        """With errors so strong, and so many strays."""
        key = (strengths, inflation_px2.tobytes(), log_p_strays)
        if key not in self._densities:
            whitening = self._errors.whitening(strengths, inflation_px2)
            self._densities[key] = self._kind(self._t, self._uv, self._picture_px, whitening, self._sizes, log_p_strays)
        return self._densities[key]
