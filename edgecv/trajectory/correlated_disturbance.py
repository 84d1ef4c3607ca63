"""Disturbances of a fall beside the model: gusts, flutter and tumbling, as errors correlated in time.

The model knows a steady wind. Gusts push an object about its path, a sheet or a bag swings of its own, and a tumbling
object's centre wanders: none of this is independent from frame to frame, and taken for noise it makes a fit too sure.
Each is a process with an exponential memory (Ornstein & Uhlenbeck 1930), carried through the linearised equations of
the fall to a covariance of the sightings. How strong each is, the path itself tells: the strengths of highest marginal
likelihood are taken (MacKay 2003, chapter 28).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dtrtrs

from edgecv.trajectory.drag import G_MPS2

Float64 = NDArray[np.float64]

_GUST_MEMORY_S = 0.7
"""A gust of 5 m beside a tower in a wind of some m/s."""
_FLUTTER_MEMORY_S = 0.2
"""A third of a swing of one or two a second."""
_TUMBLE_MEMORY_S = 0.15
"""A tumbling object shows another side within a fraction of a turn."""
_UPRIGHT = (1.0, 0.3, 1.0)
"""Strength along X, Y, Z: beside a wall air moves along it and to and fro, little up and down."""
_FLUTTER_AXES = (1.0, 0.5, 0.7)
"""Strength along X, Y, Z: a sheet slides sideways more than it changes its speed of descent."""
_STEP_S = 0.05
"""Step of the disturbance: a quarter of the flutter's memory."""
_MOST_STEPS = 200
"""Ten seconds of such steps; a longer fall gets longer ones, so that the matrices stay small."""

_NOISES = (0.22, 0.32, 0.47, 0.7, 1.1, 1.7)
_GUSTS_MPS = (0.01, 0.08, 0.3, 0.7, 1.4)
_FLUTTERS_MPS2 = (0.01, 0.5, 2.5)
"""Grids of the three strengths: from none that could be seen to those of paper in a gust."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """How much a path is disturbed.

    Attributes:
        noise: error of a sighting against what was expected of its size.
        gust_mps: standard deviation of the wind about its mean.
        flutter_mps2: standard deviation of the side force on it.
    """

    noise: float = 0.5
    gust_mps: float = 0.2
    flutter_mps2: float = 0.01

    @property
    def log_prior(self) -> float:
        """Most objects are seen better than expected, in little wind, and do not flutter."""
        return float(
            -0.5 * (np.log(self.noise / 0.45) / 0.8) ** 2
            - 0.5 * (np.log(self.gust_mps / 0.2) / 1.7) ** 2
            - 0.5 * (np.log(self.flutter_mps2 / 0.01) / 3.0) ** 2
        )


@dataclass(frozen=True, slots=True, eq=False)
class Disturbance:
    """Covariances of the pixels of ``n`` sightings, for unit strengths.

    Attributes:
        white: variances ``(2, n)`` of independent errors of u and v.
        tumble: covariances ``(2, n, n)`` of u and of v, of a tumbling object's centre.
        gust: covariances ``(3, n, n)``, m², of where gusts of 1 m/s along X, Y, Z push it.
        flutter: the same of a side force of 1 m/s².
        px_per_m: ``(n, 2, 3)`` pixels that a metre along X, Y, Z moves each sighting.
    """

    white: Float64
    tumble: Float64
    gust: Float64
    flutter: Float64
    px_per_m: Float64

    def covariance(self, strengths: Strengths) -> Float64:
        """Of all the pixels, ``(2n, 2n)``, u and v in turn."""
        s = strengths
        total = self.in_pixels(s.gust_mps**2 * self.gust + s.flutter_mps2**2 * self.flutter)
        total += s.noise**2 * self.noise()
        return total

    def noise(self) -> Float64:
        """Covariance ``(2n, 2n)`` of independent errors and tumbling."""
        n = self.white.shape[1]
        total = np.zeros((n, 2, n, 2))
        for axis in range(2):
            total[:, axis, :, axis] = self.tumble[axis]
            total[np.arange(n), axis, np.arange(n), axis] += self.white[axis]
        return total.reshape(2 * n, 2 * n)

    def in_pixels(self, moved: Float64) -> Float64:
        """Covariance ``(2n, 2n)`` of pixels, of that ``(3, n, n)`` of metres along each axis."""
        n = len(self.px_per_m)
        total = np.empty((n, 2, n, 2))
        for p in range(2):
            rows = self.px_per_m[:, p].T[:, :, None] * moved
            for q in range(p + 1):
                block = np.einsum("aij,ja->ij", rows, self.px_per_m[:, q])
                total[:, p, :, q] = block
                if p != q:
                    total[:, q, :, p] = block.T
        return total.reshape(2 * n, 2 * n)


def disturbance(
    times_s: Float64, speed_mps: Float64, terminal_mps: float, px_per_m: Float64, sd_px: Float64, tumble_px: Float64
) -> Disturbance:
    """Return the disturbance of a path.

    Args:
        times_s: ``(n,)`` of the sightings since the launch, not negative, rising.
        speed_mps: ``(n,)`` speed through the air at the sightings.
        terminal_mps: terminal velocity.
        px_per_m: ``(n, 2, 3)`` pixels that a metre along X, Y, Z moves each sighting.
        sd_px: ``(n, 2)`` independent error of each coordinate.
        tumble_px: ``(n, 2)`` lasting error of each coordinate.
    """
    steps = int(np.clip(np.ceil(float(times_s[-1]) / _STEP_S), 8, _MOST_STEPS))
    grid = np.linspace(0.0, float(times_s[-1]), steps + 1)
    since_start = np.concatenate([[0.0], times_s]) if times_s[0] > 0.0 else times_s
    speeds = np.concatenate([speed_mps[:1] * 0.5, speed_mps]) if times_s[0] > 0.0 else speed_mps
    # speed at the middle of each step; drag answers a disturbance across the path once, along it twice over
    rate = G_MPS2 / terminal_mps**2 * np.interp((grid[1:] + grid[:-1]) / 2.0, since_start, speeds)
    alike_gust = _memory(grid[:-1], _GUST_MEMORY_S)
    alike_flutter = _memory(grid[:-1], _FLUTTER_MEMORY_S)
    gusts, flutters = [], []
    for moved, acting in _responses(times_s, grid, rate):
        pulled = moved * acting
        gusts.append(pulled @ alike_gust @ pulled.T)
        flutters.append(moved @ alike_flutter @ moved.T)
    # along the path is down
    order = [0, 1, 0]
    tumbling = tumble_px.T[:, :, None] * tumble_px.T[:, None, :] * _memory(times_s, _TUMBLE_MEMORY_S)
    return Disturbance(
        np.square(sd_px).T,
        tumbling,
        np.square(_UPRIGHT)[:, None, None] * np.stack(gusts)[order],
        np.square(_FLUTTER_AXES)[:, None, None] * np.stack(flutters)[order],
        px_per_m,
    )


def _memory(times_s: Float64, memory_s: float) -> Float64:
    return np.asarray(np.exp(-np.abs(times_s[:, None] - times_s[None, :]) / memory_s), np.float64)


def _responses(times_s: Float64, grid: Float64, rate: Float64) -> Iterator[tuple[Float64, Float64]]:
    """What an acceleration during one step does later, across the path and along it, where drag acts twice over.

    Args:
        times_s: ``(n,)``.
        grid: ``(steps + 1,)`` edges of the steps.
        rate: ``(steps,)`` 1/s, at which drag undoes a difference of velocity across the path.

    Yields:
        Metres ``(n, steps)`` that 1 m/s² during a step moves the object by each time; the rate ``(steps,)`` there.
    """
    step, steps = float(grid[1] - grid[0]), len(rate)
    at = np.clip(times_s / step, 0.0, steps)
    lower = np.minimum(at.astype(np.intp), steps - 1)
    share = (at - lower)[:, None]
    for acting in (rate, 2.0 * rate):
        undone = np.concatenate([[0.0], np.cumsum(acting * step)])
        # velocity left at each edge of what each step gave
        velocity = step * np.exp(np.minimum(undone[1:] - undone[:, None], 0.0))
        velocity[np.arange(steps + 1)[:, None] <= np.arange(steps)] = 0.0
        moved = np.zeros((steps + 1, steps))
        np.cumsum(0.5 * step * (velocity[1:] + velocity[:-1]), axis=0, out=moved[1:])
        yield np.asarray((1.0 - share) * moved[lower] + share * moved[lower + 1], np.float64), acting


def strengths_of(disturbed: Disturbance, residual: Float64, response: Float64) -> Strengths:
    """Return the strengths of highest marginal likelihood.

    Args:
        disturbed: covariances for unit strengths.
        residual: ``(2n,)`` pixels, observed less predicted at the most probable parameters without the priors' pull.
        response: ``(2n, p)`` pixels, derivative of the prediction by each parameter times the parameter's prior
            spread.
    """
    noise = disturbed.noise()
    gusts, flutters = disturbed.in_pixels(disturbed.gust), disturbed.in_pixels(disturbed.flutter)
    independent = response @ response.T
    best, highest = Strengths(), -np.inf
    for gust, flutter in product(_GUSTS_MPS, _FLUTTERS_MPS2):
        lasting = gust**2 * gusts + flutter**2 * flutters + independent
        for strengths in (Strengths(one, gust, flutter) for one in _NOISES):
            root, failed = dpotrf(strengths.noise**2 * noise + lasting, lower=True, overwrite_a=True)
            if failed:
                continue
            white, _ = dtrtrs(root, residual, lower=True)
            score = strengths.log_prior - 0.5 * float(white @ white) - float(np.log(np.diag(root)).sum())
            if score > highest:
                best, highest = strengths, score
    return best
