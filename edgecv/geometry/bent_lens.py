"""A camera whose lens bends straight lines, from the same points as its pose.

Wide lenses lie between the straight picture (radius ``f tan t`` at the angle ``t`` from the axis) and that of a fisheye
(``f t`` and less): ``f tan(a t) / a`` has the straight one at a = 1, the stereographic at 1/2 and the equidistant near
0 (Kannala & Brandt 2006, section 2, has the list). One number a gives a start for each focal length; OpenCV's k1, k2
and k3, which the rest of the program reads, are then solved with the pose. They follow a fisheye up to about 125
degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.refinement import pose, refined, rms_px

Float64 = NDArray[np.float64]
LEAST_POINTS = 8
"""Sixteen numbers for a pose, a focal length and up to three of the lens: fewer points fit any lens."""
MANY_POINTS = 10
"""From here on k3 is solved too, which the widest lenses need."""
_SHAPES = (0.9, 0.75, 0.5, 0.3, 0.01)
_FOCALS = np.geomspace(0.15, 2.0, 16)
"""Of the picture's width. Beyond twice the width (28 degrees across) a lens bends a picture by less than a click."""
_WIDEST = np.radians(70.0)
_BEND_SD = 0.1
"""Real lenses lie so near to the family; it keeps the corners, where there are no points, from bending at will."""
_REFINED = 4


@dataclass(frozen=True, slots=True, eq=False)
class BentFit:
    """How well bent lenses explain the points.

    Attributes:
        camera: the best camera and the covariance ``(7, 7)`` of its pose and focal length; None where there is none.
        shape_px: how well the family itself fits, before its lens is written with OpenCV's numbers: root mean square
            error, pixels of the straightened picture.
    """

    camera: tuple[PinholeCamera, Float64] | None
    shape_px: float


def bent_camera(
    image_size: tuple[int, int],
    pixels: Float64,
    points: Float64,
    lines: Float64,
    focal_px: float | None = None,
) -> BentFit:
    """The camera with a bent lens that fits points best.

    Args:
        image_size: ``(width, height)``.
        pixels: ``(n, 2)``.
        points: ``(n, 3)`` in the world.
        lines: ``(k, 2, 2)`` pairs of pixels on edges that are vertical.
        focal_px: None to solve for it.
    """
    width, height = image_size
    center = np.array([(width - 1) / 2.0, (height - 1) / 2.0])
    on_plane = np.abs(points[:, 2]) < 1e-9
    bends = 3 if len(pixels) >= MANY_POINTS else 2 if len(pixels) >= LEAST_POINTS else 1
    focals = width * _FOCALS if focal_px is None else np.array([focal_px])
    starts: list[tuple[float, PinholeCamera]] = []
    shape_px = np.inf
    for shape in _SHAPES:
        for focal in focals:
            straight = _straightened(pixels, center, float(focal), shape)
            if straight is None:
                continue
            start = pose(
                float(focal),
                (float(center[0]), float(center[1])),
                np.zeros(5),
                straight[on_plane],
                points[on_plane, :2],
            )
            if start is None:
                continue
            shape_px = min(shape_px, start[1])
            lens = _numbers(shape, float(np.linalg.norm(center)) / float(focal), bends)
            camera = PinholeCamera(float(focal), start[0].center_px, start[0].rotation, start[0].position_m, lens)
            starts.append((rms_px(camera, pixels, points), camera))
    starts.sort(key=lambda start: start[0])
    fits = [
        refined(camera, pixels, points, lines, focal_px is None, bends, _BEND_SD)
        for error, camera in starts[:_REFINED]
        if np.isfinite(error)
    ]
    return BentFit(min(fits, key=lambda fit: rms_px(fit[0], pixels, points), default=None), shape_px)


def _straightened(pixels: Float64, center: Float64, focal_px: float, shape: float) -> Float64 | None:
    """Where a straight lens would have the pixels; None where a lens of that shape does not reach them."""
    apart = pixels - center
    radius = np.linalg.norm(apart, axis=1, keepdims=True)
    angle = np.arctan(shape * radius / focal_px) / shape
    if angle.max() > _WIDEST:
        return None
    return np.asarray(center + apart * focal_px * np.tan(angle) / np.maximum(radius, 1e-9), np.float64)


def _numbers(shape: float, corner: float, bends: int) -> Float64:
    """OpenCV's five numbers of a lens of that shape, by least squares up to the picture's corner.

    Args:
        shape: the number a.
        corner: the corner's radius, of the focal length.
        bends: how many of k1, k2 and k3 are used.
    """
    widest = min(float(np.arctan(shape * corner) / shape), float(_WIDEST))
    angle = np.linspace(0.01, widest, 200)
    radius = np.tan(angle)
    powers = np.stack([radius ** (3 + 2 * n) for n in range(bends)], axis=1)
    numbers, *_ = np.linalg.lstsq(powers, np.tan(shape * angle) / shape - radius, rcond=None)
    lens = np.zeros(5)
    lens[[0, 1, 4][:bends]] = numbers
    return lens
