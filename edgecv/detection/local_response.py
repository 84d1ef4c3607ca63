"""The strongest response near a place in one picture, against what chance makes in the same window at other times.

Detection asks of every pixel whether anything is there, so it must be sure; here it is known where to look, and a
response that is nothing special in the whole picture may be the only one in ten pixels within three seconds.

What stands in the window in most pictures (a ghost that the background has not learnt yet) is its median over time and
taken out; the median absolute deviation over time is its noise: of leaves, edges and codecs, at this very place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.detection.difference_history import DifferenceHistory, DifferencePlane
from edgecv.detection.planes import LAG_STEP, SMOOTH_UNIT

Float64 = NDArray[np.float64]
_SD_PER_MAD = 1.4826
"""Of a Gaussian: its median absolute deviation is 0.67 standard deviations."""
_FLOOR_LEVELS = 0.25
"""Smallest noise assumed, grey levels: one step of the planes, with which flat sky is rounded."""
_FEWEST_PICTURES = 12
"""Of a window without the object, to tell what chance makes there."""
_MOST_PICTURES = 32
"""Of them that are compared, spread over the time: more cost more and tell hardly more."""
_GUMBEL_MEAN, _GUMBEL_SD = 0.5772, 1.2825
"""Mean and standard deviation of the standard Gumbel distribution, that of the largest of many (Gumbel 1958)."""
_LEAST_SD = 0.25
"""Smallest spread of a window's maxima, standard deviations of the noise: a dozen of them may lie close by chance."""


@dataclass(frozen=True, slots=True)
class LocalResponse:
    """The strongest response in a window.

    Attributes:
        x_px: column of the centre of what responds there, weighted, pixels of the frame (reference picture).
        y_px: row.
        snr: in standard deviations of the noise there; negative for what is darker than the background.
        levels: smoothed difference, grey levels, signed.
        p_chance: probability that chance makes one as strong in this window.
        area_px2: of the window, pixels of the frame.
        extent_px2: of what responds there with at least half of the strength, within and beyond the window.
    """

    x_px: float
    y_px: float
    snr: float
    levels: float
    p_chance: float
    area_px2: float
    extent_px2: float


def strongest_response(
    history: DifferenceHistory,
    planes: Sequence[DifferencePlane],
    index: int,
    centre_px: tuple[float, float],
    radius_px: tuple[float, float],
    reach_px: float,
    is_elsewhere: NDArray[np.bool_],
) -> LocalResponse | None:
    """Return the strongest response of either sign, or None outside the picture or without a comparison.

    Args:
        history: the ring.
        planes: its planes.
        index: of the plane to look in.
        centre_px: middle of the window, pixels of the frame (reference picture).
        radius_px: half its width and height.
        reach_px: how far from the strongest pixel its region is followed.
        is_elsewhere: ``(n,)`` planes in which the object is not in this window.
    """
    b, (h, w) = history.binning, history.shape
    (left, right), (top, bottom) = (
        (round((c - r + 0.5) / b - 0.5), round((c + r + 0.5) / b - 0.5) + 1)
        for c, r in zip(centre_px, radius_px, strict=True)
    )
    left, right, top, bottom = max(left, 1), min(right, w - 1), max(top, 1), min(bottom, h - 1)
    compared = np.flatnonzero(is_elsewhere)
    if right - left < 2 or bottom - top < 2 or len(compared) < _FEWEST_PICTURES:
        return None
    compared = compared[np.unique(np.linspace(0, len(compared) - 1, _MOST_PICTURES).astype(np.intp))]
    picked = tuple(planes[n] for n in (index, *compared))
    stack = history.responses(picked, slice(top - 1, bottom + 1), slice(left - 1, right + 1)).astype(np.int32)
    now, others = stack[0], stack[1:]
    usual = _median_over_time(others)
    noise = np.maximum(_SD_PER_MAD * _median_over_time(np.abs(others - usual)), _FLOOR_LEVELS * SMOOTH_UNIT / LAG_STEP)
    here = (now - usual) / noise
    inner = np.abs(here[1:-1, 1:-1])
    row, column = np.unravel_index(int(inner.argmax()), inner.shape)
    largest = np.abs((others - usual) / noise)[:, 1:-1, 1:-1].max(axis=(1, 2))
    spread = max(float(largest.std()), _LEAST_SD) / _GUMBEL_SD
    excess = (float(inner[row, column]) - float(largest.mean())) / spread + _GUMBEL_MEAN
    y, x = int(row) + 1, int(column) + 1
    difference = float(now[y, x] - usual[y, x])
    cx, cy, extent = _region(history, planes[index], (left - 1 + x, top - 1 + y), difference, reach_px / b)
    return LocalResponse(
        x_px=(cx + 0.5) * b - 0.5,
        y_px=(cy + 0.5) * b - 0.5,
        snr=float(here[y, x]),
        levels=difference * LAG_STEP / SMOOTH_UNIT,
        p_chance=float(-np.expm1(-np.exp(-min(excess, 30.0)))),
        area_px2=float((right - left) * (bottom - top) * b * b),
        extent_px2=extent * b * b,
    )


def _median_over_time(stack: NDArray[np.int32]) -> NDArray[np.int32]:
    """``(h, w)`` of ``(n, h, w)``; whole numbers sorted along memory take a third of ``np.median``'s time."""
    pixels = np.ascontiguousarray(stack.reshape(len(stack), -1).T)
    pixels.sort(axis=1)
    return pixels[:, len(stack) // 2].reshape(stack.shape[1:])


def _region(
    history: DifferenceHistory, plane: DifferencePlane, peak: tuple[int, int], difference: float, reach: float
) -> tuple[float, float, int]:
    """Centre ``x, y`` and area of the connected pixels of at least half the peak's response, analysis pixels."""
    h, w = history.shape
    (x, y), r = peak, int(np.ceil(reach))
    left, top = max(x - r, 0), max(y - r, 0)
    part = history.responses((plane,), slice(top, min(y + r + 1, h)), slice(left, min(x + r + 1, w)))[0]
    strength = part.astype(np.float64) * (1.0 if difference > 0.0 else -1.0)
    least = max(0.5 * min(abs(difference), float(strength[y - top, x - left])), 1.0)
    _, labels = cv2.connectedComponents((strength >= least).astype(np.uint8), connectivity=8)
    label = labels[y - top, x - left]
    if label == 0:  # a ghost that the median took out was stronger than the response
        return float(x), float(y), 1
    rows, columns = np.nonzero(labels == label)
    weight = strength[rows, columns]
    total = float(weight.sum())
    return left + float(weight @ columns) / total, top + float(weight @ rows) / total, len(rows)
