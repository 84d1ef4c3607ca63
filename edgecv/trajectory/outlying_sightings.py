"""Sightings that are farther from their neighbours' way than the others are: their errors are larger.

Most places of a sheet are good to a tenth of what is assumed of them, and a few are not: before a window's frame half
of it is seen. With errors of one size for all a jump would be motion, and only an animal can move so. A sighting that
jumps out of a smooth way is known by the smoothness of the rest, as in regression with heavy tails (Huber, *Robust
Statistics*, 1981, chapter 7).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.path import Path

Float64 = NDArray[np.float64]
_BESIDE = 4
"""Neighbours on each side: at 25 frames a second a parabola follows a swing through them, and one of them may jump."""
_AT_LEAST = 2
"""Neighbours that there must be on each side."""
_ROUNDS = 3
"""Times the neighbours are weighed anew, so that one of them that jumps itself bends nothing (Cauchy's weights)."""
_OUTLYING = 3.5
"""Standard deviations from the neighbours' way beyond which one in two thousand lies by chance."""
_SD_OF_MEDIAN = 1.4826
"""Standard deviation over median absolute deviation of a normal error."""
_LEAST_PX = 1e-4


def with_outliers_widened(path: Path, least_noise: float) -> Path:
    """Return the path with larger errors where a coordinate jumps out of its neighbours' way and back.

    A motion that is rough all along has no outliers: each sighting is held against the spread of all.

    Args:
        path: all its sightings; thinned, a swing would be a jump.
        least_noise: smallest factor of the errors that an explanation may take; with it a jump is still one error.
    """
    if len(path.t_s) <= 2 * _BESIDE:
        return path
    off_px = np.abs(np.stack([_off_neighbours(path.t_s, path.uv_px[:, axis]) for axis in (0, 1)], axis=1))
    usual_px = np.maximum(_SD_OF_MEDIAN * np.median(off_px, axis=0), _LEAST_PX)
    jumps = off_px > _OUTLYING * usual_px
    # what lies on one side alone leads anywhere
    jumps[:_AT_LEAST] = jumps[-_AT_LEAST:] = False
    return replace(path, sd_px=np.where(jumps, np.maximum(path.sd_px, off_px / least_noise), path.sd_px))


def _off_neighbours(t_s: Float64, places: Float64) -> Float64:
    """``(n,)`` distances of places from the parabolas through their neighbours."""
    n = len(t_s)
    first = np.clip(np.arange(n) - _BESIDE, 0, n - 2 * _BESIDE - 1)
    beside = first[:, None] + np.arange(2 * _BESIDE + 1)
    since = t_s[beside] - t_s[:, None]
    powers = (since / np.abs(since).max(axis=1, keepdims=True))[..., None] ** np.arange(3)
    to_go = places[beside] - places[:, None]
    others = (beside != np.arange(n)[:, None]).astype(np.float64)
    weights, at_place = others, np.zeros(n)
    for _ in range(_ROUNDS):
        weighted = (powers * weights[..., None]).transpose(0, 2, 1)
        parabola = np.linalg.solve(weighted @ powers, weighted @ to_go[..., None])
        residual = np.abs(to_go - (powers @ parabola)[..., 0])
        usual = np.maximum(np.median(residual, axis=1, keepdims=True), _LEAST_PX)
        weights = others / (1.0 + np.square(residual / (2.0 * usual)))
        at_place = parabola[:, 0, 0]
    return np.asarray(-at_place, np.float64)
