"""Clutter density: how many detections chance makes, and where. Trees and rain make their own."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import X, Y
from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.tracking.settings import TrackingSettings

Float64 = NDArray[np.float64]
CLUTTER_CELLS = 16
"""Of the grid, each way; as in edgecv/native/interface.h."""
_LONGEST_INTERVAL_S = 0.2
"""For which a frame counts: after a gap in the video one alone does not say how many are usual."""


class ClutterDensity:
    """Running density of detections over a grid of 16x16 cells.

    Args:
        picture_size_px: width and height.
        settings: memory and smallest density.
        compiled: whether to use the compiled part; by default, where it is available.
    """

    def __init__(
        self, picture_size_px: tuple[int, int], settings: TrackingSettings | None = None, compiled: bool = AVAILABLE
    ) -> None:
        s = settings or TrackingSettings()
        self._memory_s, self._min_count = s.clutter_memory_s, s.min_clutter_count
        self._scale = np.array([CLUTTER_CELLS / picture_size_px[0], CLUTTER_CELLS / picture_size_px[1]])
        self._cell_area_px2 = picture_size_px[0] * picture_size_px[1] / float(CLUTTER_CELLS * CLUTTER_CELLS)
        self._count: Float64 = np.full((CLUTTER_CELLS, CLUTTER_CELLS), self._min_count)
        self._around = self._count.copy()
        self._is_compiled = compiled
        if compiled:
            self._clutter = ffi.new(
                "Clutter *",
                {
                    "count": pointer(self._count),
                    "around": pointer(self._around),
                    "scale_x": self._scale[0],
                    "scale_y": self._scale[1],
                    "cell_area_px2": self._cell_area_px2,
                    "min_count": self._min_count,
                },
            )

    def update(self, detections: Float64, interval_s: float) -> None:
        """Learn from one frame's ``(m, 8)`` detections; the frame before was ``interval_s`` earlier."""
        rate = 1.0 - math.exp(-min(interval_s, _LONGEST_INTERVAL_S) / self._memory_s)
        if self._is_compiled:
            rows = np.ascontiguousarray(detections)
            lib.edgecv_clutter_update(self._clutter, pointer(rows), len(rows), rate)
            return
        row, column = self._cells(detections)
        now = np.bincount(row * CLUTTER_CELLS + column, minlength=self._count.size).reshape(self._count.shape)
        self._count += (now - self._count) * rate
        self._around[:] = np.maximum(cv2.blur(self._count, (3, 3), borderType=cv2.BORDER_REPLICATE), self._min_count)

    def at(self, detections: Float64) -> Float64:
        """``(m,)`` clutter detections per square pixel and frame around each of ``(m, 8)``."""
        if self._is_compiled:
            detections, density = np.ascontiguousarray(detections), np.empty(len(detections))
            lib.edgecv_clutter_density(self._clutter, pointer(detections), len(detections), pointer(density))
            return density
        row, column = self._cells(detections)
        return np.asarray(self._around[row, column] / self._cell_area_px2, np.float64)

    def _cells(self, detections: Float64) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        cell = np.clip(detections[:, X : Y + 1] * self._scale, 0, CLUTTER_CELLS - 1).astype(np.intp)
        return cell[:, 1], cell[:, 0]
