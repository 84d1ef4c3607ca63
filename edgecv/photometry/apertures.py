"""The shape in which a moving object's light is summed: all within some pixels of the way it went in one exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Aperture:
    """One place of a path on its crop.

    Attributes:
        left: column of the crop's first pixel.
        top: row of it.
        shape: its height and width.
        streak_px: ``(2,)`` half the way of the object's centre during the longest exposure.
        centre_px: ``(2,)`` within the crop.
    """

    left: int
    top: int
    shape: tuple[int, int]
    streak_px: Float64
    centre_px: Float64

    def distance_px(self, share: float) -> Float32:
        """Distance ``(h, w)`` of each pixel from the way it went in a ``share`` of the longest exposure."""
        return distance_from_segment(self.shape, self.centre_px, self.streak_px * share)


def covered(distance_px: Float32, radius_px: float, blur_px: float) -> Float32:
    """Where an object was, as shares of its time; sums to 1."""
    edge = np.float32(max(0.5, blur_px))
    cover = np.clip((np.float32(radius_px) + edge - distance_px) / (2.0 * edge), 0.0, 1.0)
    return np.asarray(cover / max(float(cover.sum()), 1e-6), np.float32)


def soft_disc(distance_px: Float32, radius_px: float) -> Float32:
    """1 within a radius, 0 beyond it."""
    return np.asarray(np.clip(np.float32(radius_px + 0.5) - distance_px, 0.0, 1.0), np.float32)


def distance_from_segment(shape: tuple[int, int], centre_px: Float64, half_px: Float64) -> Float32:
    """Distance ``(h, w)`` of each pixel of a crop from the segment ``centre ± half``."""
    height, width = shape
    dx = np.arange(width, dtype=np.float32)[None, :] - np.float32(centre_px[0])
    dy = np.arange(height, dtype=np.float32)[:, None] - np.float32(centre_px[1])
    length = float(np.hypot(*half_px))
    if length < 1e-6:
        return np.asarray(np.hypot(dx, dy), np.float32)
    ux, uy = np.float32(half_px[0] / length), np.float32(half_px[1] / length)
    along = np.maximum(np.abs(dx * ux + dy * uy) - np.float32(length), 0.0)
    return np.asarray(np.hypot(along, dx * uy - dy * ux), np.float32)


def aperture_at(
    centre_px: Float64, streak_px: Float64, reach_px: float, picture_px: tuple[int, int]
) -> Aperture | None:
    """Return the aperture of one place, None where the picture's edge cuts it.

    Args:
        centre_px: ``(2,)`` in the picture.
        streak_px: ``(2,)`` half the way during the longest exposure.
        reach_px: how far around it the crop goes.
        picture_px: width and height.
    """
    half = np.abs(streak_px) + reach_px
    left, top = (int(v) for v in np.floor(centre_px - half))
    right, bottom = (int(v) + 1 for v in np.ceil(centre_px + half))
    if left < 0 or top < 0 or right > picture_px[0] or bottom > picture_px[1]:
        return None
    within = centre_px - (left, top)
    return Aperture(left, top, (bottom - top, right - left), streak_px, within)
