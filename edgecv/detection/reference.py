"""The kernel in plain NumPy: the compiled one gives the same bits; this one is used where that was not built.

Recipe: running mean; each tile's mean difference removed (clouds, flicker); 3x3 sum with weights 1-2-1 each way as
matched filter for objects of one to a few pixels; the smaller of the difference to the background and to the response
some frames ago, where the signs agree; all in units of the pixel's mean absolute deviation times the tile's current
noise level (a cell-averaging CFAR gate, so that trees and rain lose sensitivity where and while they move).
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.detection.camera_motion import TILE, CameraMotion, TileShifts
from edgecv.detection.difference_history import DifferenceHistory
from edgecv.detection.fixed_point import fixed_brightness, fixed_rate
from edgecv.detection.planes import (
    BLOB_LIMIT,
    GROW,
    HALO_PERCENT,
    LAG_STEP,
    LIMIT,
    MEAN_LIMIT,
    NOISE_LIMIT,
    NOISE_SLACK,
    NOISE_UNIT,
    RAW_LIMIT,
    SEED,
    SMOOTH_UNIT,
    STEADY_LIMIT,
    UNIT,
    Float32,
    Planes,
    Registration,
    Thresholds,
    UInt8,
    first_compared_row,
)
from edgecv.detection.registration import register, textured_points

Int32 = NDArray[np.int32]


class ReferenceKernel:
    """Per-pixel work in NumPy; see :class:`~edgecv.detection.planes.Kernel`.

    Args:
        planes: the camera's memory.
        history: of the responses; a moving pixel must differ from the one that it says.
        thresholds: of seeds and of growing.
    """

    def __init__(self, planes: Planes, history: DifferenceHistory, thresholds: Thresholds) -> None:
        self.planes = planes
        self.history = history
        self._lagged = planes.response
        self._thresholds = thresholds
        self.shifts = TileShifts(planes.level.shape, planes.binning)
        self._points = np.zeros((0, 2), np.int32)
        self._previous_rows: UInt8 | None = None

    def begin(self, luma: UInt8, noise: float) -> None:
        """Make the frame the background."""
        self.planes.mean[:] = self._load(luma)
        initial = float(np.float32(noise) * np.float32(SMOOTH_UNIT * NOISE_UNIT))
        self.planes.noise[:] = int(min(float(NOISE_LIMIT * NOISE_UNIT), initial))
        self.history.begin()

    def update(self, luma: UInt8, motion: CameraMotion, rates: tuple[float, float], detecting: bool) -> int:
        """Compare a frame with the background, then learn from it."""
        planes = self.planes
        self.shifts.set(motion)
        rate, noise_rate = (fixed_rate(v) for v in rates)
        self._lagged, planes.response = self.history.advance(planes.level)
        above: Int32 | None = None
        foreground = 0
        height = planes.mean.shape[0]
        for row in range(planes.level.shape[0]):
            y0, y1 = row * TILE, min(row * TILE + TILE, height)
            # the background of the rows above has been updated already, so their last difference is remembered
            frame = self._load_rows(luma, y0, min(y1 + 1, height), row)
            difference = np.clip(frame - planes.mean[y0 : y1 + 1].astype(np.int32), -RAW_LIMIT, RAW_LIMIT)
            self._shift_out(difference, y0, row)
            last_row = difference[y1 - y0 - 1].copy()
            smooth = self._smooth(difference, above, row, rate)
            foreground += self._decide(smooth, row, noise_rate, detecting)
            above = last_row
        return foreground

    def blobs(self, luma: UInt8, capacity: int, per_tile: int, max_area: int) -> Float32:
        """Return the blobs of the frame just updated."""
        planes = self.planes
        marked = (planes.mask > 0).astype(np.uint8)
        count, *regions = cv2.connectedComponentsWithStats(marked, connectivity=8)
        labels, stats = (np.asarray(a, np.int32) for a in regions[:2])
        done = np.zeros(count, bool)
        tile_rows = range(planes.level.shape[0])
        frame = np.vstack([self._load_rows(luma, y * TILE, min((y + 1) * TILE, planes.size[1]), y) for y in tile_rows])
        blobs: list[Float32] = []
        for ty, tx in np.argwhere(planes.seeds > 0):
            part = (slice(ty * TILE, ty * TILE + TILE), slice(tx * TILE, tx * TILE + TILE))
            here = 0
            for y, x in np.argwhere(((planes.mask[part] & SEED) > 0) & (planes.excluded[part] == 0)):
                label = int(labels[part][y, x])
                if here == per_tile or done[label]:
                    continue
                done[label] = True
                if stats[label, cv2.CC_STAT_AREA] > max_area or len(blobs) == capacity:
                    continue
                blob = self._measure(labels, stats[label], label, frame)
                if blob is not None:
                    blobs.append(blob)
                    here += 1
        blobs.sort(key=lambda blob: (-blob[6], blob[1], blob[0]))
        return np.array(blobs, np.float32).reshape(-1, 8)

    def choose_points(self, cell: int, min_gradient: float) -> int:
        """Choose the steepest background point of every cell."""
        self._points = textured_points(self.planes.mean, cell, min_gradient)
        return len(self._points)

    def register(self, luma: UInt8, start: Registration, rounds: int, *, turning: bool = False) -> Registration:
        """Find the camera's motion and the brightness of a frame."""
        return register(self._load(luma), self.planes.mean, self._points, start, rounds, turning=turning)

    def brighten(self, gain: float, offset: float) -> None:
        """Apply a change of brightness to the background."""
        g, o = fixed_brightness(gain, offset)
        mean = self.planes.mean.astype(np.int32)
        self.planes.mean[:] = np.clip(mean + ((mean * g) >> 16) + o, 0, MEAN_LIMIT)

    def change(self, luma: UInt8) -> float:
        """Return the mean absolute difference to the frame of the last call."""
        rows = luma[first_compared_row(len(luma)) :: 16].copy()
        previous, self._previous_rows = self._previous_rows, rows
        if previous is None or previous.shape != rows.shape:
            return 255.0
        return float(np.float32(cv2.absdiff(rows, previous).sum(dtype=np.int64)) / np.float32(rows.size))

    def _load(self, luma: UInt8) -> Int32:
        """The frame in 1/128 grey level at analysis resolution."""
        w, h = self.planes.size
        b = self.planes.binning
        return _binned(luma[: h * b, : w * b].astype(np.int32), b)

    def _load_rows(self, luma: UInt8, y0: int, y1: int, tile_row: int) -> Int32:
        """Rows ``y0..y1`` of it, the camera's whole motion taken out as in this row of tiles."""
        w, h = self.planes.size
        b = self.planes.binning
        dx, dy = (np.repeat(shift[tile_row].astype(np.intp), TILE * b)[: w * b] for shift in self.shifts.whole)
        rows = np.clip(np.arange(y0 * b, y1 * b)[:, None] + dy, 0, h * b - 1)
        columns = np.clip(np.arange(w * b) + dx, 0, w * b - 1)
        return _binned(luma[rows, columns].astype(np.int32), b)

    def _shift_out(self, difference: Int32, y0: int, tile_row: int) -> None:
        """frame(x) = background(x - rest) is about background(x) - rest * gradient(x)."""
        rest = self.shifts.rest[:, tile_row].astype(np.int32)
        if not rest.any():
            return
        w = difference.shape[1]
        rest_dx, rest_dy = (np.repeat(part, TILE)[1 : w - 1] for part in rest)
        mean = self.planes.mean.astype(np.int32)
        y = np.arange(y0, y0 + len(difference))
        gy = mean[np.minimum(y + 1, len(mean) - 1)] - mean[np.maximum(y - 1, 0)]
        gx = mean[y][:, 2:] - mean[y][:, :-2]
        step = ((gx * rest_dx) >> 16) + ((gy[:, 1:-1] * rest_dy) >> 16)
        difference[:, 1:-1] += np.clip(step, -RAW_LIMIT, RAW_LIMIT)

    def _smooth(self, difference: Int32, above: Int32 | None, row: int, rate: int) -> Int32:
        """Take each tile's brightness out, learn the mean, and return the weighted 3x3 sums of the row of tiles."""
        planes = self.planes
        h, w = planes.mean.shape
        y0, y1 = row * TILE, min(row * TILE + TILE, h)
        rows = y1 - y0
        for tile in range(planes.level.shape[1]):
            part = np.clip(difference[:rows:2, tile * TILE : tile * TILE + TILE], -STEADY_LIMIT, STEADY_LIMIT)
            planes.offset[row, tile] = int(part.sum() / part.size)  # towards zero, as in C
        offset = np.repeat(planes.offset[row].astype(np.int32), TILE)[:w]
        error = np.clip(difference - offset, -LIMIT, LIMIT)
        mean = planes.mean[y0:y1].astype(np.int32)
        mean += (((error[:rows] + 32768 // rate) * rate) >> 16) + offset
        planes.mean[y0:y1] = np.clip(mean, 0, MEAN_LIMIT)
        first = error[:1] if above is None else np.clip(above - offset, -LIMIT, LIMIT)[None]
        last = error[-1:] if y1 == h else error[:0]
        tall = np.pad(np.vstack([first, error, last]), ((0, 0), (1, 1)), mode="edge")
        across = tall[:, :-2] + 2 * tall[:, 1:-1] + tall[:, 2:]
        return np.asarray((((across[:-2] + across[2:]) >> 1) + across[1:-1]) >> 2, np.int32)[:rows]

    def _decide(self, smooth: Int32, row: int, noise_rate: int, detecting: bool) -> int:
        """Threshold a row of tiles and learn its noise; return how many pixels differ from the background."""
        planes, t = self.planes, self._thresholds
        part = slice(row * TILE, row * TILE + len(smooth))
        noise = planes.noise[part].astype(np.int32)
        size = np.abs(smooth)
        capped = np.minimum(size, np.minimum((noise >> 2) + NOISE_SLACK, NOISE_LIMIT))
        edges = np.arange(0, smooth.shape[1], TILE)
        usual = np.add.reduceat((noise >> 4).sum(axis=0), edges)
        raw = np.add.reduceat(capped.sum(axis=0), edges).astype(np.float32) / np.maximum(usual, 1).astype(np.float32)
        wide = np.pad(raw, 1, mode="edge")
        quarter, half = np.float32(0.25), np.float32(0.5)
        level = np.maximum(quarter * wide[:-2] + half * raw + quarter * wide[2:], np.float32(t.min_level))
        planes.level[row] = level
        change = smooth - self._lagged[part].astype(np.int32) * LAG_STEP
        motion = np.where((smooth < 0) == (change < 0), np.minimum(size, np.abs(change)), 0)
        planes.response[part] = (smooth + LAG_STEP // 2) // LAG_STEP
        dark, bright = (self._gate(noise, sign[row], level, detecting) for sign in planes.seed_threshold)
        seed = motion > np.where(smooth < 0, dark, bright)
        grow = size > self._gate(noise, np.full_like(level, t.grow), level, detecting)
        planes.mask[part] = seed * SEED + grow * GROW
        planes.seeds[row] = np.add.reduceat(seed.sum(axis=0), edges)
        planes.motion[part] = motion
        planes.noise[part] = noise + ((((capped << 4) - noise) * noise_rate) >> 16)
        return int(grow.sum())

    def _gate(self, noise: Int32, threshold: Float32, level: Float32, detecting: bool) -> Int32:
        """The threshold of every pixel, in units of the smoothed difference."""
        if not detecting:
            return np.full(noise.shape, 32766, np.int32)
        times = np.minimum(threshold * level, np.float32(31.9))
        floor = np.minimum(
            times * np.float32(self._thresholds.noise_floor) * np.float32(SMOOTH_UNIT), np.float32(32766)
        )
        w = noise.shape[1]
        factor = np.repeat((times * np.float32(2048.0)).astype(np.int32), TILE)[:w]
        usual = np.minimum((noise * factor) >> 16, 16383) << 1
        return np.asarray(np.maximum(usual, np.repeat(floor.astype(np.int32), TILE)[:w]), np.int32)

    def _measure(self, labels: Int32, box: Int32, label: int, frame: Int32) -> Float32 | None:
        """Centre, extent and contrast from the plain differences, which the 3x3 filter has not widened.

        None where they are all zero: the filter, or a shift by parts of a pixel, brought it here from beside it.
        """
        planes = self.planes
        left, top, w, h = (int(v) for v in box[:4])
        part = (slice(top, top + h), slice(left, left + w))
        inside = labels[part] == label
        difference = np.clip(frame[part] - planes.mean[part].astype(np.int32), -BLOB_LIMIT, BLOB_LIMIT)
        size = np.where(inside, np.abs(difference), 0)
        ys, xs = np.nonzero(size > HALO_PERCENT * int(size.max()) // 100)
        if not len(xs):
            return None
        # sums of whole numbers have no rounding, so both kernels give the same bits
        weight = size[ys, xs].astype(np.int64)
        xs, ys, difference = xs + left, ys + top, difference[ys, xs]
        total = float(weight.sum())
        cx, cy = float(weight @ xs) / total, float(weight @ ys) / total
        x0, y0 = math.floor(cx + 0.5), math.floor(cy + 0.5)
        dx, dy, b = cx - x0, cy - y0, float(planes.binning)
        xx, yy, xy = (int((weight * m).sum()) for m in ((xs - x0) ** 2, (ys - y0) ** 2, (xs - x0) * (ys - y0)))
        blob = [
            (cx + 0.5) * b - 0.5,
            (cy + 0.5) * b - 0.5,
            (xx / total - dx * dx) * (b * b),
            (yy / total - dy * dy) * (b * b),
            len(xs) * b * b,
            int(difference.sum()) / len(xs) / UNIT,
            self._snr(part, inside),
            (xy / total - dx * dy) * (b * b),
        ]
        return np.array(blob, np.float32)

    def _snr(self, part: tuple[slice, slice], inside: NDArray[np.bool_]) -> float:
        """Strongest response of the seeds inside a blob, in units of their noise; in single precision, as in C."""
        planes = self.planes
        ys, xs = np.nonzero(inside & ((planes.mask[part] & SEED) > 0))
        ys, xs = ys + part[0].start, xs + part[1].start
        floor = np.float32(self._thresholds.noise_floor) * np.float32(SMOOTH_UNIT)
        noise = np.maximum(planes.noise[ys, xs].astype(np.float32) / np.float32(NOISE_UNIT), floor)
        snr = planes.motion[ys, xs].astype(np.float32) / noise / planes.level[ys // TILE, xs // TILE]
        return float(snr.max())


def _binned(pixels: Int32, binning: int) -> Int32:
    """Pixels of a frame in 1/128 grey level at analysis resolution."""
    if binning == 1:
        return pixels << 7
    h, w = pixels.shape
    return np.asarray(pixels.reshape(h // 2, 2, w // 2, 2).sum(axis=(1, 3), dtype=np.int32) << 5, np.int32)
