"""Numbers in the fixed-point form that both kernels compute with."""

from __future__ import annotations

import math


def split_shift(shift_px: float, binning: int) -> tuple[int, int]:
    """Return whole pixels of the frame, and the rest in 1/32768 analysis pixel."""
    whole = math.floor(shift_px + 0.5)
    rest = (shift_px - whole) / binning
    # a rest below 1/30 pixel is within the error of the estimate and would only cost time
    return whole, 0 if abs(rest) < 0.033 else math.floor(rest * 32768.0 + 0.5)


def fixed_rate(rate: float) -> int:
    """Return a rate of learning in 1/65536, from two such steps to just below one half."""
    return min(32767, max(2, round(rate * 65536.0)))


def fixed_brightness(gain: float, offset: float) -> tuple[int, int]:
    """Return gain less one in 1/65536, at most a quarter, and offset in 1/128 grey level, at most 30 levels."""
    return (
        min(16384, max(-16384, round((gain - 1.0) * 65536.0))),
        min(3840, max(-3840, round(offset * 128.0))),
    )
