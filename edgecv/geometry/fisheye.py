"""A fisheye's radius by the angle from its axis, as OpenCV's fisheye model has it.

``r = t (1 + k1 t^2 + k2 t^4 + k3 t^6 + k4 t^8)`` for the angle t (Kannala & Brandt 2006, equation 6); the radius is in
focal lengths. Equidistant lenses have all four at 0; the stereographic, equisolid and orthographic lie near.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
_STEPS = 12
_LARGEST = np.radians(110.0)
"""From the axis; the widest fisheyes that are sold see 220 degrees."""


def radius_of(angle: Float64, numbers: Float64) -> Float64:
    """Radii of angles from the axis, rad, with the four numbers of the lens."""
    square = angle * angle
    k1, k2, k3, k4 = numbers
    return np.asarray(angle * (1.0 + square * (k1 + square * (k2 + square * (k3 + square * k4)))), np.float64)


def widest_angle(numbers: Float64) -> float:
    """The angle, rad, at which the model's radius stops growing; at most that of the widest lens."""
    angles = np.linspace(0.0, float(_LARGEST), 221)
    folded = np.flatnonzero(_slope(angles, numbers) <= _LEAST_SLOPE)
    return float(angles[folded[0]]) if len(folded) else float(_LARGEST)


def angle_of(radius: Float64, numbers: Float64) -> Float64:
    """Angles, rad, of radii, by Newton's method; those beyond the widest angle get that angle."""
    widest = widest_angle(numbers)
    angle = np.minimum(radius, widest)
    for _ in range(_STEPS):
        step = (radius_of(angle, numbers) - radius) / np.maximum(_slope(angle, numbers), _LEAST_SLOPE)
        angle = np.clip(angle - step, 0.0, widest)
    return np.asarray(angle, np.float64)


_LEAST_SLOPE = 0.05
"""Of the radius by the angle, against 1 at the axis: flatter, and a pixel is degrees."""


def _slope(angle: Float64, numbers: Float64) -> Float64:
    square = angle * angle
    k1, k2, k3, k4 = numbers
    return np.asarray(
        1.0 + square * (3.0 * k1 + square * (5.0 * k2 + square * (7.0 * k3 + square * 9.0 * k4))), np.float64
    )
