"""Rows of blob measurements become detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import H, W, X, Y
from edgecv.detection.planes import Float32
from edgecv.detection.settings import DetectionSettings

# A variance of n px² along one side is a disc of diameter sqrt(16 n), a bar of length sqrt(12 n); blobs lie between.
_SIDE_PER_VARIANCE = 14.0
_CELLS = 8


def to_detections(blobs: Float32, size_px: tuple[int, int], settings: DetectionSettings) -> NDArray[np.float64]:
    """Return the strongest blobs as rows of detections, and no more than a few from any one part of the picture.

    Args:
        blobs: ``(n, 8)`` of :data:`~edgecv.detection.planes.BLOB_COLUMNS`, strongest first.
        size_px: ``(width, height)`` of the frame.
        settings: limits.
    """
    found = blobs.astype(np.float64)
    if len(found) > settings.max_per_cell:
        found = found[_fair(found, size_px, settings)][: settings.max_detections]
    # one pixel has no variance but is one pixel wide
    found[:, W : H + 1] = np.sqrt(_SIDE_PER_VARIANCE * np.maximum(found[:, W : H + 1], 0.0) + 1.0)
    return found


def _fair(found: NDArray[np.float64], size_px: tuple[int, int], settings: DetectionSettings) -> NDArray[np.bool_]:
    """Which blobs are among the strongest few of their part of the picture."""
    column = (_CELLS * found[:, X] / size_px[0]).astype(np.intp)
    row = (_CELLS * found[:, Y] / size_px[1]).astype(np.intp)
    cell = np.clip(row, 0, _CELLS - 1) * _CELLS + np.clip(column, 0, _CELLS - 1)
    order = np.argsort(cell, kind="stable")
    ordered = cell[order]
    first = np.searchsorted(ordered, ordered)  # where each one's cell begins
    keep = np.zeros(len(found), bool)
    keep[order] = np.arange(len(found)) - first < settings.max_per_cell
    return keep
