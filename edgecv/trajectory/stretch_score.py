"""How well one smooth motion explains a stretch of a track, against chance: a cubic in time, and its outliers.

Two dozen stretches of each descending track are tried, in snow of a hundred tracks a second: hence in C.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.trajectory.path import P_DETECTION, Path

Float64 = NDArray[np.float64]
MIN_POINTS = 6
"""A cubic in time has four coefficients; two sightings more are the least that test it."""
_OUTLIER = 3.5  # standard deviations
_RIDGE = 1e-9
"""Keeps the normal equations solvable where sightings share an instant; far below any weight."""
_ROUNDS = 3
"""Of leaving out what is off."""
_LOG_P_MISSED = float(np.log(1.0 - P_DETECTION))
_FREEDOM = 30.0
"""Log units: eight coefficients and the freedom to choose two ends cost about 3 each."""


class BestStretch(NamedTuple):
    """A stretch of a path.

    Attributes:
        score: log-likelihood ratio of a cubic motion against chance.
        explained: which of its sightings that motion explains.
        first: number of its first sighting.
        end: number of the one after its last.
    """

    score: float
    explained: NDArray[np.bool_]
    first: int
    end: int


class StretchScores:
    """Scores of stretches of one path.

    Args:
        path: all sightings.
        interval_s: usual time between frames.
        compiled: in C, or in NumPy.
    """

    def __init__(self, path: Path, interval_s: float, *, compiled: bool = AVAILABLE) -> None:
        self._path, self._interval_s, self._compiled = path, interval_s, compiled
        if not compiled:
            return
        n = len(path.points)
        names = ("t", "uv", "sd", "log_clutter")
        arrays = (path.t_s, path.uv_px, path.sd_px, path.log_clutter)
        self._arrays = tuple(np.ascontiguousarray(array, np.float64) for array in arrays)
        self._explained, self._scratch, self._best = np.empty(4 * n, np.bool_), np.empty(n), np.empty(2, np.int64)
        self._structure = ffi.new(
            "StretchSightings *",
            {
                **dict(zip(names, map(pointer, self._arrays), strict=True)),
                "outlier_sd": _OUTLIER,
                "ridge": _RIDGE,
                "log_p_detection": float(np.log(P_DETECTION)),
                "log_p_missed": _LOG_P_MISSED,
                "freedom": _FREEDOM,
                "interval_s": interval_s,
                "share": path.missed + n,
                "min_points": MIN_POINTS,
                "rounds": _ROUNDS,
            },
        )
        self._outputs = (pointer(self._explained), pointer(self._scratch))

    def __call__(self, i: int, j: int) -> tuple[float, NDArray[np.bool_]]:
        """Log-likelihood ratio of a cubic motion against chance for sightings ``i..j``, and which it explains."""
        if self._compiled:
            gain = float(lib.edgecv_stretch_score(self._structure, i, j - i, *self._outputs))
            explained = self._explained[: j - i].copy()
        else:
            gain, explained = self._score(i, j)
        missed = max(0, frames_between(self._path, i, j, self._interval_s) - int(explained.sum()))
        return gain + missed * _LOG_P_MISSED - _FREEDOM, explained

    def best(self, starts: Sequence[int], ends: Sequence[int]) -> BestStretch | None:
        """Return the best stretch from one of the starts up to before one of the ends; None where none is explained.

        Args:
            starts: rising.
            ends: rising; stretches of fewer than :data:`MIN_POINTS` sightings are passed over.
        """
        if self._compiled:
            first, last = np.array(starts, np.int64), np.array(ends, np.int64)
            choices = (pointer(first), len(first), pointer(last), len(last))
            score = float(lib.edgecv_best_stretch(self._structure, *choices, *self._outputs, pointer(self._best)))
            if score == -np.inf:
                return None
            i, j = self._best.tolist()
            return BestStretch(score, self._explained[: j - i].copy(), i, j)
        tried = (BestStretch(*self(i, j), i, j) for i in starts for j in ends if j - i >= MIN_POINTS)
        return max((one for one in tried if one.score > -np.inf), key=lambda one: one.score, default=None)

    def _score(self, i: int, j: int) -> tuple[float, NDArray[np.bool_]]:
        t = self._path.t_s[i:j]
        t = (t - t[0]) / max(float(t[-1] - t[0]), 1e-6)
        uv, sd = self._path.uv_px[i:j], self._path.sd_px[i:j]
        basis = np.vander(t, 4)
        keep = np.ones(j - i, bool)
        squared = np.zeros(j - i)
        for _ in range(_ROUNDS):
            if keep.sum() < MIN_POINTS:
                return -np.inf, keep
            squared = np.zeros(j - i)
            for axis in range(2):
                weight = keep / sd[:, axis]
                weighted = basis * weight[:, None]
                solution = np.linalg.solve(
                    weighted.T @ weighted + _RIDGE * np.eye(4), weighted.T @ (uv[:, axis] * weight)
                )
                squared += np.square((uv[:, axis] - basis @ solution) / sd[:, axis])
            inliers = squared < _OUTLIER**2
            if np.array_equal(inliers, keep):
                break
            keep = inliers
        log_density = -0.5 * squared - np.log(2.0 * np.pi * sd[:, 0] * sd[:, 1])
        return float((log_density - self._path.log_clutter[i:j] + np.log(P_DETECTION))[keep].sum()), keep


def frames_between(path: Path, i: int, j: int, interval_s: float) -> int:
    """Frames with new evidence from sighting ``i`` to the one before ``j``."""
    share = path.missed + len(path.points)
    in_time = round(float(path.t_s[j - 1] - path.t_s[i]) / max(interval_s, 1e-3)) + 1
    return min(share, in_time)
