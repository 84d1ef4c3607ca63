"""The background and its noise, and how strongly each pixel of a new frame moves against them.

Recipe (measured in the project's design notes): running mean; each tile's mean difference removed (clouds, flicker);
3x3 box as matched filter for things of a few pixels; the smaller of the difference to the background and to the
response some frames ago, where the signs agree; all in units of the pixel's mean absolute deviation times the tile's
current noise level (a cell-averaging CFAR gate, so that trees and rain lose sensitivity where and while they move).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.detection.settings import DetectionSettings

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Response:
    """What a frame shows against the background, all ``(h, w) float32`` at analysis resolution.

    Attributes:
        difference: signed 3x3-smoothed difference to the background, grey levels.
        moving: lagged, sign-consistent response in units of the local noise; not positive where the signs differ.
        standing: plain response ``|difference|`` in units of the local noise.
    """

    difference: Float32
    moving: Float32
    standing: Float32


class Background:
    """Running mean and mean absolute deviation of one camera's luma, at analysis resolution."""

    def __init__(self, settings: DetectionSettings) -> None:
        self._settings = settings
        self._lagged: deque[Float32] = deque(maxlen=settings.lag_frames)
        self._mean: Float32 | None = None
        self._deviation: Float32 | None = None
        self._age = 0
        self._work: tuple[Float32, ...] = ()

    @property
    def mean(self) -> Float32 | None:
        """``(h, w) float32`` background in grey levels, or None before the first frame."""
        return self._mean

    @property
    def warm(self) -> bool:
        """True once the noise is known well enough to decide anything."""
        return self._age > self._settings.warm_up_frames

    def reset(self) -> None:
        """Forget everything: the next frame starts a new background."""
        self._mean = None
        self._deviation = None
        self._age = 0
        self._lagged.clear()

    def update(self, image: Float32, interval_s: float) -> Response | None:
        """Compare a frame with the background, then learn from it.

        Args:
            image: ``(h, w) float32`` registered luma, grey levels.
            interval_s: time since the previous frame.

        Returns:
            The response (arrays valid until the next call), or None while the background is still being learnt.
        """
        if self._mean is None or self._mean.shape != image.shape:
            self.reset()
            self._mean = image.copy()
            self._deviation = np.full(image.shape, 1.5, np.float32)
            self._work = tuple(np.empty_like(image) for _ in range(5))
        mean, deviation = self._mean, self._deviation
        assert mean is not None and deviation is not None
        difference, level, magnitude, spare, standing = self._work
        self._age += 1
        cv2.subtract(image, mean, dst=difference)
        self._take_out_brightness(difference, level, spare)
        smooth = np.asarray(cv2.boxFilter(difference, cv2.CV_32F, (3, 3)), np.float32)
        np.abs(smooth, out=magnitude)
        response = None
        if self.warm and len(self._lagged) == self._lagged.maxlen:
            response = self._respond(smooth, magnitude, deviation, standing)
        self._lagged.append(smooth)
        self._learn(mean, deviation, difference, level, magnitude, interval_s)
        return response

    def _respond(self, smooth: Float32, magnitude: Float32, deviation: Float32, standing: Float32) -> Response:
        change = cv2.subtract(smooth, self._lagged[0])
        # the smaller of the two where the signs agree, negative elsewhere
        moving = cv2.max(cv2.min(smooth, change), -cv2.max(smooth, change))
        noise = np.maximum(deviation, np.float32(self._settings.noise_floor))
        cv2.divide(magnitude, noise, dst=standing)
        noise *= self._noise_level(standing)
        cv2.divide(magnitude, noise, dst=standing)
        cv2.divide(moving, noise, dst=moving)
        return Response(smooth, np.asarray(moving, np.float32), standing)

    def _learn(
        self,
        mean: Float32,
        deviation: Float32,
        difference: Float32,
        level: Float32,
        magnitude: Float32,
        interval_s: float,
    ) -> None:
        warm_up = 1.0 / (self._age + 1.0)
        rate = max(warm_up, min(1.0, interval_s / self._settings.memory_s))
        noise_rate = max(warm_up, min(1.0, interval_s / self._settings.noise_memory_s))
        # a step of brightness (level) is taken over at once, the rest slowly
        cv2.add(mean, level, dst=mean)
        cv2.scaleAdd(difference, rate, mean, dst=mean)
        # clipped, so that a passing object cannot blind the pixel it crossed
        np.multiply(deviation, 4.0, out=level)
        level += 1.0
        cv2.min(level, magnitude, dst=level)
        cv2.accumulateWeighted(level, deviation, noise_rate)

    def _take_out_brightness(self, difference: Float32, level: Float32, spare: Float32) -> None:
        """Subtract the change of the whole picture and of each tile from ``difference``; leave it in ``level``."""
        h, w = difference.shape
        whole = float(np.median(difference[::8, ::8]))
        difference -= np.float32(whole)
        # things that stand out are clipped: an object must not drag its own tile along
        np.clip(difference, -8.0, 8.0, out=spare)
        coarse = cv2.resize(spare, self._tiles(w, h), interpolation=cv2.INTER_AREA)
        cv2.resize(coarse, (w, h), dst=level, interpolation=cv2.INTER_LINEAR)
        cv2.subtract(difference, level, dst=difference)
        level += np.float32(whole)

    def _noise_level(self, ratio: Float32) -> Float32:
        """How much louder than usual each tile is in this very frame, at least 0.8; clips ``ratio`` in place."""
        h, w = ratio.shape
        # clipped at 6 deviations: one object must not raise the gate on itself
        np.minimum(ratio, 6.0, out=ratio)
        coarse = cv2.resize(ratio, self._tiles(w, h), interpolation=cv2.INTER_AREA)
        coarse = np.maximum(cv2.GaussianBlur(coarse, (3, 3), 0), np.float32(0.8))
        return np.asarray(cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)

    def _tiles(self, w: int, h: int) -> tuple[int, int]:
        tile = self._settings.tile_px
        return max(1, w // tile), max(1, h // tile)
