"""Rows of blob measurements become detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import H, W, X, Y
from edgecv.detection.planes import Float32
from edgecv.detection.settings import DetectionSettings
from edgecv.native import AVAILABLE, ffi, lib, pointer

QUOTA_CELLS = 8
"""Of the quota's grid, each way; as in edgecv/native/interface.h."""


class Quota:
    """Which blobs of a frame are passed on: the strongest, fewer from where many always are (trees, rain, a clock).

    Args:
        size_px: width and height of the picture.
        settings: how many may pass.
        compiled: whether to use the compiled part; by default, where it is available.
    """

    def __init__(self, size_px: tuple[int, int], settings: DetectionSettings, compiled: bool = AVAILABLE) -> None:
        self._scale = np.array([QUOTA_CELLS / size_px[0], QUOTA_CELLS / size_px[1]])
        self._settings = settings
        self._usual = np.zeros(QUOTA_CELLS * QUOTA_CELLS)
        self._is_compiled = compiled
        if compiled:
            self._quota = ffi.new(
                "Quota *",
                {
                    "usual": pointer(self._usual),
                    "scale_x": self._scale[0],
                    "scale_y": self._scale[1],
                    "rate": settings.quota_rate,
                    "max_per_cell": settings.max_per_cell,
                    "side_per_variance": settings.side_per_variance,
                    "max_detections": settings.max_detections,
                },
            )

    @property
    def noise_blobs(self) -> float:
        """Blobs a frame that noise alone makes: what the quieter half of the picture has, for all of it."""
        if self._is_compiled:
            return float(lib.edgecv_quota_noise_blobs(self._quota))
        return 2.0 * float(np.sort(self._usual)[: len(self._usual) // 2].sum())

    def select(self, blobs: Float32) -> NDArray[np.float64]:
        """Return ``(n, 8) float64`` rows of detections.

        Args:
            blobs: ``(m, 8) float32`` of :data:`~edgecv.detection.planes.BLOB_COLUMNS`, strongest first.
        """
        if not self._is_compiled:
            return self._select_in_numpy(blobs)
        blobs = np.ascontiguousarray(blobs)
        detections = np.empty((min(len(blobs), self._settings.max_detections), 8))
        count = lib.edgecv_quota_select(self._quota, ffi.from_buffer("Blob[]", blobs), len(blobs), pointer(detections))
        return np.asarray(detections[:count])

    def _select_in_numpy(self, blobs: Float32) -> NDArray[np.float64]:
        s = self._settings
        detections = blobs.astype(np.float64)
        place = np.clip(detections[:, X : Y + 1] * self._scale, 0, QUOTA_CELLS - 1).astype(np.intp)
        cell = place[:, 1] * QUOTA_CELLS + place[:, 0]
        count = np.bincount(cell, minlength=len(self._usual))
        quota = np.maximum(2.0, s.max_per_cell / (1.0 + self._usual / 4.0))
        order = np.argsort(cell, kind="stable")
        ordered = cell[order]
        rank = np.empty(len(detections), np.intp)
        rank[order] = np.arange(len(detections)) - np.searchsorted(ordered, ordered)
        detections = detections[rank < quota[cell]][: s.max_detections]
        self._usual += (count - self._usual) * s.quota_rate
        # one pixel has no variance but is one pixel wide
        sides = s.side_per_variance * np.maximum(detections[:, W : H + 1], 0.0) + 1.0
        detections[:, W : H + 1] = np.sqrt(sides)
        return np.asarray(detections, np.float64)
