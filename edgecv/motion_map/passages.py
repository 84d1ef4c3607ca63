"""A track as passages: through which cells it went, in which direction, how fast and how brightly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.motion_map.settings import COLUMNS, DIRECTIONS, REFERENCE_HEIGHT, ROWS, SLOWEST, SPEEDS
from edgecv.tracking.track import TrackPoint

Float64 = NDArray[np.float64]
Index = NDArray[np.intp]
_SAMPLES_A_CELL = 4.0
_MOST_SAMPLES = 400
_SMOOTH_S = 0.1
"""Positions are compared over twice this time: half a pixel of noise is then 2.5 px/s."""


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """One passage a cell, however often or long the object was in it.

    Attributes:
        cell: ``(n,)`` row times ``COLUMNS`` plus column.
        t_s: ``(n,)`` media time in the middle of the cell.
        heading: ``(n,)`` angle in eighths of a turn, 0 to 8: 0 is right, 2 is down.
        octave: ``(n,)`` logarithm of speed in octaves above ``SLOWEST``.
        place: ``(n, 2)`` position against the cell's middle, in cells, right and down.
        light: ``(n,)`` logarithm of area times contrast, grey levels times pixels of a picture 1080 high.
        way: ``(n,)`` length of the way through it, in cells.
        displacement: between the first and the last position, in cells.
    """

    cell: Index
    t_s: Float64
    heading: Float64
    octave: Float64
    place: Float64
    light: Float64
    way: Float64
    displacement: float

    @property
    def straightness(self) -> float:
        """Displacement over length, 0 to 1."""
        length = float(self.way.sum())
        return self.displacement / length if length > 0.0 else 0.0


def passages_of(points: Sequence[TrackPoint], size_px: tuple[int, int]) -> Passages:
    """Follow a path through the cells.

    Args:
        points: at least two, in order of time.
        size_px: ``(width, height)`` of the picture.
    """
    width, height = size_px
    cell_px = height / ROWS  # speeds and lengths are measured in one unit, whatever the picture's shape
    t = np.array([p.t_s for p in points])
    uv = np.array([[p.detection.x_px, p.detection.y_px] for p in points])
    size = (REFERENCE_HEIGHT / height) ** 2
    light = np.log(np.maximum([size * p.detection.area_px * abs(p.detection.contrast) for p in points], 1e-3))
    steps = np.hypot(*np.diff(uv, axis=0).T)
    reached = np.concatenate([[0.0], np.cumsum(np.maximum(steps, 1e-9))])
    count = int(np.clip(np.ceil(_SAMPLES_A_CELL * reached[-1] / cell_px), 2, _MOST_SAMPLES))
    times = np.interp((np.arange(count) + 0.5) / count * reached[-1], reached, t)
    at = _positions(times, t, uv)
    early, late = np.maximum(times - _SMOOTH_S, t[0]), np.minimum(times + _SMOOTH_S, t[-1])
    velocity = (_positions(late, t, uv) - _positions(early, t, uv)) / np.maximum(late - early, 1e-6)[:, None]
    in_cells = at / np.array([width / COLUMNS, height / ROWS])
    corner = np.clip(np.floor(in_cells), 0, (COLUMNS - 1, ROWS - 1))
    cells, member = np.unique((corner[:, 1] * COLUMNS + corner[:, 0]).astype(np.intp), return_inverse=True)
    number = np.bincount(member)

    def mean(values: Float64) -> Float64:
        return np.asarray(np.bincount(member, values) / number, np.float64)

    vx, vy = mean(velocity[:, 0]), mean(velocity[:, 1])
    middle = in_cells - corner - 0.5
    speed = np.hypot(vx, vy) / height
    return Passages(
        cells,
        mean(times),
        np.arctan2(vy, vx) / (2.0 * np.pi) * DIRECTIONS % DIRECTIONS,
        np.clip(np.log2(np.maximum(speed, 1e-9) / SLOWEST), 0.0, SPEEDS - 1e-6),
        np.column_stack([mean(middle[:, 0]), mean(middle[:, 1])]),
        mean(np.interp(times, t, light)),
        number * (reached[-1] / count / cell_px),
        float(np.hypot(*(uv[-1] - uv[0]))) / cell_px,
    )


def offsets(place: Float64, direction: Index) -> Float64:
    """How far to the side of a line through the cell's middle in this direction, cells."""
    angle = direction * (2.0 * np.pi / DIRECTIONS)
    return np.asarray(place[:, 1] * np.cos(angle) - place[:, 0] * np.sin(angle), np.float64)


def _positions(times: Float64, t: Float64, uv: Float64) -> Float64:
    return np.column_stack([np.interp(times, t, uv[:, 0]), np.interp(times, t, uv[:, 1])])
