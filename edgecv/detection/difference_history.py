"""The smoothed differences of the last seconds: where an object went is looked up after its path is known.

The detector compares each picture with the one some frames ago, so it has these planes anyway; this ring holds them for
longer. One byte a pixel, one plane a picture, in the coordinates of the reference picture.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int8 = NDArray[np.int8]
Float32 = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class DifferencePlane:
    """The smoothed difference of one picture.

    Attributes:
        response: ``(h, w) int8`` signed, in steps of ``LAG_STEP`` (0.22 grey level), at analysis resolution.
        level: ``(tiles_y, tiles_x) float32`` noise of this picture in units of the usual.
        frame: frame number; -1 until :meth:`DifferenceHistory.label` is called.
        t_s: media time at which the picture was taken; NaN until then.
        stamp_s: media time of its time stamp.
        shift_px: camera motion that was removed, pixels of the frame.
    """

    response: Int8
    level: Float32
    frame: int = -1
    t_s: float = float("nan")
    stamp_s: float = float("nan")
    shift_px: tuple[float, float] = (0.0, 0.0)


class DifferenceHistory:
    """A ring of difference planes; memory is taken as pictures come.

    Args:
        lag: how many pictures back the detector looks: at least so many are there.
        max_s: how long a plane stays, seconds.
        max_bytes: of all planes together; large or frequent pictures stay for less time.
    """

    def __init__(self, lag: int, max_s: float, max_bytes: int) -> None:
        self._lag = lag
        self._max_s = max_s
        self._max_bytes = max_bytes
        self._planes: deque[DifferencePlane] = deque()
        self._free: list[Int8] = []
        self._before: Int8 | None = None

    @property
    def planes(self) -> tuple[DifferencePlane, ...]:
        """The labelled planes, oldest first."""
        return tuple(plane for plane in self._planes if plane.frame >= 0)

    def begin(self) -> None:
        """The background is made anew: what differed from the last one says nothing about this one."""
        self._free.extend(plane.response for plane in self._planes)
        self._planes.clear()

    def advance(self, level: Float32, shape: tuple[int, int]) -> tuple[Int8, Int8]:
        """Return the plane of ``lag`` pictures ago (zeros before the first) and the one for this picture.

        Args:
            level: of the tiles; the kernel fills it in, :meth:`label` copies it.
            shape: of a plane.
        """
        if self._before is None:
            self._before = np.zeros(shape, np.int8)
        lagged = self._planes[-self._lag].response if len(self._planes) >= self._lag else self._before
        response = self._plane(shape)
        self._planes.append(DifferencePlane(response, level))
        return lagged, response

    def label(self, frame: int, t_s: float, stamp_s: float, shift_px: tuple[float, float]) -> None:
        """Say which picture the newest plane is of; an unlabelled one serves the detector only."""
        if not self._planes:
            return
        newest = self._planes[-1]
        newest.frame, newest.t_s, newest.stamp_s, newest.shift_px = frame, t_s, stamp_s, shift_px
        newest.level = newest.level.copy()

    def _plane(self, shape: tuple[int, int]) -> Int8:
        if self._free:
            return self._free.pop()
        if len(self._planes) > self._lag and self._is_full(shape):
            return self._planes.popleft().response
        return np.empty(shape, np.int8)

    def _is_full(self, shape: tuple[int, int]) -> bool:
        oldest, newest = self._planes[0], self._planes[-1]
        if oldest.frame < 0 or newest.t_s - oldest.t_s >= self._max_s:
            return True
        return (len(self._planes) + 1) * shape[0] * shape[1] > self._max_bytes
