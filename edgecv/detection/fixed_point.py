"""Numbers in the fixed-point form that both kernels compute with."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

REST_UNIT = 32768.0
"""Of the rest of a shift: one analysis pixel."""
_LEAST_REST = 0.033
"""Analysis pixels: a smaller rest is within the error of the estimate and would only cost time."""


def split_shift(shift_px: float, binning: int) -> tuple[int, int]:
    """Return whole pixels of the frame, and the rest in 1/32768 analysis pixel."""
    whole = math.floor(shift_px + 0.5)
    rest = (shift_px - whole) / binning
    return whole, 0 if abs(rest) < _LEAST_REST else math.floor(rest * REST_UNIT + 0.5)


def split_shifts(shifts_px: NDArray[np.float64], binning: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """The same of many."""
    whole = np.floor(shifts_px + 0.5)
    rest = (shifts_px - whole) / binning
    rest = np.where(np.abs(rest) < _LEAST_REST, 0.0, np.floor(rest * REST_UNIT + 0.5))
    return whole.astype(np.int16), rest.astype(np.int16)


def fixed_rate(rate: float) -> int:
    """Return a rate of learning in 1/65536, from two such steps to just below one half."""
    return min(32767, max(2, round(rate * 65536.0)))


def fixed_brightness(gain: float, offset: float) -> tuple[int, int]:
    """Return gain less one in 1/65536, at most a quarter, and offset in 1/128 grey level, at most 30 levels."""
    return (
        min(16384, max(-16384, round((gain - 1.0) * 65536.0))),
        min(3840, max(-3840, round(offset * 128.0))),
    )
