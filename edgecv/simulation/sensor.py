"""The sensor: noise that is a little smooth, hot columns by night, and eight bits."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.simulation.noise_reduction import NoiseReduction
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES
from edgecv.simulation.scene import Scene

Float32 = NDArray[np.float32]
_SHIFT = 257
"""Range of random shifts, pixels: a prime, so that no pattern returns."""


class Sensor:
    """Adds noise of the scene's deviation and rounds to 8 bits.

    One noise field is shifted at random from frame to frame: as random as a fresh one to a detector, and twenty times
    cheaper. Half of its power is smooth over about a pixel, as a camera's own noise reduction leaves it.
    """

    def __init__(self, scene: Scene) -> None:
        rng = scene.rng("noise")
        width, height = scene.size
        field = rng.standard_normal((height + _SHIFT, width + _SHIFT), dtype=np.float32)
        smooth = cv2.GaussianBlur(field, (0, 0), 0.8)
        field = 0.7 * field + 0.7 * smooth / max(1e-6, float(smooth.std()))
        gain = 1.0
        self._fixed: Float32 | None = None
        if "ir_noise" in scene.nuisances:
            parameters = NUISANCES["ir_noise"].complete(scene.nuisances["ir_noise"])
            gain = 1.0 + (parameters["gain"] - 1.0) * parameters["strength"]
            columns = 0.8 * rng.standard_normal((1, width)) + 0.5 * rng.standard_normal((height, width))
            self._fixed = np.asarray(columns, np.float32)
        self._noise = np.asarray(field * np.float32(gain * scene.noise_sd / max(1e-6, float(field.std()))), np.float32)
        self._scene = scene
        strength = scene.processing.noise_reduction
        # the filter's threshold follows the noise: what changes by less is taken for noise
        self._filter = NoiseReduction(strength, gain * scene.noise_sd) if strength > 0.0 else None

    def read(self, picture: Float32, index: int) -> NDArray[np.uint8]:
        """The ``(h, w) uint8`` picture of a frame."""
        height, width = picture.shape
        dy, dx = (int(v) for v in self._scene.rng("noise", index).integers(0, _SHIFT, 2))
        if self._fixed is not None:
            picture += self._fixed
        noise = self._noise[dy : dy + height, dx : dx + width]
        if self._filter is not None:
            filtered = self._filter.next(np.asarray(picture + noise, np.float32))
            return np.asarray(np.clip(np.round(filtered), 0, 255), np.uint8)
        return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)
