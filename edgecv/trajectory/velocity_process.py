"""Motions whose velocity is a mean plus processes with an exponential memory, and how likely they make a path.

All of it is Gaussian in the places, so a path's density is exact (Rasmussen & Williams, *Gaussian Processes for Machine
Learning*, 2006, section 2.3); processes after Ornstein & Uhlenbeck 1930.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotrs

from edgecv.trajectory.facade_path import FacadePath

Float64 = NDArray[np.float64]
Process = tuple[float, float]
"""A velocity that comes and goes: its spread, m/s, and its memory, s."""
Swing = tuple[float, float, float]
"""A place that swings about the mean motion: spread, m; period, s; for how many periods it keeps the beat."""
_ANYWHERE_M = 30.0
"""Spread of the first place: a facade; the same for all explanations."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Velocity of one coordinate.

    Attributes:
        mean_mps: means that are as likely.
        mean_sd_mps: spread about each of them.
        processes: what comes and goes about that.
        swings: to and fro about it, which lead nowhere in the long run.
        change_sd_mps2: spread of a steady change of it.
        first: a push that the air takes: its spread, and how soon it has.
    """

    mean_mps: tuple[float, ...] = (0.0,)
    mean_sd_mps: float = 0.0
    processes: tuple[Process, ...] = ()
    swings: tuple[Swing, ...] = ()
    change_sd_mps2: float = 0.0
    first: Process | None = None


class Densities:
    """Densities of one path under motions; what they share is worked out once.

    Args:
        path: on the facade's plane.
    """

    def __init__(self, path: FacadePath) -> None:
        self._path = path
        self._t = path.t_s - path.t_s[0]
        self._products = np.outer(self._t, self._t)
        self._moved: dict[float, Float64] = {}
        self._swung: dict[tuple[float, float], Float64] = {}
        self._motions: dict[Motion, Float64] = {}

    def log_density(self, axis: int, motion: Motion, noise: float) -> Float64:
        """Log density ``(k,)``, a metre each, of all places along one axis, for each of the ``k`` means.

        Args:
            axis: 0 along the facade, 1 up.
            motion: of that coordinate.
            noise: errors of sightings against what was expected of them.
        """
        covariance = self._covariance(axis, motion, noise)
        values = self._values(axis, motion)
        root, failed = dpotrf(covariance, lower=True, overwrite_a=True)
        if failed:
            return np.full(values.shape[1], -np.inf)
        solved, _ = dpotrs(root, values, lower=True)
        squares = np.einsum("nk,nk->k", values, solved)
        n = len(values)
        return np.asarray(-0.5 * (squares + n * np.log(2.0 * np.pi)) - np.log(np.diag(root)).sum(), np.float64)

    def smooth(self, axis: int, motion: Motion, noise: float) -> Float64:
        """Where it was, likeliest, at the sightings ``(n,)``; the motion has one mean."""
        values = self._values(axis, motion)[:, 0]
        error = np.square(noise * self._path.sd_m[:, axis])
        residual = error * np.linalg.solve(self._covariance(axis, motion, noise), values)
        return np.asarray(self._path.xy_m[:, axis] - residual, np.float64)

    def _values(self, axis: int, motion: Motion) -> Float64:
        """Places ``(n, k)`` about each mean motion."""
        place = self._path.xy_m[:, axis] - self._path.xy_m[0, axis]
        return np.asarray(place[:, None] - np.outer(self._t, motion.mean_mps), np.float64)

    def _covariance(self, axis: int, motion: Motion, noise: float) -> Float64:
        """``(n, n)`` of where the object may be seen."""
        if motion not in self._motions:
            self._motions[motion] = self._motion_covariance(motion)
        covariance = self._motions[motion].copy()
        np.einsum("ii->i", covariance)[:] += np.square(noise * self._path.sd_m[:, axis])
        return covariance

    def _motion_covariance(self, motion: Motion) -> Float64:
        """``(n, n)`` of where the object may be."""
        t = self._t
        covariance = motion.mean_sd_mps**2 * self._products + _ANYWHERE_M**2
        for spread, memory in motion.processes:
            if memory not in self._moved:
                self._moved[memory] = moved(t, memory)
            covariance += spread**2 * self._moved[memory]
        for spread, period, periods in motion.swings:
            if (period, periods) not in self._swung:
                self._swung[period, periods] = swung(t, period, periods)
            covariance += spread**2 * self._swung[period, periods]
        if motion.change_sd_mps2:
            covariance += (0.5 * motion.change_sd_mps2) ** 2 * np.square(self._products)
        if motion.first is not None:
            spread, memory = motion.first
            gone = spread * memory * (1.0 - np.exp(-t / memory))
            covariance += np.outer(gone, gone)
        return covariance


def moved(t_s: Float64, memory_s: float) -> Float64:
    """Covariance ``(n, n)``, m², of where a velocity of 1 m/s with a memory leads from time zero.

    ``τ² (2 min(t, t') / τ + exp(-t / τ) + exp(-t' / τ) - 1 - exp(-|t - t'| / τ))``, for a stationary one.
    """
    earlier, apart = np.minimum.outer(t_s, t_s), np.abs(np.subtract.outer(t_s, t_s))
    forgotten = np.exp(-t_s / memory_s)
    return np.asarray(
        memory_s**2 * (2.0 * earlier / memory_s + np.add.outer(forgotten, forgotten) - 1.0 - np.exp(-apart / memory_s)),
        np.float64,
    )


def swung(t_s: Float64, period_s: float, periods: float) -> Float64:
    """Covariance ``(n, n)``, m², of the place of what swings with a spread of 1 m: a damped oscillator in noise.

    ``exp(-|t - t'| / τ) (cos ω |t - t'| + sin(ω |t - t'|) / (ω τ))``, without corners.

    Args:
        t_s: ``(n,)``.
        period_s: of a swing.
        periods: for how many of them it keeps the beat.
    """
    apart = np.abs(np.subtract.outer(t_s, t_s))
    omega, memory = 2.0 * np.pi / period_s, periods * period_s
    beat = np.cos(omega * apart) + np.sin(omega * apart) / (omega * memory)
    return np.asarray(np.exp(-apart / memory) * beat, np.float64)
