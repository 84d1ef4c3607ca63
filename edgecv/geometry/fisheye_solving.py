"""A fisheye camera from the same points as its pose: lenses that no straightened picture holds.

The families of fisheyes give starts (Kannala & Brandt 2006, section 2): ``f tan(a t) / a`` is stereographic at a = 1/2
and equidistant at 0, ``f sin(a t) / a`` equisolid at 1/2 and orthographic at 1. The points less than 70 degrees from
the axis give the pose; all of them then decide on pose, focal length and the first numbers of OpenCV's fisheye model.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.refinement import pose, refined, rms_px

Float64 = NDArray[np.float64]
LEAST_POINTS = 8
_SHAPES = (0.5, 0.25, 0.0, -0.5, -0.9)
"""The number a; below 0 that of the sines."""
_FOCALS = np.geomspace(0.15, 0.8, 12)
"""Of the picture's width: a full circle in a high picture, to lenses that are hardly wider than straight ones."""
_STRAIGHTENED = np.radians(70.0)
_WIDEST = np.radians(100.0)
_NUMBER_SD = np.array([0.06, 0.02])
"""Of k1 and k2 about their family: what lenses of one kind differ by, and corners without points bend no further."""
_REFINED = 6
_LEAST_IN_PLANE = 5


def fisheye_camera(
    image_size: tuple[int, int], pixels: Float64, points: Float64, lines: Float64, focal_px: float | None = None
) -> tuple[PinholeCamera, Float64] | None:
    """The fisheye that fits points best, and the covariance ``(7, 7)`` of its pose and focal length.

    Args:
        image_size: ``(width, height)``.
        pixels: ``(n, 2)``.
        points: ``(n, 3)`` in the world.
        lines: ``(k, 2, 2)`` pairs of pixels on edges that are vertical.
        focal_px: None to solve for it.

    Returns:
        None where no fisheye has the points before it.
    """
    width, height = image_size
    center = np.array([(width - 1) / 2.0, (height - 1) / 2.0])
    focals = width * _FOCALS if focal_px is None else np.array([focal_px])
    starts: list[tuple[float, PinholeCamera]] = []
    for shape in _SHAPES:
        numbers = _numbers(shape)
        for focal in focals:
            start = _start(float(focal), center, shape, numbers, pixels, points)
            if start is not None:
                starts.append((_robust_px(start, pixels, points), start))
    starts.sort(key=lambda start: start[0])
    fits = [
        refined(camera, pixels, points, lines, focal_px is None, len(_NUMBER_SD), _NUMBER_SD)
        for _, camera in starts[:_REFINED]
    ]
    return min(fits, key=lambda fit: rms_px(fit[0], pixels, points), default=None)


def _start(
    focal_px: float, center: Float64, shape: float, numbers: Float64, pixels: Float64, points: Float64
) -> PinholeCamera | None:
    apart = pixels - center
    radius = np.linalg.norm(apart, axis=1)
    angle = _angle(radius / focal_px, shape)
    inside = angle < _STRAIGHTENED
    near = inside & (np.abs(points[:, 2]) < 1e-9)
    if not np.all(angle < _WIDEST) or near.sum() < min(_LEAST_IN_PLANE, len(pixels)):
        return None
    scale = focal_px * np.tan(angle[near]) / np.maximum(radius[near], 1e-9)
    straight = center + apart[near] * scale[:, None]
    start = pose(focal_px, (float(center[0]), float(center[1])), np.zeros(5), straight, points[near, :2])
    return None if start is None else replace(start[0], distortion=numbers)


def _angle(radius: Float64, shape: float) -> Float64:
    """Angles from the axis of radii in focal lengths; infinite beyond what a lens of that shape shows."""
    if shape > 0.0:
        return np.asarray(np.arctan(shape * radius) / shape, np.float64)
    if shape == 0.0:
        return radius
    sine = -shape * radius
    return np.where(sine < 1.0, np.arcsin(np.minimum(sine, 1.0)) / -shape, np.inf)


def _numbers(shape: float) -> Float64:
    """OpenCV's four numbers of a lens of that shape, by least squares up to 100 degrees from the axis."""
    widest = _WIDEST if shape > -0.5 else min(float(_WIDEST), 0.98 * np.pi / 2.0 / -shape)
    angle = np.linspace(0.01, widest, 200)
    radius = np.tan(shape * angle) / shape if shape > 0.0 else angle
    if shape < 0.0:
        radius = np.sin(-shape * angle) / -shape
    powers = np.stack([angle ** (3 + 2 * n) for n in range(4)], axis=1)
    return np.asarray(np.linalg.lstsq(powers, radius - angle, rcond=None)[0], np.float64)


def _robust_px(camera: PinholeCamera, pixels: Float64, points: Float64) -> float:
    """How far most points are off: a start of few of them may be far off at the rim, where refining moves it."""
    errors = np.nan_to_num(np.linalg.norm(camera.project(points) - pixels, axis=1), nan=1e4)
    return float(np.mean(np.minimum(errors, 200.0))) if camera.position_m[2] > 0.0 else np.inf
