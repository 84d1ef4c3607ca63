"""Whether a coordinate goes at constant speed: a flake, a drop, a passer-by; nothing that falls freely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
_LINE_CHI2 = 2.0
"""Squared standard deviations a sighting up to which a line explains a path."""
_BEND_CHI2 = 9.0
"""Squared standard deviations of a bend: below three it is none."""
_LEAST_VARIANCE = 0.1
"""Of the scatter about a bent path, in units of the stated: a few points may lie on one by chance."""


def is_steady(t_s: Float64, position_px: Float64, sd_px: Float64, *, is_scatter_measured: bool = False) -> bool:
    """True where a straight line explains a coordinate over time, and a parabola hardly better.

    Args:
        t_s: ``(n,)`` instants, at least three that differ.
        position_px: ``(n,)`` of one coordinate.
        sd_px: ``(n,)`` its errors.
        is_scatter_measured: whether a bend counts against the scatter about the parabola where that is less than
            stated: a large thing's stated error is that of its slow tumbling, which a short bent path need not show.
    """
    t, weight = t_s - t_s[0], 1.0 / sd_px
    # place, velocity and bend made orthogonal to each other: the residuals follow from projections
    place = weight / np.sqrt(weight @ weight)
    velocity = t * weight - (t * weight @ place) * place
    velocity /= max(np.sqrt(velocity @ velocity), 1e-12)
    bend = t * t * weight - (t * t * weight @ place) * place - (t * t * weight @ velocity) * velocity
    bend /= max(np.sqrt(bend @ bend), 1e-12)
    target = (position_px - position_px[0]) * weight
    off_line = float(target @ target) - float(target @ place) ** 2 - float(target @ velocity) ** 2
    bent = float(target @ bend) ** 2
    variance = (off_line - bent) / max(len(t) - 3, 1) if is_scatter_measured else 1.0
    return off_line < _LINE_CHI2 * len(t) and bent < _BEND_CHI2 * min(max(variance, _LEAST_VARIANCE), 1.0)
