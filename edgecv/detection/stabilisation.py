"""Registers a frame against the background: global translation by least squares on image gradients.

Lucas & Kanade (1981) over the whole picture, with a brightness offset and robust weights so that moving trees and
people do not pull the estimate. Sub-pixel; good to a few pixels by iterating.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


def estimate_shift(image: Float32, reference: Float32, start: tuple[float, float] = (0.0, 0.0)) -> tuple[float, float]:
    """Return ``(dx, dy)`` in pixels so that ``image(x + dx, y + dy)`` looks like ``reference(x, y)``.

    Args:
        image: ``(h, w) float32`` picture.
        reference: ``(h, w) float32`` background, same size.
        start: first guess, e.g. the previous frame's shift.

    A picture without texture gives the guess back unchanged.
    """
    # half a thousand pixels across are plenty for one translation, and a reduced picture is a smoothed one
    shrink = max(1, round(max(image.shape) / 480))
    ref, img = _shrunk(reference, shrink), _shrunk(image, shrink)
    gx = cv2.Sobel(ref, cv2.CV_32F, 1, 0, ksize=3, scale=0.125).ravel()
    gy = cv2.Sobel(ref, cv2.CV_32F, 0, 1, ksize=3, scale=0.125).ravel()
    textured = np.flatnonzero(gx * gx + gy * gy > 1.0)[::2]
    if len(textured) < 100:
        return start
    gx, gy = gx[textured], gy[textured]
    ref_values = ref.ravel()[textured]
    dx, dy = start[0] / shrink, start[1] / shrink
    for _ in range(4):
        warped = translate(img, dx, dy)
        residual = warped.ravel()[textured] - ref_values
        residual -= np.median(residual)
        scale = 1.4826 * float(np.median(np.abs(residual))) + 0.5
        weight = 1.0 / (1.0 + np.square(residual / (2.0 * scale)))
        a11 = float(np.sum(weight * gx * gx))
        a12 = float(np.sum(weight * gx * gy))
        a22 = float(np.sum(weight * gy * gy))
        b1 = float(np.sum(weight * gx * residual))
        b2 = float(np.sum(weight * gy * residual))
        determinant = a11 * a22 - a12 * a12
        if determinant < 1e-3 * a11 * a22:  # texture along one direction only: the other is not observable
            return start
        ux, uy = (a22 * b1 - a12 * b2) / determinant, (a11 * b2 - a12 * b1) / determinant
        dx, dy = dx - ux, dy - uy
        if ux * ux + uy * uy < 4e-4:
            break
    return float(dx) * shrink, float(dy) * shrink


def _shrunk(image: Float32, factor: int) -> Float32:
    if factor > 1:
        size = (image.shape[1] // factor, image.shape[0] // factor)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
    return np.asarray(cv2.GaussianBlur(image, (3, 3), 0.8), np.float32)


def translate(image: Float32, dx: float, dy: float) -> Float32:
    """Return the ``(h, w) float32`` picture whose pixel ``(x, y)`` is ``image(x + dx, y + dy)``, edges repeated."""
    h, w = image.shape
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, matrix, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)
