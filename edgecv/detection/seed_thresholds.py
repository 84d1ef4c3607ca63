"""The response from which a blob starts, by sign and part of the picture: chance makes about as many everywhere (CFAR).

The noise of a wall's edges after compression has longer tails than that of the sky, so that one threshold for both
would drown in detections of the wall or be blind before the sky. Noise makes as many dark as bright blobs: the rarer
sign of a part counts for both, since flakes and drops only brighten by day. Their own sign's threshold rises a little
too: among hundreds of flakes the faintest are of no use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.blobs import QUOTA_CELLS
from edgecv.detection.camera_motion import TILE
from edgecv.detection.planes import Float32
from edgecv.detection.settings import DetectionSettings

Float64 = NDArray[np.float64]


class SeedThresholds:
    """Two thresholds for each cell of the quota's grid, steered to a number of chance blobs.

    Args:
        settings: limits, the number, and how fast.

    Attributes:
        cells: ``(2, 8, 8) float64`` thresholds of dark and bright blobs, in units of the noise.
    """

    def __init__(self, settings: DetectionSettings) -> None:
        self._settings = settings
        self.cells: Float64 = np.full((2, QUOTA_CELLS, QUOTA_CELLS), settings.seed_threshold[1])
        self._recent = np.zeros((2, QUOTA_CELLS**2))

    def reset(self) -> None:
        """Begin with the highest: the noise of a few dozen frames is too uncertain to detect faint things by."""
        self.cells[:] = self._settings.seed_threshold[1]
        self._recent[:] = 0.0

    def steer(self, usual: Float64, count: Float64) -> None:
        """Follow the noise by one frame.

        Args:
            usual: ``(2, 64)`` running numbers of dark and bright blobs a frame in each cell.
            count: ``(2, 64)`` those of this frame.
        """
        s = self._settings
        self._recent += s.recent_rate * (count - self._recent)
        blobs = blobs_like(usual)
        chance = np.maximum(2.0 * blobs.min(axis=0), chance_blobs(self._recent)) / s.chance_detections - 1.0
        crowd = np.where(self.cells < s.crowd_threshold, blobs / s.crowd_detections - 1.0, -1.0)
        excess = np.minimum(1.0, np.maximum(chance, crowd))
        self.cells *= 1.0 + s.threshold_rate * excess
        np.clip(self.cells, *s.seed_threshold, out=self.cells)

    def write(self, tiles: Float32, picture_size: tuple[int, int]) -> None:
        """Set each tile's thresholds to those of the cell in which its middle lies.

        Args:
            tiles: ``(2, tiles_y, tiles_x) float32``, set.
            picture_size: width and height, analysis pixels.
        """
        rows, columns = (
            np.minimum((np.arange(n) + 0.5) * TILE * QUOTA_CELLS / side, QUOTA_CELLS - 1).astype(np.intp)
            for n, side in zip(tiles.shape[1:], picture_size[::-1], strict=True)
        )
        tiles[:] = self.cells[:, rows[:, None], columns]


def blobs_like(usual: Float64) -> Float64:
    """``(2, 8, 8)`` blobs a frame that the whole picture would have if all of it were like the cell.

    A cell alone sees one by chance in sixty frames: its eight neighbours count as well, by half and by a quarter.

    Args:
        usual: ``(2, 64)`` as above.
    """
    grid = np.pad(usual.reshape(2, QUOTA_CELLS, QUOTA_CELLS), ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = grid[:, :, :-2] + 2.0 * grid[:, :, 1:-1] + grid[:, :, 2:]
    blurred = (across[:, :-2] + 2.0 * across[:, 1:-1] + across[:, 2:]) / 16.0
    return np.asarray(QUOTA_CELLS**2 * blurred, np.float64)


def chance_blobs(blobs: Float64) -> float:
    """Blobs that noise makes in the whole picture: of its quieter half and of the rarer sign, for all of it.

    Args:
        blobs: ``(2, 64)`` dark and bright blobs in each cell.
    """
    quieter = np.argsort(blobs.sum(axis=0), kind="stable")[: blobs.shape[1] // 2]
    return 4.0 * float(blobs[:, quieter].sum(axis=1).min())
