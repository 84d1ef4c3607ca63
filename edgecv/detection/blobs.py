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
_RATE = 1.0 / 50.0  # a frame: two seconds of rain are rain


class Quota:
    """Which blobs of a frame are passed on: the strongest, fewer from where many always are (trees, rain, a clock)."""

    def __init__(self, size_px: tuple[int, int], settings: DetectionSettings) -> None:
        self._scale = np.array([_CELLS / size_px[0], _CELLS / size_px[1]])
        self._settings = settings
        self._usual = np.zeros(_CELLS * _CELLS)

    @property
    def by_chance(self) -> float:
        """Blobs a frame that noise alone makes: what the quieter half of the picture shows, for all of it."""
        return 2.0 * float(np.partition(self._usual, _CELLS * _CELLS // 2)[: _CELLS * _CELLS // 2].sum())

    def select(self, blobs: Float32) -> NDArray[np.float64]:
        """Return ``(n, 8) float64`` rows of detections.

        Args:
            blobs: ``(m, 8)`` of :data:`~edgecv.detection.planes.BLOB_COLUMNS`, strongest first.
        """
        s = self._settings
        found = blobs.astype(np.float64)
        place = np.clip(found[:, X : Y + 1] * self._scale, 0, _CELLS - 1).astype(np.intp)
        cell = place[:, 1] * _CELLS + place[:, 0]
        count = np.bincount(cell, minlength=_CELLS * _CELLS)
        if int(count.max(initial=0)) > 1:
            room = np.maximum(2.0, s.max_per_cell / (1.0 + self._usual / 4.0))
            order = np.argsort(cell, kind="stable")
            ordered = cell[order]
            rank = np.empty(len(found), np.intp)
            rank[order] = np.arange(len(found)) - np.searchsorted(ordered, ordered)
            found = found[rank < room[cell]][: s.max_detections]
        self._usual += (count - self._usual) * _RATE
        # one pixel has no variance but is one pixel wide
        found[:, W : H + 1] = np.sqrt(_SIDE_PER_VARIANCE * np.maximum(found[:, W : H + 1], 0.0) + 1.0)
        return found
