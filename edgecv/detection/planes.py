"""One camera's background model, in the fixed-point units that the compiled and the NumPy kernel share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.camera_motion import TILE, CameraMotion, TileShifts
from edgecv.detection.difference_history import DifferenceHistory

UInt8 = NDArray[np.uint8]
Int8 = NDArray[np.int8]
Int16 = NDArray[np.int16]
Float32 = NDArray[np.float32]

# as in edgecv/native/interface.h
UNIT = 128  # of the mean and of a difference: one grey level
SMOOTH_UNIT = 256  # of a smoothed difference, the sum with weights 1-2-1 each way: one grey level over nine pixels
LAG_STEP = 64  # of the lagged smoothed difference
NOISE_UNIT = 16  # of the noise: one unit of a smoothed difference
LIMIT = 3600  # a difference is clipped here, 28 grey levels, so that eight of them fit 16 bits
RAW_LIMIT = 16000  # of a difference before the tile's brightness is taken out: twice it fits 16 bits
STEADY_LIMIT = 640  # of a difference in a tile's mean, 5 grey levels: one object must not drag its tile along
MEAN_LIMIT = 32640  # brightest background, 255 grey levels
NOISE_SLACK = 64  # smoothed unit: a difference counts for the noise up to four times the usual and this
NOISE_LIMIT = 2000  # smoothed unit: and never more, so that 16 times it fits 16 bits
BLOB_LIMIT = 32000  # of a difference in a blob, 250 grey levels: it fits 16 bits
HALO_PERCENT = 30  # of a blob's peak: weaker differences are compression halos
GROW, SEED = 1, 2  # mask: a blob may grow over this pixel; may start at it

BLOB_COLUMNS = ("x", "y", "xx", "yy", "area", "contrast", "snr", "xy")


def first_compared_row(height: int) -> int:
    """Of the rows by which a picture is compared with the last one, each sixteenth; the middle one of a low picture."""
    return 8 if height > 8 else height // 2


@dataclass(slots=True)
class Planes:
    """The background model of one camera.

    All planes are ``(h, w)`` at analysis resolution: binning x binning pixels of the frame.

    Attributes:
        binning: 1 or 2.
        mean: ``int16`` background, 1/128 grey level.
        noise: ``int16`` mean absolute smoothed difference, 1/16 of its unit.
        response: ``int8`` smoothed difference of this frame, in steps of 64; one of the history's planes.
        motion: ``int16`` lagged minimum, valid where the mask says SEED.
        mask: ``uint8`` GROW and SEED bits of this frame.
        excluded: ``uint8`` 255 where no blob may start.
        offset: ``(tiles_y, tiles_x) int16`` change of brightness taken out of each tile, 1/128 grey level.
        seed_threshold: ``(2, tiles_y, tiles_x) float32`` response that starts a dark and a bright blob, in units of the
            noise; the caller sets it.
        level: ``(tiles_y, tiles_x) float32`` noise of this frame in units of the usual.
        seeds: ``(tiles_y, tiles_x) int32`` pixels that may start a blob.
    """

    binning: int
    mean: Int16
    noise: Int16
    response: Int8
    motion: Int16
    mask: UInt8
    excluded: UInt8
    offset: Int16
    seed_threshold: Float32
    level: Float32
    seeds: NDArray[np.int32]

    @classmethod
    def empty(cls, width_px: int, height_px: int, binning: int) -> Planes:
        """Return planes for frames of this size; a last odd row and column are left out."""
        h, w = height_px // binning, width_px // binning
        tiles = (-(-h // TILE), -(-w // TILE))

        def plane() -> Int16:
            return np.zeros((h, w), np.int16)

        return cls(
            binning,
            plane(),
            plane(),
            np.zeros((h, w), np.int8),
            plane(),
            np.zeros((h, w), np.uint8),
            np.zeros((h, w), np.uint8),
            np.zeros(tiles, np.int16),
            np.full((2, *tiles), np.inf, np.float32),
            np.ones(tiles, np.float32),
            np.zeros(tiles, np.int32),
        )

    @property
    def size(self) -> tuple[int, int]:
        """``(width, height)`` in analysis pixels."""
        return self.mean.shape[1], self.mean.shape[0]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Of growing, and of the noise; in units of the pixel's mean absolute deviation times the tile's level."""

    grow: float
    noise_floor: float
    min_level: float


@dataclass(frozen=True, slots=True)
class Registration:
    """``frame(x + d) = gain * background(x) + offset``, analysis pixels and grey levels.

    Attributes:
        dx: motion of the picture's centre to the right.
        dy: motion down.
        roll: turn about the centre, clockwise, rad.
        zoom: growth about the centre, a share.
        gain: contrast of the frame against the background's.
        offset: brightness against the background's.
        residual: mean absolute difference at the textured points after the fit.
        corner_sd: standard deviation of what roll and zoom move a corner of the picture by.
    """

    dx: float = 0.0
    dy: float = 0.0
    roll: float = 0.0
    zoom: float = 0.0
    gain: float = 1.0
    offset: float = 0.0
    residual: float = 2.0
    corner_sd: float = 0.0


class Kernel(Protocol):
    """One camera's per-pixel work.

    The compiled and the NumPy kernel give the same bits in planes and blobs; registration agrees to rounding.
    """

    planes: Planes
    history: DifferenceHistory
    shifts: TileShifts

    def begin(self, luma: UInt8, noise: float) -> None:
        """Make the frame the background, with this noise in grey levels everywhere."""

    def update(self, luma: UInt8, motion: CameraMotion, rates: tuple[float, float], detecting: bool) -> int:
        """Compare a frame with the background, then learn from it.

        Args:
            luma: ``(height, width) uint8`` frame.
            motion: of the camera, to take out.
            rates: of learning the mean and the noise, below one half.
            detecting: False while the noise is being learnt: nothing is marked.

        Returns:
            The number of analysis pixels that differ from the background.
        """

    def blobs(self, luma: UInt8, capacity: int, per_tile: int, max_area: int) -> Float32:
        """Return ``(n, 8)`` blobs of the frame just updated, strongest first: BLOB_COLUMNS, pixels of the frame.

        Args:
            luma: the frame.
            capacity: most blobs.
            per_tile: most blobs that start in one tile.
            max_area: blobs above this number of analysis pixels are left out.
        """

    def choose_points(self, cell: int, min_gradient: float) -> int:
        """Choose the steepest background point of every cell of this size; return how many there are.

        ``min_gradient`` is the smallest that counts, grey levels a pixel.
        """

    def register(self, luma: UInt8, start: Registration, rounds: int, *, turning: bool = False) -> Registration:
        """Find the camera's motion and the brightness of a frame at the chosen points, beginning at ``start``."""

    def brighten(self, gain: float, offset: float) -> None:
        """Apply a change of gain or brightness of the whole picture to the background."""

    def change(self, luma: UInt8) -> float:
        """Return the mean absolute difference to the frame of the last call, grey levels, on every sixteenth row."""
