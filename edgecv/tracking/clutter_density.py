"""How many detections are to be expected by chance, and where: trees and rain make their own."""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_int64

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import X, Y
from edgecv.native import LIBRARY, address, check_size

Float64 = NDArray[np.float64]
_CELLS = 16
_FEWEST = 0.02  # never below one in 50 frames a cell
_RATE = 1.0 / 30.0  # a frame: a fall counts little in its own cells


class _Grid(ctypes.Structure):
    """``Grid`` of edgecv/native/clutter.c."""

    _fields_ = (
        ("count", c_double * (_CELLS * _CELLS)),
        ("around", c_double * (_CELLS * _CELLS)),
        *((name, c_double) for name in ("scale_x", "scale_y", "cell_area_px2", "fewest", "rate")),
    )


if LIBRARY is not None:
    LIBRARY.edgecv_learn.restype = LIBRARY.edgecv_density.restype = None
    check_size("edgecv_grid_size", ctypes.sizeof(_Grid))


class ClutterMap:
    """Running density of detections over a grid of 16x16 cells.

    Args:
        picture_size_px: width and height.
        compiled: whether to use the C library; where it is, unless told otherwise.
    """

    def __init__(self, picture_size_px: tuple[int, int], compiled: bool = LIBRARY is not None) -> None:
        self._scale = np.array([_CELLS / picture_size_px[0], _CELLS / picture_size_px[1]])
        self._cell_area_px2 = picture_size_px[0] * picture_size_px[1] / float(_CELLS * _CELLS)
        self._grid = _Grid(
            scale_x=self._scale[0],
            scale_y=self._scale[1],
            cell_area_px2=self._cell_area_px2,
            fewest=_FEWEST,
            rate=_RATE,
        )
        self._at = ctypes.byref(self._grid)
        self._is_compiled = compiled
        shape = (_CELLS, _CELLS)
        self._count: Float64 = np.frombuffer(self._grid.count, np.float64).reshape(shape)
        self._around: Float64 = np.frombuffer(self._grid.around, np.float64).reshape(shape)
        self._count[:] = self._around[:] = _FEWEST

    def learn(self, detections: Float64) -> None:
        """Take one frame's ``(m, 8)`` detections (time constant 30 frames)."""
        if self._is_compiled:
            detections = np.ascontiguousarray(detections)
            LIBRARY.edgecv_learn(self._at, address(detections), c_int64(len(detections)))
            return
        row, column = self._cells(detections)
        now = np.bincount(row * _CELLS + column, minlength=_CELLS * _CELLS).reshape(_CELLS, _CELLS)
        self._count += (now - self._count) * _RATE
        self._around[:] = np.maximum(cv2.blur(self._count, (3, 3), borderType=cv2.BORDER_REPLICATE), _FEWEST)

    def density(self, detections: Float64) -> Float64:
        """``(m,)`` detections per square pixel and frame to be expected around each of ``(m, 8)``."""
        if self._is_compiled:
            detections, density = np.ascontiguousarray(detections), np.empty(len(detections))
            LIBRARY.edgecv_density(self._at, address(detections), c_int64(len(detections)), address(density))
            return density
        row, column = self._cells(detections)
        return np.asarray(self._around[row, column] / self._cell_area_px2, np.float64)

    def _cells(self, detections: Float64) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        cell = np.clip(detections[:, X : Y + 1] * self._scale, 0, _CELLS - 1).astype(np.intp)
        return cell[:, 1], cell[:, 0]
