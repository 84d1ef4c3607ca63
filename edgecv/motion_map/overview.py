"""The map as people see it: how much of the picture, where, which way, how often."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.motion_map.motion_map import MotionMap, N
from edgecv.motion_map.settings import COLUMNS, DIRECTIONS, ROWS

_HEADINGS = np.arange(DIRECTIONS)


@dataclass(frozen=True, slots=True)
class UsualCell:
    """A cell of the picture in which things go the same way all day.

    Attributes:
        column: from the left, 0 to ``COLUMNS`` - 1.
        row: from above, 0 to ``ROWS`` - 1.
        turn_deg: where most of them go: 0 is right, 90 is down.
        rate_per_hour: how many an hour.
    """

    column: int
    row: int
    turn_deg: float
    rate_per_hour: float


@dataclass(frozen=True, slots=True)
class Overview:
    """Which parts of the picture have usual motion.

    Attributes:
        watched_h: hours that the camera has learnt in, before they faded.
        cells: those with usual motion, row by row.
    """

    watched_h: float
    cells: tuple[UsualCell, ...]

    @classmethod
    def of(cls, motion_map: MotionMap) -> Overview:
        """The overview of a map."""
        rates = motion_map.usual_cells()
        number = motion_map.counts[..., N].sum(axis=2).reshape(ROWS, COLUMNS, DIRECTIONS)
        cells = []
        for row, column in np.argwhere(rates.max(axis=2) > 0.0).tolist():
            first = int(rates[row, column].argmax())
            here, next_one = number[row, column, first], number[row, column, (first + 1) % DIRECTIONS]
            heading = first + float(next_one / max(here + next_one, 1e-9))
            cells.append(UsualCell(column, row, heading * 360.0 / DIRECTIONS, float(rates[row, column].max())))
        return cls(motion_map.age_s / 3600.0, tuple(cells))

    @property
    def share(self) -> float:
        """Share of the picture, 0 to 1."""
        return len(self.cells) / (ROWS * COLUMNS)

    @property
    def rate_per_hour(self) -> float:
        """The most that pass one cell in an hour."""
        return max((cell.rate_per_hour for cell in self.cells), default=0.0)

    def shares_of_ninths(self) -> tuple[float, ...]:
        """How much of each ninth of the picture has usual motion, row by row from the upper left."""
        counts, whole = [0] * 9, [0] * 9
        for row in range(ROWS):
            for column in range(COLUMNS):
                whole[_ninth(row, column)] += 1
        for cell in self.cells:
            counts[_ninth(cell.row, cell.column)] += 1
        return tuple(count / size for count, size in zip(counts, whole, strict=True))


def _ninth(row: int, column: int) -> int:
    return 3 * (3 * row // ROWS) + 3 * column // COLUMNS
