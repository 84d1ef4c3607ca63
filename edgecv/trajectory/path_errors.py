"""How far sightings lie off any smooth motion: errors whose strengths the path tells, for every hypothesis alike.

What is assumed of a detection (:mod:`~edgecv.trajectory.settings`) holds for the worst: a path that is seen to 0.3 px
would be judged by a pixel, and what distinguishes a car from a fall is then lost in errors that nobody made. Three
things keep a sighting off the path: noise of each sighting, the wandering of a turning object's centre, which lasts
(Ornstein & Uhlenbeck 1930), and small changes of speed that the model of the motion leaves out: gusts, a foot on the
brake. The strengths of highest marginal likelihood are taken (MacKay 2003, chapter 28), from the same few for each
hypothesis, so that the choice favours none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.inverse_root import inverse_roots
from edgecv.trajectory.path import Path

Float64 = NDArray[np.float64]

NOISES = (0.1, 0.2, 0.4, 0.8)
"""Noise in units of what is assumed: reduced chi-squared of real paths is 0.02-0.6."""
WANDERINGS = (0.0, 0.03, 0.1)
"""Wandering of the centre in units of the object's size: none, a car's, a tumbling box's."""
SPEED_CHANGES = (0.0, 0.02)
"""Random walk of the velocity, in units of the speed, per sqrt(s): none; a foot on the pedal (0.5 m/s in a second, at
25 m/s), a gust. With three times as much a fall itself is a change of speed."""
_WANDERING_MEMORY_S = 0.15
"""A tumbling object shows another side within a fraction of a turn."""
_MOST_SIGHTINGS = 64
"""Sightings that count: two seconds of a usual camera, more than the errors' memory needs."""
_MOST_STRAYS = 0.15
"""Share of a path that may be strays: of more no motion can be told."""
_STRAY_SD = 5.0
"""Standard deviations, of both axes together, off what the other sightings say."""
_LOG_P_STRAY = float(np.log(0.02))
"""One sighting in fifty is of a leaf or of another car that passes."""
_LEAST_VARIANCE_PX2 = 0.01
"""Nothing is located better than to a tenth of a pixel."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """Of the three errors, numbers in their grids.

    Attributes:
        noise: in :data:`NOISES`.
        wandering: in :data:`WANDERINGS`.
        speed_change: in :data:`SPEED_CHANGES`.
    """

    noise: int
    wandering: int
    speed_change: int

    def neighbours(self) -> list[Strengths]:
        """Those that differ by one step of one strength."""
        steps = (
            ("noise", self.noise, len(NOISES)),
            ("wandering", self.wandering, len(WANDERINGS)),
            ("speed_change", self.speed_change, len(SPEED_CHANGES)),
        )
        return [
            replace(self, **{name: at + step})
            for name, at, count in steps
            for step in (-1, 1)
            if 0 <= at + step < count
        ]


_STARTS = (Strengths(2, 1, 0), Strengths(0, 1, 1), Strengths(1, 2, 1))


class PathErrors:
    """Covariances of a path's sightings; what was worked out once is remembered, for hypotheses ask for the same.

    Args:
        path: the sightings.
        velocity_px_s: ``(n, 2)`` velocity in the picture, of any fit that follows the path.
    """

    def __init__(self, path: Path, velocity_px_s: Float64) -> None:
        t = path.t_s - path.t_s[0]
        apart, earlier = np.abs(t[:, None] - t), np.minimum(t[:, None], t)
        size = np.array([[p.detection.w_px, p.detection.h_px] for p in path.points]).T
        speed = np.hypot(*velocity_px_s.T)
        self._cut = np.square(path.cut_px)
        self._white = np.maximum(np.square(path.sd_px.T) - self._cut, _LEAST_VARIANCE_PX2)
        self._lasting = size[:, :, None] * size[:, None, :] * np.exp(-apart / _WANDERING_MEMORY_S)
        self._walk = speed[:, None] * speed * (earlier**3 / 3.0 + np.square(earlier) * apart / 2.0)
        self._whitenings: dict[tuple[Strengths, bytes], Whitening] = {}

    def whitening(self, strengths: Strengths, inflation_px2: Float64) -> Whitening:
        """Inverse square roots of the covariances of u and of v.

        Args:
            strengths: of the errors.
            inflation_px2: ``(n,)`` further variance of each sighting.
        """
        key = (strengths, inflation_px2.tobytes())
        if key not in self._whitenings:
            self._whitenings[key] = self._whitening(strengths, inflation_px2)
        return self._whitenings[key]

    def _whitening(self, strengths: Strengths, inflation_px2: Float64) -> Whitening:
        noise, wandering = NOISES[strengths.noise], WANDERINGS[strengths.wandering]
        total = wandering**2 * self._lasting + SPEED_CHANGES[strengths.speed_change] ** 2 * self._walk
        diagonal = np.arange(total.shape[1])
        variance = np.maximum(noise**2 * self._white, _LEAST_VARIANCE_PX2) + self._cut + inflation_px2
        total[:, diagonal, diagonal] += variance
        matrices, half_log_dets = inverse_roots(total)
        return Whitening(matrices, float(half_log_dets.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """What turns pixels into independent standard deviations.

    Attributes:
        matrices: ``(2, n, n)`` of u and v, inverse square roots of their covariances.
        half_log_det: logarithm of both determinants of those.
    """

    matrices: Float64
    half_log_det: float


def precision_without_motion(whitening: Whitening, response: Float64) -> Float64:
    """Inverse covariances ``(2, n, n)`` of u and of v where what a motion's unknowns change says nothing.

    Args:
        whitening: of the errors.
        response: ``(2, n, p)`` derivatives of u and of v by unknowns of unit variance, each axis by itself.
    """
    white = whitening.matrices @ response
    back = np.swapaxes(whitening.matrices, 1, 2)
    explained = back @ white
    inner = np.eye(response.shape[2]) + np.swapaxes(white, 1, 2) @ white
    lost = explained @ np.linalg.solve(inner, np.swapaxes(explained, 1, 2))
    return np.asarray(back @ whitening.matrices - lost, np.float64)


def strays(whitening: Whitening, response: Float64, residual: Float64) -> tuple[Float64, float]:
    """Sightings that belong to something else: further variance ``(n,)`` of each, and the log prior of so many.

    The worst is freed first, for it bends what the others say. How far each lies off what all others say is its share
    of the weighted residuals over its own precision.

    Args:
        whitening: of the errors.
        response: see :func:`precision_without_motion`.
        residual: ``(n, 2)`` pixels.
    """
    precision = precision_without_motion(whitening, response)
    inflation = np.zeros(len(residual))
    count = 0
    while count < _MOST_STRAYS * len(residual):
        own = np.diagonal(precision, axis1=1, axis2=2)
        off_px = (precision @ residual.T[:, :, None])[:, :, 0] / own
        squared_sd = (np.square(off_px) * own).sum(axis=0)
        worst = int(np.argmax(squared_sd))
        if squared_sd[worst] < _STRAY_SD**2:
            break
        more = float(np.square(off_px[:, worst]).sum())
        inflation[worst] += more
        count += 1
        # one variance more: Sherman and Morrison's formula
        column = precision[:, :, worst].copy()
        gain = more / (1.0 + more * column[:, worst])
        precision -= gain[:, None, None] * column[:, :, None] * column[:, None, :]
    return inflation, count * _LOG_P_STRAY


def half_misfits(bases: Float64, values: Float64) -> Float64:
    """Half of chi-squared and of the log determinant, ``(k,)``, of values whose mean is linear in unknowns of unit
    variance (Woodbury's identity).

    Args:
        bases: ``(k, n, p)`` derivatives of the means, in standard deviations as are the values.
        values: ``(k, n)``.
    """
    across = np.swapaxes(bases, 1, 2)
    precision = across @ bases + np.eye(bases.shape[2])
    projected = across @ values[:, :, None]
    explained = (projected * np.linalg.solve(precision, projected)).sum(axis=(1, 2))
    squares = np.square(values).sum(axis=1) - explained
    return np.asarray(0.5 * (squares + np.linalg.slogdet(precision)[1]), np.float64)


def strongest(climb: Callable[[Strengths], float]) -> float:
    """Return the highest evidence of some climbs: from the errors assumed, from very small and from lasting ones."""
    return max(climb(start) for start in _STARTS)


def climbed(evidence_of: Callable[[Strengths], float], start: Strengths) -> Strengths:
    """Return the strengths of highest evidence near a start, one step of one strength at a time."""
    at = start
    seen = {at: evidence_of(at)}
    while True:
        for neighbour in at.neighbours():
            if neighbour not in seen:
                seen[neighbour] = evidence_of(neighbour)
        best = max(seen, key=lambda strengths: seen[strengths])
        if best == at:
            return at
        at = best


def thinned(path: Path) -> Path:
    """The path with no more sightings than matter: neighbours err alike, and matrices grow with the square."""
    n = len(path.points)
    if n <= _MOST_SIGHTINGS:
        return path
    rows = np.unique(np.linspace(0, n - 1, _MOST_SIGHTINGS).round().astype(int))
    return replace(
        path,
        points=tuple(path.points[row] for row in rows),
        **{name: getattr(path, name)[rows] for name in ("t_s", "uv_px", "sd_px", "cut_px", "log_clutter")},
    )
