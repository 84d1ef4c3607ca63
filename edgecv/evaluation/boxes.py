"""The box of one moving object in each frame: what truth, findings and the score all speak of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BoxPath:
    """Boxes of one object, a row a frame in which it is seen.

    Attributes:
        frames: ``(n,) int64`` frame numbers, strictly increasing, n at least 1.
        t_s: ``(n,) float64`` media time of each frame.
        xywh: ``(n, 4) float64`` centre, width and height in pixels of that frame.
    """

    frames: Int64
    t_s: Float64
    xywh: Float64

    @classmethod
    def of(cls, rows: Iterable[Sequence[float]]) -> BoxPath:
        """Return the path of rows ``frame, t_s, x, y, w, h``; of two rows of one frame the first is kept.

        Raises:
            ValueError: there is no row, or a row has not six finite numbers.
        """
        table = np.array(sorted((list(row) for row in rows), key=lambda row: row[0]), np.float64)
        if table.ndim != 2 or table.shape[1] != 6 or not np.isfinite(table).all():
            raise ValueError("rows must be six finite numbers: frame, t_s, x, y, w, h")
        frames, first_rows = np.unique(table[:, 0].astype(np.int64), return_index=True)
        return cls(frames, table[first_rows, 1], table[first_rows, 2:])

    @property
    def first(self) -> int:
        """First frame it is seen in."""
        return int(self.frames[0])

    @property
    def last(self) -> int:
        """Last frame it is seen in."""
        return int(self.frames[-1])

    @property
    def span(self) -> int:
        """Frames from the first to the last sighting, both included."""
        return self.last - self.first + 1

    def at(self, frames: Int64) -> Float64:
        """Boxes ``(n, 4)`` at frames ``(n,)`` between the first and the last, linear between sightings."""
        columns = [np.interp(frames, self.frames, self.xywh[:, k]) for k in range(4)]
        return np.stack(columns, axis=1)

    def filled(self) -> BoxPath:
        """The same path with a box in every frame between the first and the last sighting."""
        frames = np.arange(self.first, self.last + 1)
        return BoxPath(frames, np.interp(frames, self.frames, self.t_s), self.at(frames))


def iou(a: Float64, b: Float64) -> Float64:
    """Intersection over union ``(n, m)`` of boxes ``(n, 4)`` and ``(m, 4)`` given by centre, width and height."""
    low = np.maximum((a[:, :2] - a[:, 2:] / 2)[:, None], (b[:, :2] - b[:, 2:] / 2)[None])
    high = np.minimum((a[:, :2] + a[:, 2:] / 2)[:, None], (b[:, :2] + b[:, 2:] / 2)[None])
    common = np.prod(np.clip(high - low, 0.0, None), axis=2)
    either = np.prod(a[:, 2:], axis=1)[:, None] + np.prod(b[:, 2:], axis=1)[None] - common
    return np.asarray(np.divide(common, either, out=np.zeros_like(common), where=either > 0.0), np.float64)
