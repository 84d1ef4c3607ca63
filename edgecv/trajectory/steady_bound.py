"""About the most that a fall can gain over a steady motion in space, before one is fitted: it decides most of snow.

Flakes near the camera bend in the picture, and dozens a second would be compared with a fall at length. A polynomial in
time, or one that perspective bends like the steady motion, follows a fall better than any fall does, or nearly; a
steady motion in space is linear but for one number, so that its best fit costs a few sums (see
:mod:`~edgecv.trajectory.steady_in_space`). Sizes and strays are left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.bent_track import BentTrack
from edgecv.trajectory.path import Path
from edgecv.trajectory.path_errors import NOISES
from edgecv.trajectory.steady_in_space import NEAREST

Float64 = NDArray[np.float64]

_STEPS = 15
"""Values of ``c`` in a round; the likelihood has one mode."""
_ROUNDS = 3
"""Each looks between the neighbours of the best: the last step is a two-hundredth of a mode's width."""
_ENOUGH = 2.0
"""Log units below which hardly a candidate, at four, comes of a path. Sizes and strays, left out here, raise a ratio:
of 180 paths of snow below eight that were fitted none reached four, but a shuttlecock's of 3.1 reached 6.1."""
_BY_NOISE = 4.0
"""Log units that a cubic in perspective may gain over the steady motion in it by noise alone: with what is enough, its
four unknowns more gain as much one time in sixty."""
_FOLLOWED = 1.0
"""Chi-squared a coordinate above which the cubic does not follow the path: drag and perspective bend long falls more.
Then a polynomial of the fifth degree is asked; for all it follows the gusts of flakes, which no fall explains."""


def is_steady_in_space(bent: BentTrack) -> bool:
    """True where a steady motion in space explains every reading of a track about as well as any fall can.

    Args:
        bent: a finished track that bends downwards.
    """
    return all(most_log_ratio(reading.stretch) < _ENOUGH for reading in bent.readings)


def most_log_ratio(path: Path) -> float:
    """About the highest log-likelihood ratio of a fall's positions against a steady motion in space.

    The lens's distortion bends a straight way too, which only raises it.

    Args:
        path: the sightings.
    """
    t = path.t_s - path.t_s.mean()
    weight = (1.0 / path.sd_px).T
    white = (path.uv_px - path.uv_px.mean(axis=0)).T * weight
    powers = np.vander(t / max(float(np.abs(t).max()), 1e-6), 6)
    any_fall = _misfit(powers[:, 2:], white, weight)
    if any_fall > _FOLLOWED * 2 * t.size:
        any_fall = _misfit(powers, white, weight)
    misfit, c = _steady_misfit(t, white, weight)
    steady = _log_likelihood(misfit, t.size)
    in_perspective = _misfit(powers[:, 2:] / (1.0 + c * t)[:, None], white, weight)
    return max(_log_likelihood(any_fall, t.size) - steady, _log_likelihood(in_perspective, t.size) - steady - _BY_NOISE)


def _misfit(basis: Float64, white: Float64, weight: Float64) -> float:
    """Chi-squared of both axes, a linear model each."""
    total = 0.0
    for values, weights in zip(white, weight, strict=True):
        columns = basis * weights[:, None]
        residual = values - columns @ np.linalg.lstsq(columns, values, rcond=None)[0]
        total += float(residual @ residual)
    return total


def _steady_misfit(t: Float64, white: Float64, weight: Float64) -> tuple[float, float]:
    """The least chi-squared of ``u = (a + b t) / (1 + c t)``, ``v`` likewise, over ``c``, and that ``c``."""
    largest = (1.0 - NEAREST) / max(float(np.abs(t).max()), 1e-6)
    low, high, least, nearest = -largest, largest, np.inf, 0.0
    for _ in range(_ROUNDS):
        c = np.linspace(low, high, _STEPS)
        misfits = _steady_misfits(c, t, white, weight)
        best = int(np.argmin(misfits))
        if misfits[best] < least:
            least, nearest = float(misfits[best]), float(c[best])
        low, high = c[max(best - 1, 0)], c[min(best + 1, _STEPS - 1)]
    return least, nearest


def _steady_misfits(c: Float64, t: Float64, white: Float64, weight: Float64) -> Float64:
    """Chi-squared ``(k,)`` for each ``c``: two unknowns an axis, eliminated one after the other (Gram and Schmidt)."""
    nearer = weight[:, None, :] / (1.0 + c[:, None] * t)
    nearer /= np.linalg.norm(nearer, axis=2, keepdims=True)
    moved = nearer * t
    moved -= nearer * (nearer * moved).sum(axis=2, keepdims=True)
    values = white[:, None, :]
    explained = np.square((nearer * values).sum(axis=2))
    explained += np.square((moved * values).sum(axis=2)) / np.maximum(np.square(moved).sum(axis=2), 1e-12)
    return np.asarray((np.square(values).sum(axis=2) - explained).sum(axis=0), np.float64)


def _log_likelihood(misfit: float, sightings: int) -> float:
    """With noise as strong as explains the misfit best, within what is thought of."""
    count = 2 * sightings
    variance = min(max(misfit / count, NOISES[0] ** 2), NOISES[-1] ** 2)
    return -0.5 * (misfit / variance + count * float(np.log(variance)))
