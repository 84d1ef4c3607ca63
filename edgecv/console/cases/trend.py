"""Is it getting better? A rate that grows or falls by the same share each year, fitted to counts of months."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.console.settings import TREND_CASES, TREND_MONTHS

_Z90 = 1.645


@dataclass(frozen=True, slots=True)
class Trend:
    """How the number of cases changes.

    Attributes:
        factor: what a year's number is, of the year's before: 0.4 is six tenths fewer.
        low: lower end of its 90 % interval.
        high: upper end.
        fitted: expected cases of each month.
    """

    factor: float
    low: float
    high: float
    fitted: tuple[float, ...]

    @property
    def is_clear(self) -> bool:
        """Whether chance alone would hardly show such a change."""
        return self.high < 1.0 or self.low > 1.0


def trend_of(counts: Sequence[int]) -> Trend | None:
    """The trend of monthly counts, or None where there are too few months or cases to tell one.

    Poisson regression on time with a logarithmic link (McCullagh & Nelder 1989, ch. 6), by iterated least squares;
    where months scatter more than chance lets them, the interval is widened by as much.

    Args:
        counts: of whole months, in order, those without a case among them.
    """
    if len(counts) < TREND_MONTHS or sum(counts) < TREND_CASES:
        return None
    y: NDArray[np.float64] = np.asarray(counts, np.float64)
    years = (np.arange(len(y)) - (len(y) - 1) / 2.0) / 12.0
    design = np.column_stack([np.ones(len(y)), years])
    mu: NDArray[np.float64] = y + 0.5
    beta: NDArray[np.float64] = np.zeros(2)
    for _ in range(50):
        working = np.log(mu) + (y - mu) / mu
        before = beta
        beta = np.asarray(np.linalg.solve(_information(design, mu), design.T @ (mu * working)), np.float64)
        mu = np.asarray(np.exp(np.clip(design @ beta, -30.0, 30.0)), np.float64)
        if np.abs(beta - before).max() < 1e-9:
            break
    scatter = max(1.0, float(np.sum(np.square(y - mu) / mu)) / max(1, len(y) - 2))
    sd = float(np.sqrt(scatter * np.linalg.inv(_information(design, mu))[1, 1]))
    low, middle, high = np.exp(np.clip([beta[1] - _Z90 * sd, beta[1], beta[1] + _Z90 * sd], -30.0, 30.0))
    return Trend(float(middle), float(low), float(high), tuple(float(m) for m in mu))


def _information(design: NDArray[np.float64], mu: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((design * mu[:, None]).T @ design, np.float64)
