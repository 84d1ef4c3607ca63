"""A scan: the detections of one frame, and which of them the tracks have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detector import DetectedFrame
from edgecv.native import ffi, pointer


@dataclass(slots=True, eq=False)
class Scan:
    """A frame with new evidence, and which of its detections are assigned to a track.

    Attributes:
        frame: the detector's result.
        detections: ``(m, 8) float64`` its detections as an array.
        clutter: ``(m,) float64`` clutter density around each, detections per px².
        assigned: ``(m,) bool``.
        number: of the scan among all of the tracker.
        t_s: when the picture was taken.
    """

    frame: DetectedFrame
    detections: NDArray[np.float64]
    clutter: NDArray[np.float64]
    assigned: NDArray[np.bool_]
    number: int = 0
    t_s: float = field(init=False)
    _struct: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.t_s = self.frame.instant_s

    @property
    def struct(self) -> Any:
        """C's ``Scan``, which points into the arrays."""
        if self._struct is None:
            arrays = (pointer(self.detections), pointer(self.clutter), pointer(self.assigned))
            fields = dict(zip(("detections", "clutter", "assigned"), arrays, strict=True))
            self._struct = ffi.new("Scan *", {**fields, "n": len(self.assigned), "t_s": self.t_s})
        return self._struct


def scan_array(scans: Sequence[Scan]) -> Any:
    """Scans side by side, as C takes several."""
    return ffi.new("Scan[]", [scan.struct[0] for scan in scans])


Hit = tuple[Scan, int]
"""A detection of a track: the scan, and the detection's row in it."""


def gather(hits: Sequence[Hit]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ``(n,)`` instants and ``(n, 8)`` detections of a track's hits."""
    return np.array([scan.t_s for scan, _ in hits]), np.array([scan.detections[row] for scan, row in hits])
