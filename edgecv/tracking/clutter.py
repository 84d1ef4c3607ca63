"""How many detections are to be expected by chance, and where: trees and rain make their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import Detection

_CELLS = 16


class ClutterMap:
    """Running density of detections over a grid of 16x16 cells."""

    def __init__(self, picture_size_px: tuple[int, int]) -> None:
        self._size = picture_size_px
        self._cell_area_px2 = picture_size_px[0] * picture_size_px[1] / float(_CELLS * _CELLS)
        self._count: NDArray[np.float64] = np.full((_CELLS, _CELLS), 0.02)

    def learn(self, detections: Sequence[Detection]) -> None:
        """Take one frame's detections (time constant 30 frames, so a fall counts little in its own cells)."""
        now = np.zeros((_CELLS, _CELLS))
        for detection in detections:
            now[self._cell(detection)] += 1.0
        self._count += (now - self._count) / 30.0

    def density(self, detection: Detection) -> float:
        """Detections per square pixel and frame around a detection; never below one in 50 frames a cell."""
        row, column = self._cell(detection)
        around = self._count[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        return max(float(around.mean()), 0.02) / self._cell_area_px2

    def _cell(self, detection: Detection) -> tuple[int, int]:
        column = int(_CELLS * detection.x_px / self._size[0])
        row = int(_CELLS * detection.y_px / self._size[1])
        return min(max(row, 0), _CELLS - 1), min(max(column, 0), _CELLS - 1)
