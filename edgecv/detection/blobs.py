"""Rows of blob measurements become detections."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import CONTRAST, SNR, H, W, X, Y
from edgecv.detection.planes import Float32
from edgecv.detection.settings import DetectionSettings
from edgecv.native import AVAILABLE, ffi, lib, pointer

QUOTA_CELLS = 8
"""Of the quota's grid, each way; as in edgecv/native/interface.h."""


class Quota:
    """Which blobs of a frame are passed on: the most unusual, fewer from where many always are (trees, rain, a clock).

    A blob is as unusual as it is rare that one of its sign, in its part of the picture, is as strong: the expected
    number of such in a frame is ``rate * exp(-excess / mean excess)``, an exponential tail above the threshold. Dark
    and bright ones are counted apart, since flakes and drops only brighten by day.

    Args:
        size_px: width and height of the picture.
        settings: how many may pass.
        compiled: whether to use the compiled part; by default, where it is available.
    """

    def __init__(self, size_px: tuple[int, int], settings: DetectionSettings, compiled: bool = AVAILABLE) -> None:
        self._scale_px = np.array([QUOTA_CELLS / size_px[0], QUOTA_CELLS / size_px[1]])
        self._settings = settings
        shape = (2, QUOTA_CELLS * QUOTA_CELLS)
        self._usual, self._count, self._excess = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self._rarity, self._mean_excess = np.zeros(shape), np.zeros(shape)
        self._is_compiled = compiled
        if compiled:
            self._quota = ffi.new(
                "Quota *",
                {
                    "usual": pointer(self._usual),
                    "count": pointer(self._count),
                    "excess": pointer(self._excess),
                    "rarity": pointer(self._rarity),
                    "scale": pointer(self._mean_excess),
                    "scale_x": self._scale_px[0],
                    "scale_y": self._scale_px[1],
                    "rate": settings.quota_rate,
                    "max_per_cell": settings.max_per_cell,
                    "side_per_variance": settings.side_per_variance,
                    "max_detections": settings.max_detections,
                },
            )

    @property
    def usual(self) -> NDArray[np.float64]:
        """``(2, 64)`` running numbers of dark and bright blobs a frame in each cell."""
        return self._usual

    @property
    def count(self) -> NDArray[np.float64]:
        """``(2, 64)`` blobs of the last frame."""
        return self._count

    def select(self, blobs: Float32, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``(n, 8) float64`` rows of detections, the most unusual first.

        Args:
            blobs: ``(m, 8) float32`` of :data:`~edgecv.detection.planes.BLOB_COLUMNS`, strongest first.
            thresholds: ``(2, 8, 8)`` strength from which a dark and a bright blob is one, by cell.

        Raises:
            MemoryError: there was none.
        """
        rate, mean = self._settings.usual_strength
        np.log(self._usual + rate, out=self._rarity)
        np.negative(self._rarity, out=self._rarity)
        np.divide(self._excess + rate * mean, self._usual + rate, out=self._mean_excess)
        if not self._is_compiled:
            return self._select_in_numpy(blobs, thresholds)
        blobs = np.ascontiguousarray(blobs)
        detections = np.empty((min(len(blobs), self._settings.max_detections), 8))
        thresholds = np.ascontiguousarray(thresholds, np.float64)
        self._quota.thresholds = pointer(thresholds)
        count = lib.edgecv_quota_select(self._quota, ffi.from_buffer("Blob[]", blobs), len(blobs), pointer(detections))
        if count < 0:
            raise MemoryError("no memory to choose among blobs")
        return np.asarray(detections[:count])

    def _select_in_numpy(self, blobs: Float32, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
        s = self._settings
        detections = blobs.astype(np.float64)
        place = np.clip(detections[:, X : Y + 1] * self._scale_px, 0, QUOTA_CELLS - 1).astype(np.intp)
        sign = (detections[:, CONTRAST] > 0).astype(np.intp)
        at = sign * QUOTA_CELLS**2 + place[:, 1] * QUOTA_CELLS + place[:, 0]
        above = np.maximum(detections[:, SNR] - thresholds.ravel()[at], 0.0)
        self._count[:], excess = (np.bincount(at, weight, self._usual.size).reshape(2, -1) for weight in (None, above))
        surprise = self._rarity.flat[at] + above / self._mean_excess.flat[at]
        first = np.argsort(-surprise, kind="stable")
        detections, at = detections[first], at[first]
        quota = np.maximum(2.0, s.max_per_cell / (1.0 + self._usual.ravel() / 4.0))
        order = np.argsort(at, kind="stable")
        ordered = at[order]
        rank = np.empty(len(detections), np.intp)
        rank[order] = np.arange(len(detections)) - np.searchsorted(ordered, ordered)
        detections = detections[rank < quota[at]][: s.max_detections]
        self._usual += (self._count - self._usual) * s.quota_rate
        self._excess += (excess - self._excess) * s.quota_rate
        # one pixel has no variance but is one pixel wide
        sides = s.side_per_variance * np.maximum(detections[:, W : H + 1], 0.0) + 1.0
        detections[:, W : H + 1] = np.sqrt(sides)
        return np.asarray(detections, np.float64)
