"""A small picture of the scene as edge directions: the same by sun, cloud and lamp, and what it tells of another.

Edge directions are doubled in angle and cut in strength, so that neither brightness, nor contrast, nor which side of an
edge is the brighter one counts (Fitch et al., "Orientation correlation", BMVC 2002). At night a window is bright where
it was dark by day; its frame stays where it was.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from edgecv.visibility.settings import BLOCK, LONGER_SIDE, NEAR, SOFTNESS

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Complex64 = NDArray[np.complex64]


@dataclass(frozen=True, slots=True)
class Shift:
    """A registration of one thumbnail against another.

    Attributes:
        x: how far the picture moved to the right, thumbnail pixels.
        y: how far down.
        peak: correlation there, 1 for the same picture.
        still: largest correlation near no shift at all.
    """

    x: float
    y: float
    peak: float
    still: float


def thumbnail_size(size_px: tuple[int, int]) -> tuple[int, int]:
    """``(width, height)`` of the thumbnail: a longer side of 256 px, both sides multiples of the block."""
    scale = LONGER_SIDE / max(size_px)
    width, height = (max(BLOCK, BLOCK * round(side * scale / BLOCK)) for side in size_px)
    return width, height


def thumbnail(luma: UInt8) -> UInt8:
    """Shrink a picture ``(h, w) uint8`` to its thumbnail."""
    height, width = luma.shape
    size = thumbnail_size((width, height))
    small = luma
    if width >= 3 * size[0] and height >= 4 * size[1]:
        # halving is several times as fast as any other ratio, and every other row is enough for a mean over seven
        even = luma[: height // 4 * 4 : 2, : width // 2 * 2]
        small = np.asarray(cv2.resize(even, (width // 2, height // 4), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.uint8)


def edges(picture: UInt8 | Float32) -> tuple[Complex64, Float32]:
    """Return the edge directions ``(h, w) complex64``, at most 1 in size, and each block's mean gradient.

    Gradients are in grey levels a thumbnail pixel.
    """
    smooth = cv2.GaussianBlur(picture.astype(np.float32), (3, 3), 0.8)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    squared = np.asarray(dx * dx + dy * dy, np.float32)
    field = np.empty(squared.shape, np.complex64)
    strength = squared + np.float32(SOFTNESS**2)
    field.real = (dx * dx - dy * dy) / strength
    field.imag = 2.0 * dx * dy / strength
    return field, blocks(np.sqrt(squared))


def blocks(values: Float32) -> Float32:
    """Mean of each block of 16 x 16: ``(h / 16, w / 16)``."""
    h, w = values.shape
    return np.asarray(cv2.resize(values, (w // BLOCK, h // BLOCK), interpolation=cv2.INTER_AREA), np.float32)


def block_agreement(field: Complex64, other: Complex64) -> Float32:
    """Correlation of the edge directions of every block, about -1 to 1; 0 where either shows nothing."""
    product = blocks(field.real * other.real + field.imag * other.imag)
    power = blocks(_power(field)) * blocks(_power(other))
    return np.asarray(product / np.sqrt(power + np.float32(1e-6)), np.float32)


def window(shape: tuple[int, int]) -> Float32:
    """A Hann window: without it the picture's border would be the strongest thing in it."""
    return np.asarray(cv2.createHanningWindow((shape[1], shape[0]), cv2.CV_32F), np.float32)


def spectrum(field: Complex64, taper: Float32) -> Complex64:
    """Fourier transform of a tapered field, scaled so that the field's power is one.

    The mean is taken out: all facades have more level and upright edges than others, and no two are one for that.
    """
    tapered = (field - field.mean()) * taper
    power = float(_power(tapered).sum())
    return np.asarray(scipy.fft.fft2(tapered) / np.sqrt(power + 1e-6), np.complex64)


def register(now: Complex64, reference: Complex64) -> Shift:
    """Find how far the picture moved from two spectra of :func:`spectrum`."""
    surface = np.asarray(scipy.fft.ifft2(now * np.conj(reference)).real, np.float32)
    h, w = surface.shape
    row, column = divmod(int(np.argmax(surface)), w)
    x = _whole(column, w) + _vertex(surface[row, column - 1], surface[row, column], surface[row, (column + 1) % w])
    y = _whole(row, h) + _vertex(surface[row - 1, column], surface[row, column], surface[(row + 1) % h, column])
    near = np.take(np.take(surface, range(-NEAR, NEAR + 1), axis=0), range(-NEAR, NEAR + 1), axis=1)
    return Shift(x, y, float(surface[row, column]), float(near.max()))


def moved_back(field: Complex64, shift: Shift) -> Complex64:
    """The field with a shift undone to the nearest pixel."""
    return np.roll(field, (-round(shift.y), -round(shift.x)), axis=(0, 1))


def _power(field: Complex64) -> Float32:
    return np.asarray(field.real**2 + field.imag**2, np.float32)


def _whole(index: int, size: int) -> int:
    return index - size if index > size // 2 else index


def _vertex(before: float, at: float, after: float) -> float:
    """Where the parabola through three neighbours peaks, from the middle one."""
    bend = float(before) - 2.0 * float(at) + float(after)
    return 0.5 * (float(before) - float(after)) / bend if bend < -1e-9 else 0.0
