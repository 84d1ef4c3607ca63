"""What a count proves: intervals for shares and for rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, chi2

HOURS_A_DAY = 24.0


@dataclass(frozen=True, slots=True)
class Share:
    """A share of trials with its 95 % interval; all None where there was no trial."""

    hits: int
    trials: int
    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, hits: int, trials: int) -> Share:
        """Return the share ``hits`` of ``trials`` with Wilson's score interval."""
        if trials == 0:
            return cls(hits, trials, None, None, None)
        low, high = wilson(hits, trials)
        return cls(hits, trials, hits / trials, low, high)


def wilson(hits: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a binomial share (E. B. Wilson, JASA 22, 1927).

    Raises:
        ValueError: there are no trials, or more hits than trials.
    """
    if not 0 <= hits <= trials or trials == 0:
        raise ValueError(f"{hits} hits of {trials} trials")
    interval = binomtest(hits, trials).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def poisson_upper(count: int, confidence: float = 0.95) -> float:
    """One-sided upper bound of a Poisson mean of which ``count`` was seen (Garwood 1936); 3.00 for none.

    For a count of zero this is the rule of three: ``-ln 0.05 = 2.996``.
    """
    return float(chi2.ppf(confidence, 2 * (count + 1))) / 2.0


@dataclass(frozen=True, slots=True)
class Rate:
    """A count over some hours, and the 95 % upper bound it leaves; None where no time was seen.

    Attributes:
        count: how many.
        hours: of footage.
        per_hour: the plain ratio.
        bound_per_hour: upper bound of the true rate.
        bound_per_camera_day: the same over 24 h.
    """

    count: int
    hours: float
    per_hour: float | None
    bound_per_hour: float | None
    bound_per_camera_day: float | None

    @classmethod
    def of(cls, count: int, hours: float) -> Rate:
        """Return the rate of ``count`` in ``hours``."""
        if hours <= 0.0:
            return cls(count, hours, None, None, None)
        bound = poisson_upper(count) / hours
        return cls(count, hours, count / hours, bound, bound * HOURS_A_DAY)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, 95th percentile and maximum of n values."""

    n: int
    median: float | None
    p95: float | None
    maximum: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarise values; all None for none."""
        if not values:
            return cls(0, None, None, None)
        return cls(len(values), *(float(np.quantile(values, q)) for q in (0.5, 0.95, 1.0)))
