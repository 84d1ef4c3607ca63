"""Rows of blob measurements become detections."""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_int64

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import H, W, X, Y
from edgecv.detection.planes import Float32
from edgecv.detection.settings import DetectionSettings
from edgecv.native import LIBRARY, address, check_size

# A variance of n px² along one side is a disc of diameter sqrt(16 n), a bar of length sqrt(12 n); blobs lie between.
_SIDE_PER_VARIANCE = 14.0
_CELLS = 8
_RATE = 1.0 / 50.0  # a frame: two seconds of rain are rain


class _QuotaInC(ctypes.Structure):
    """``Quota`` of edgecv/native/quota.c."""

    _fields_ = (
        ("usual", c_double * (_CELLS * _CELLS)),
        *((name, c_double) for name in ("scale_x", "scale_y", "rate", "max_per_cell")),
        ("max_detections", c_int64),
    )


if LIBRARY is not None:
    LIBRARY.edgecv_select.restype = c_int64
    LIBRARY.edgecv_by_chance.restype = c_double
    check_size("edgecv_quota_size", ctypes.sizeof(_QuotaInC))


class Quota:
    """Which blobs of a frame are passed on: the strongest, fewer from where many always are (trees, rain, a clock).

    Args:
        size_px: width and height of the picture.
        settings: how many may pass.
        compiled: whether to use the C library; where it is, unless told otherwise.
    """

    def __init__(
        self, size_px: tuple[int, int], settings: DetectionSettings, compiled: bool = LIBRARY is not None
    ) -> None:
        self._scale = np.array([_CELLS / size_px[0], _CELLS / size_px[1]])
        self._settings = settings
        self._in_c = _QuotaInC(
            scale_x=self._scale[0],
            scale_y=self._scale[1],
            rate=_RATE,
            max_per_cell=settings.max_per_cell,
            max_detections=settings.max_detections,
        )
        self._at = ctypes.byref(self._in_c)
        self._usual = np.frombuffer(self._in_c.usual, np.float64)
        self._is_compiled = compiled

    @property
    def by_chance(self) -> float:
        """Blobs a frame that noise alone makes: what the quieter half of the picture shows, for all of it."""
        if self._is_compiled:
            return float(LIBRARY.edgecv_by_chance(self._at))
        return 2.0 * float(np.sort(self._usual)[: _CELLS * _CELLS // 2].sum())

    def select(self, blobs: Float32) -> NDArray[np.float64]:
        """Return ``(n, 8) float64`` rows of detections.

        Args:
            blobs: ``(m, 8) float32`` of :data:`~edgecv.detection.planes.BLOB_COLUMNS`, strongest first.
        """
        if not self._is_compiled:
            return self._select_in_numpy(blobs)
        blobs, found = np.ascontiguousarray(blobs), np.empty((min(len(blobs), self._settings.max_detections), 8))
        count = int(LIBRARY.edgecv_select(self._at, address(blobs), c_int64(len(blobs)), address(found)))
        return np.asarray(found[:count])

    def _select_in_numpy(self, blobs: Float32) -> NDArray[np.float64]:
        s = self._settings
        found = blobs.astype(np.float64)
        place = np.clip(found[:, X : Y + 1] * self._scale, 0, _CELLS - 1).astype(np.intp)
        cell = place[:, 1] * _CELLS + place[:, 0]
        count = np.bincount(cell, minlength=_CELLS * _CELLS)
        room = np.maximum(2.0, s.max_per_cell / (1.0 + self._usual / 4.0))
        order = np.argsort(cell, kind="stable")
        ordered = cell[order]
        rank = np.empty(len(found), np.intp)
        rank[order] = np.arange(len(found)) - np.searchsorted(ordered, ordered)
        found = found[rank < room[cell]][: s.max_detections]
        self._usual += (count - self._usual) * _RATE
        # one pixel has no variance but is one pixel wide
        found[:, W : H + 1] = np.sqrt(_SIDE_PER_VARIANCE * np.maximum(found[:, W : H + 1], 0.0) + 1.0)
        return np.asarray(found, np.float64)
