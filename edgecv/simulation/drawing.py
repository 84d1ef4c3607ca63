"""Drawing small moving objects as a sensor sees them: anti-aliased, smeared over the exposure, by coverage."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
_PSF_SD_PX = 0.5  # lens and colour filter of a surveillance camera, with the pixel's own area
_NARROWEST_PX = 1.0
"""Anything narrower is drawn one pixel wide and fainter, so that its light is right."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Truth of one object in one frame: centre and extent of what is drawn, pixels."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Share of each pixel that an object covered over the exposure.

    Attributes:
        x0: column of the left edge.
        y0: row of the top edge.
        cover: ``(h, w) float32``, 0 to 1, all of it inside the picture.
        sighting: the extent, whether or not all of it is in the picture.
    """

    x0: int
    y0: int
    cover: Float32
    sighting: Sighting

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns in the picture."""
        h, w = self.cover.shape
        return slice(self.y0, self.y0 + h), slice(self.x0, self.x0 + w)


def smear(
    centres_px: Float64, radii_px: Float64, angles_rad: Float64 | float, size: tuple[int, int], psf_px: float = 0.0
) -> Patch | None:
    """Return what an ellipse covers that stood at ``centres_px`` one after the other during the exposure.

    Args:
        centres_px: ``(n, 2)`` at equal intervals of time.
        radii_px: ``(2,)`` or ``(n, 2)`` half axes; one under 1 px is drawn wider and fainter, its light kept.
        angles_rad: of the first axis from the picture's X; one or ``(n,)``.
        size: ``(width, height)`` of the picture.
        psf_px: defocus to add to the lens's blur, standard deviation.

    Returns:
        The patch, or None when the object is outside the picture.
    """
    if not np.isfinite(centres_px).all():
        return None
    count = len(centres_px)
    radii = np.broadcast_to(radii_px, (count, 2))
    angles = np.broadcast_to(angles_rad, (count,))
    blur = float(np.hypot(_PSF_SD_PX, psf_px))
    wide = np.maximum(radii, _NARROWEST_PX)
    half = np.hypot(wide * np.cos(angles)[:, None], wide[:, ::-1] * np.sin(angles)[:, None])
    low, high = (centres_px - half).min(axis=0), (centres_px + half).max(axis=0)
    margin = 2.0 + 2.5 * blur
    x0, y0 = (max(0, int(v)) for v in np.floor(low - margin))
    x1, y1 = (min(limit, int(v) + 1) for v, limit in zip(np.ceil(high + margin), size, strict=True))
    if x1 <= x0 or y1 <= y0:
        return None
    cover = np.zeros((y1 - y0, x1 - x0), np.float32)
    for centre, radius, angle in zip(centres_px - (x0, y0), radii, angles, strict=True):
        _add_ellipse(cover, centre, radius, float(angle))
    cover /= np.float32(count)
    reach = 2 * int(np.ceil(2.5 * blur)) + 1
    cover = np.minimum(cv2.GaussianBlur(cover, (reach, reach), blur, borderType=cv2.BORDER_CONSTANT), np.float32(1.0))
    middle, extent = (low + high) / 2.0, high - low
    return Patch(x0, y0, cover, Sighting(float(middle[0]), float(middle[1]), float(extent[0]), float(extent[1])))


def _add_ellipse(cover: Float32, centre: Float64, radius: Float64, angle: float) -> None:
    wide = np.maximum(radius, _NARROWEST_PX)
    reach = float(wide.max()) + 1.5
    h, w = cover.shape
    a, b = max(0, int(centre[0] - reach)), min(w, int(centre[0] + reach) + 2)
    c, d = max(0, int(centre[1] - reach)), min(h, int(centre[1] + reach) + 2)
    if a >= b or c >= d:
        return
    dx = np.arange(a, b, dtype=np.float32)[None, :] - np.float32(centre[0])
    dy = np.arange(c, d, dtype=np.float32)[:, None] - np.float32(centre[1])
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along, across = (dx * cos + dy * sin) / np.float32(wide[0]), (dy * cos - dx * sin) / np.float32(wide[1])
    away, scaled = np.sqrt(dx * dx + dy * dy), np.sqrt(along * along + across * across)
    # signed distance to the edge along the ray from the centre; one pixel of ramp is the pixel's own area
    edge = np.where(scaled > 1e-6, away * (1.0 / np.maximum(scaled, 1e-6) - 1.0), np.float32(wide.min()))
    inside = np.clip(edge + 0.5, 0.0, 1.0)
    whole = a > 0 and b < w and c > 0 and d < h
    area = float(np.pi * np.prod(radius))
    # what is small falls between the samples: scale to the true area
    light = area / float(inside.sum()) if whole else area / float(np.pi * np.prod(wide))
    cover[c:d, a:b] += np.float32(light) * inside


def blend(picture: Float32, patch: Patch, grey: float, opacity: float = 1.0, gamma: float = 1.0) -> None:
    """Put an object of one grey in front of the picture, in place; light adds up, not grey levels."""
    blend_share(picture[patch.place], np.float32(opacity) * patch.cover, grey, gamma)


def blend_share(under: Float32, share: Float32, grey: float | Float32, gamma: float = 1.0) -> None:
    """Put a grey in front of a part of a picture, in place, where it covers a ``share`` of each pixel's exposure.

    With a gamma, both are mixed as light, ``((1 - s) u^γ + s g^γ)^(1/γ)``: a sensor integrates before its tone curve.
    """
    if gamma == 1.0:
        under += share * (np.float32(grey) - under)
        return
    light = np.maximum(under, 0.0) ** np.float32(gamma)
    light += np.clip(share, 0.0, 1.0) * (np.maximum(np.float32(grey), 0.0) ** np.float32(gamma) - light)
    under[:] = np.maximum(light, 0.0) ** np.float32(1.0 / gamma)


def blend_streaks(
    picture: Float32,
    ends_px: NDArray[np.float64],
    widths_px: Float64,
    opacities: Float64,
    grey: float,
    gamma: float = 1.0,
) -> None:
    """Draw many faint streaks of one grey in place: ``(n, 4)`` ends x0, y0, x1, y1, ``(n,)`` widths and opacities."""
    layer = np.zeros(picture.shape, np.uint8)
    ends = np.round(ends_px * 16.0).astype(np.int64)
    thick = np.maximum(1, np.round(widths_px)).astype(int)
    shade = np.clip(np.round(opacities * 255.0), 0, 255).astype(int)
    for (x0, y0, x1, y1), width, value in zip(ends.tolist(), thick.tolist(), shade.tolist(), strict=True):
        if value > 0:
            cv2.line(layer, (x0, y0), (x1, y1), value, width, cv2.LINE_AA, 4)
    touched = np.flatnonzero(layer > 0)
    if len(touched):
        flat = picture.reshape(-1)
        share = layer.reshape(-1)[touched] * np.float32(1.0 / 255.0)
        under = flat[touched]
        blend_share(under, share, grey, gamma)
        flat[touched] = under
