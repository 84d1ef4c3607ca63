"""The smoothed differences of the last seconds: where an object went is looked up after its path is known.

The detector compares each picture with the one some frames ago, so it has these planes anyway; this ring holds them for
longer. One byte a pixel, one plane a picture, in the coordinates of the reference picture.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.camera_motion import CameraMotion

Int8 = NDArray[np.int8]
Float32 = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class DifferencePlane:
    """The smoothed difference of one picture.

    Attributes:
        slot: place in the ring.
        level: ``(tiles_y, tiles_x) float32`` noise of this picture in units of the usual.
        frame: frame number; -1 until :meth:`DifferenceHistory.label` is called.
        t_s: media time at which the picture was taken; NaN until then.
        stamp_s: media time of its time stamp.
        motion: of the camera, which was removed.
    """

    slot: int
    level: Float32
    frame: int = -1
    t_s: float = float("nan")
    stamp_s: float = float("nan")
    motion: CameraMotion = field(default_factory=CameraMotion)


class DifferenceHistory:
    """A ring of difference planes; the system gives each plane its memory when it is first written.

    Args:
        shape: of a plane, ``(h, w)`` analysis pixels.
        binning: pixels of the frame to one analysis pixel, each way.
        lag: how many pictures back the detector looks: at least so many are there.
        max_s: how long a plane stays, seconds.
        max_bytes: of all planes together; large or frequent pictures stay for less time.
    """

    def __init__(self, shape: tuple[int, int], binning: int, lag: int, max_s: float, max_bytes: int) -> None:
        self.binning = binning
        self._lag = lag
        self._max_s = max_s
        self._slots = max(lag + 1, max_bytes // (shape[0] * shape[1]))
        self._ring = np.empty((self._slots, *shape), np.int8)
        self._before = np.zeros(shape, np.int8)
        self._planes: deque[DifferencePlane] = deque()
        self._used = 0
        self._free: list[int] = []

    @property
    def shape(self) -> tuple[int, int]:
        """``(h, w)`` of a plane."""
        return self._before.shape[0], self._before.shape[1]

    @property
    def planes(self) -> tuple[DifferencePlane, ...]:
        """The labelled planes, oldest first."""
        return tuple(plane for plane in self._planes if plane.frame >= 0)

    def responses(self, planes: tuple[DifferencePlane, ...], rows: slice, columns: slice) -> Int8:
        """``(n, rows, columns) int8`` of these planes, in steps of ``LAG_STEP`` (a quarter of a grey level)."""
        return np.asarray(self._ring[[plane.slot for plane in planes], rows, columns])

    def begin(self) -> None:
        """The background is made anew: what differed from the last one says nothing about this one."""
        self._free.extend(plane.slot for plane in self._planes)
        self._planes.clear()

    def advance(self, level: Float32) -> tuple[Int8, Int8]:
        """Return the plane of ``lag`` pictures ago (zeros before the first) and the one for this picture.

        Args:
            level: of the tiles; the kernel fills it in, :meth:`label` copies it.
        """
        lagged = self._ring[self._planes[-self._lag].slot] if len(self._planes) >= self._lag else self._before
        slot = self._next_slot()
        self._planes.append(DifferencePlane(slot, level))
        return lagged, self._ring[slot]

    def label(self, frame: int, t_s: float, stamp_s: float, motion: CameraMotion) -> None:
        """Say which picture the newest plane is of; an unlabelled one serves the detector only."""
        if not self._planes:
            return
        newest = self._planes[-1]
        newest.frame, newest.t_s, newest.stamp_s, newest.motion = frame, t_s, stamp_s, motion
        newest.level = newest.level.copy()

    def _next_slot(self) -> int:
        if self._free:
            return self._free.pop()
        if self._used == self._slots or (len(self._planes) > self._lag and self._is_old(self._planes[0])):
            return self._planes.popleft().slot
        self._used += 1
        return self._used - 1

    def _is_old(self, plane: DifferencePlane) -> bool:
        return plane.frame < 0 or self._planes[-1].t_s - plane.t_s >= self._max_s
