"""How sharp, how contrasty and how noisy a picture is, from some of its rows at full resolution.

A sharp edge rises within two pixels, a blurred one within many: the ratio of the steepest rise over 2 px to that over
16 px tells focus whatever the light. The steepest of every tile is taken and then the median tile, so that a burned-in
clock, which is sharp behind any lens, is one tile among a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.visibility.settings import MIN_EDGE_STEP, MIN_TILES, NOISE_EXTREME, ROW_STEP, SHARP_RATIO, TILES_ACROSS

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]

_FINE_PX, _COARSE_PX = 2, 16


@dataclass(frozen=True, slots=True)
class Clarity:
    """What the rows of one picture tell.

    Attributes:
        contrast: step of the edges, grey levels: what three tiles in four stay below.
        sharpness: share of an edge's step that is taken within 2 px, 0 to 1; None where there is no edge to judge.
    """

    contrast: float
    sharpness: float | None

    @property
    def blur_px(self) -> float:
        """Standard deviation of the blur beyond that of a good lens, pixels; 0 where it cannot be told."""
        if self.sharpness is None or self.sharpness >= SHARP_RATIO:
            return 0.0
        return 0.8 * float(np.sqrt(1.0 / max(self.sharpness, 0.03) ** 2 - 1.0 / SHARP_RATIO**2))


def sample_rows(luma: UInt8) -> UInt8:
    """A copy of every eighth row (of more in a small picture), as wide as sixteen equal tiles."""
    every = max(1, min(ROW_STEP, luma.shape[0] // 64))
    wide = luma.shape[1] // TILES_ACROSS * TILES_ACROSS
    return np.ascontiguousarray(luma[every // 2 :: every, :wide])


def noise_between(rows: UInt8, next_rows: UInt8) -> float:
    """Standard deviation of the noise, grey levels, from two pictures in a row; what moves is in few tiles only."""
    difference = _segments(np.asarray(cv2.absdiff(rows, next_rows), np.uint8)).mean(axis=2, dtype=np.float32)
    return float(1.2533 / np.sqrt(2.0) * np.median(_tiles(difference)))


def clarity(rows: UInt8, noise: float) -> Clarity:
    """Judge the rows of :func:`sample_rows`; the noise is its standard deviation in grey levels."""
    fine, coarse = _steps(rows, _FINE_PX), _steps(rows, _COARSE_PX)
    chance = NOISE_EXTREME * noise
    fine = np.sqrt(np.maximum(np.square(fine) - chance**2, 0.0))
    coarse = np.sqrt(np.maximum(np.square(coarse) - chance**2, 0.0))
    clear = coarse > max(MIN_EDGE_STEP, 2.0 * chance)
    contrast = float(np.percentile(coarse, 75.0))
    if int(clear.sum()) < MIN_TILES:
        return Clarity(contrast, None)
    return Clarity(contrast, float(np.median(fine[clear] / coarse[clear])))


def _steps(rows: UInt8, lag: int) -> Float32:
    """Per tile, the steepest rise over ``lag`` pixels: the mean over the tile's rows."""
    rise = np.zeros_like(rows)
    cv2.absdiff(rows[:, lag:], rows[:, :-lag], rise[:, lag:])
    return _tiles(_segments(rise).max(axis=2))


def _segments(rows: UInt8) -> UInt8:
    """Each row cut into its tiles: ``(rows, 16, px)``."""
    return rows.reshape(len(rows), TILES_ACROSS, -1)


def _tiles(segments: NDArray[np.uint8] | Float32) -> Float32:
    """Mean over about nine bands of rows: ``(bands, 16)``."""
    bands = max(1, min(9, len(segments) // 8))
    whole = segments[: len(segments) // bands * bands].astype(np.float32)
    return np.asarray(whole.reshape(bands, -1, TILES_ACROSS).mean(axis=1), np.float32)


class ClarityMeter:
    """Measures the clarity of a stream every few seconds; two pictures in a row tell the noise.

    Args:
        every_s: time between measurements.

    Attributes:
        clarity: the last measurement; that of a picture without edges before the first.
        noise: standard deviation of the noise in it, grey levels.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._sampled: tuple[float, UInt8] | None = None
        self._measured_s = -np.inf
        self.clarity = Clarity(0.0, None)
        self.noise = 0.0

    def feed(self, luma: UInt8, t_s: float) -> None:
        """Take a picture ``(h, w) uint8`` that does not repeat the one before."""
        if self._sampled is not None:
            sampled_s, rows = self._sampled
            self._sampled, self._measured_s = None, sampled_s
            next_rows = sample_rows(luma)
            if next_rows.shape == rows.shape:
                self.noise = noise_between(rows, next_rows)
                self.clarity = clarity(rows, self.noise)
        elif not 0.0 <= t_s - self._measured_s < self._every_s:
            self._sampled = t_s, sample_rows(luma)
