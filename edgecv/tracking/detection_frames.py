"""A frame's detections, and which of them the tracks have taken."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import c_double, c_int64, c_void_p
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detector import DetectedFrame


class SeenInC(ctypes.Structure):
    """``Seen`` of edgecv/native/tracking.h."""

    _fields_ = (("detections", c_void_p), ("density", c_void_p), ("taken", c_void_p), ("n", c_int64), ("t_s", c_double))


@dataclass(slots=True, eq=False)
class SeenFrame:
    """A frame with new evidence, and which of its detections a track has taken.

    Attributes:
        frame: what was detected.
        detections: ``(m, 8) float64`` the same as an array.
        density: ``(m,) float64`` detections per px² to be expected by chance around each.
        taken: ``(m,) bool``.
    """

    frame: DetectedFrame
    detections: NDArray[np.float64]
    density: NDArray[np.float64]
    taken: NDArray[np.bool_]
    _in_c: SeenInC | None = None

    @property
    def t_s(self) -> float:
        """When the picture was taken."""
        return self.frame.instant_s

    @property
    def in_c(self) -> SeenInC:
        """Where the arrays are; they stay there for as long as the frame is kept."""
        if self._in_c is None:
            arrays = (self.detections, self.density, self.taken)
            assert all(array.flags.c_contiguous for array in arrays)
            self._in_c = SeenInC(*(array.ctypes.data for array in arrays), len(self.taken), self.t_s)
        return self._in_c


def frames_in_c(frames: Sequence[SeenFrame]) -> ctypes.Array[SeenInC]:
    """Frames side by side, as the C library takes several."""
    return (SeenInC * len(frames))(*[frame.in_c for frame in frames])


Hit = tuple[SeenFrame, int]
"""A sighting: the frame, and the detection's row in it."""
