"""How the camera moved against its background: a shift, a roll about the optical axis and a zoom.

A camera on a pole sways in all of them. A roll of a milliradian moves the corners of a 1080p picture by one pixel, and
an edge that moves by half a pixel looks like something that moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.fixed_point import REST_UNIT, split_shift, split_shifts

TILE = 32
"""Side of a tile, analysis pixels; as in edgecv/native/interface.h."""

Float64 = NDArray[np.float64]
Place = TypeVar("Place", float, Float64)


@dataclass(frozen=True, slots=True)
class CameraMotion:
    """Where a point of the reference picture lies in a frame.

    Attributes:
        dx_px: motion of the picture's centre to the right, pixels of the frame.
        dy_px: downwards.
        roll_rad: turn about the centre, clockwise as seen in the picture.
        zoom: growth about the centre, as a share.
        centre_px: ``(x, y)``.
    """

    dx_px: float = 0.0
    dy_px: float = 0.0
    roll_rad: float = 0.0
    zoom: float = 0.0
    centre_px: tuple[float, float] = (0.0, 0.0)

    @property
    def shift_px(self) -> tuple[float, float]:
        """``(dx, dy)`` of the centre."""
        return self.dx_px, self.dy_px

    @property
    def corner_px(self) -> float:
        """By how much roll and zoom move a corner of the picture."""
        return math.hypot(self.roll_rad, self.zoom) * math.hypot(*self.centre_px)

    @property
    def largest_shift_px(self) -> float:
        """The larger of how far the centre moved sideways and up or down."""
        return max(abs(self.dx_px), abs(self.dy_px))

    def at(self, x_px: Place, y_px: Place) -> tuple[Place, Place]:
        """Return ``(dx, dy)`` to add to points of the reference picture for their places in the frame."""
        x, y = x_px - self.centre_px[0], y_px - self.centre_px[1]
        return (
            self.dx_px + self.zoom * x - self.roll_rad * y,
            self.dy_px + self.roll_rad * x + self.zoom * y,
        )


class TileShifts:
    """A camera's motion as one shift a tile, in the fixed-point form that both kernels compute with.

    Within a tile roll and zoom change it by a hundredth of what they do at a corner.

    Args:
        tiles: ``(tiles_y, tiles_x)``.
        binning: pixels of the frame to one analysis pixel, each way.

    Attributes:
        whole: ``(2, tiles_y, tiles_x) int16`` pixels of the frame, to the right and down.
        rest: the same shape: 1/32768 analysis pixel.
        is_uniform: one shift for all tiles.
        has_rest: whether any tile has one.
    """

    def __init__(self, tiles: tuple[int, int], binning: int) -> None:
        self.whole, self.rest = np.zeros((2, *tiles), np.int16), np.zeros((2, *tiles), np.int16)
        self.is_uniform, self.has_rest = True, False
        self._binning = binning
        y, x = (((np.arange(n) + 0.5) * TILE) * binning - 0.5 for n in tiles)
        self._x_px, self._y_px = np.meshgrid(x, y)

    def set(self, motion: CameraMotion) -> None:
        """Take a frame's motion."""
        self.is_uniform = motion.corner_px == 0.0
        if self.is_uniform:
            for axis, shift_px in enumerate(motion.shift_px):
                self.whole[axis], self.rest[axis] = split_shift(shift_px, self._binning)
            self.has_rest = bool(self.rest[:, 0, 0].any())
            return
        self.has_rest = True
        for axis, shifts_px in enumerate(motion.at(self._x_px, self._y_px)):
            self.whole[axis], self.rest[axis] = split_shifts(shifts_px, self._binning)

    def rest_px(self, x_px: Float64, y_px: Float64) -> tuple[Float64, Float64]:
        """Parts of a pixel of the frame, right and down, by which blobs at these places ``(n,)`` lie beside the
        reference picture's: only whole pixels are taken out where a blob is measured.
        """
        side = TILE * self._binning
        _, tiles_y, tiles_x = self.rest.shape
        row = np.clip(y_px // side, 0, tiles_y - 1).astype(np.intp)
        column = np.clip(x_px // side, 0, tiles_x - 1).astype(np.intp)
        right, down = self.rest[:, row, column] * (self._binning / REST_UNIT)
        return right, down
