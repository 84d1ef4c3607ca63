"""A camera's temporal noise reduction: a recursive filter that lets go where it believes that something moves.

What it takes for noise it averages away, a small faint thing with it; what it half believes leaves a ghost behind. The
principle is that of E. Dubois & S. Sabri, "Noise reduction in image sequences using motion-compensated temporal
filtering", IEEE Trans. Commun. 32, 1984, without compensation, as cameras have it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
_LEAST_GAIN = 0.08
"""Share of a new frame that the strongest filter takes in where nothing moves: noise falls to a fifth."""
_SEEN_AS_STILL, _SEEN_AS_MOVING = 1.0, 3.0
"""Mean change over a few pixels, in deviations of the noise, below and above which the filter is sure."""
_WINDOW_PX = 5
"""Width over which cameras judge motion: a thing of 2 px changes a tenth of it, and is averaged away."""


class NoiseReduction:
    """Filters one camera's frames in order.

    Args:
        strength: 0 to 1.
        noise_sd: of the frames that come in, grey levels.
    """

    def __init__(self, strength: float, noise_sd: float) -> None:
        self._least = 1.0 - strength * (1.0 - _LEAST_GAIN)
        self._noise_sd = max(noise_sd, 0.5)
        self._before: Float32 | None = None

    def next(self, picture: Float32) -> Float32:
        """Return the filtered ``(h, w) float32`` picture of the next frame."""
        if self._before is None:
            self._before = picture
            return picture
        change = picture - self._before
        size = cv2.blur(np.abs(change), (_WINDOW_PX, _WINDOW_PX)) / np.float32(self._noise_sd)
        moving = np.clip((size - _SEEN_AS_STILL) / (_SEEN_AS_MOVING - _SEEN_AS_STILL), 0.0, 1.0)
        gain = np.float32(self._least) + np.float32(1.0 - self._least) * moving
        self._before = np.asarray(self._before + gain * change, np.float32)
        return self._before
