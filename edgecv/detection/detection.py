"""One moving object in one frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

COLUMNS = ("x_px", "y_px", "w_px", "h_px", "area_px", "contrast", "snr", "covariance_px2")
X, Y, W, H, AREA, CONTRAST, SNR, COVARIANCE = range(8)


@dataclass(frozen=True, slots=True)
class Detection:
    """A blob that differs from the background and has just moved.

    Attributes:
        x_px: column of the intensity-weighted centre, pixels of the full-resolution frame.
        y_px: row of the centre.
        w_px: width of the blob's box.
        h_px: height of the blob's box.
        area_px: number of full-resolution pixels in the blob.
        contrast: mean signed difference to the background, grey levels; negative for an object darker than the wall.
        snr: strongest response in units of the local noise (mean absolute deviation).
        covariance_px2: how x and y vary together inside the blob; tells which diagonal a streak lies along.
    """

    x_px: float
    y_px: float
    w_px: float
    h_px: float
    area_px: float
    contrast: float
    snr: float
    covariance_px2: float = 0.0


class Detections(Sequence[Detection]):
    """The detections of one frame as one array, so that a cluttered frame costs no more objects than a quiet one.

    Args:
        array: ``(n, 8) float64``, a row a detection, its columns :data:`COLUMNS`.
    """

    __slots__ = ("array",)

    def __init__(self, array: NDArray[np.float64]) -> None:
        self.array = array

    @classmethod
    def of(cls, detections: Iterable[Detection]) -> Detections:
        """Return the same detections as an array."""
        if isinstance(detections, Detections):
            return detections
        return cls(np.array([astuple(d) for d in detections], np.float64).reshape(-1, len(COLUMNS)))

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> Detection: ...
    @overload
    def __getitem__(self, index: slice) -> Detections: ...
    def __getitem__(self, index: int | slice) -> Detection | Detections:
        if isinstance(index, slice):
            return Detections(self.array[index])
        return Detection(*self.array[index].tolist())
