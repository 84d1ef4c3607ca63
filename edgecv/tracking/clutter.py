"""How many detections are to be expected by chance, and where: trees and rain make their own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import X, Y

Float64 = NDArray[np.float64]
_CELLS = 16
_FEWEST = 0.02  # never below one in 50 frames a cell


class ClutterMap:
    """Running density of detections over a grid of 16x16 cells."""

    def __init__(self, picture_size_px: tuple[int, int]) -> None:
        self._scale = np.array([_CELLS / picture_size_px[0], _CELLS / picture_size_px[1]])
        self._cell_area_px2 = picture_size_px[0] * picture_size_px[1] / float(_CELLS * _CELLS)
        self._count: Float64 = np.full((_CELLS, _CELLS), _FEWEST)
        self._around = self._count

    def learn(self, detections: Float64) -> None:
        """Take one frame's ``(m, 8)`` detections (time constant 30 frames: a fall counts little in its own cells)."""
        row, column = self._cells(detections)
        now = np.bincount(row * _CELLS + column, minlength=_CELLS * _CELLS).reshape(_CELLS, _CELLS)
        self._count += (now - self._count) / 30.0
        self._around = np.maximum(cv2.blur(self._count, (3, 3), borderType=cv2.BORDER_REPLICATE), _FEWEST)

    def density(self, detections: Float64) -> Float64:
        """``(m,)`` detections per square pixel and frame to be expected around each of ``(m, 8)``."""
        row, column = self._cells(detections)
        return np.asarray(self._around[row, column] / self._cell_area_px2, np.float64)

    def _cells(self, detections: Float64) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        cell = np.clip(detections[:, X : Y + 1] * self._scale, 0, _CELLS - 1).astype(np.intp)
        return cell[:, 1], cell[:, 0]
