"""The readings of a cover's sensor, and what follows from several of them: tilt from axes, water from a distance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from edgecv.handlers.handler import MalformedError

Reading = Literal[
    "tilt_deg",
    "tilt_x_deg",
    "tilt_y_deg",
    "tilt_z_deg",
    "open",
    "shock",
    "loop_broken",
    "fault",
    "leak",
    "water_cm",
    "distance_cm",
    "gas_percent",
    "battery_percent",
    "battery_v",
    "latitude",
    "longitude",
    "acceleration_x",
    "acceleration_y",
    "acceleration_z",
    "acceleration",
    "position",
    "too_near",
    "unmeasured",
]
Readings = dict[str, float]
"""Numbers by name; what is a truth value is 0 or 1."""
LEVELS = frozenset({"distance_cm", "water_cm"})
"""Of these it counts when nothing was measured: the level is not watched then."""
AXES = ("tilt_x_deg", "tilt_y_deg", "tilt_z_deg")
ACCELERATIONS = ("acceleration_x", "acceleration_y", "acceleration_z")
_WEIGHTLESS_G = 0.1
"""A sensor that feels less than this of gravity is broken, not tilted."""
_STEEPEST_DEG = 91.0
"""No axis is steeper against the horizon than upright; sensors are right to a degree."""
_UNIT_TOLERANCE = 0.1
"""How far the squares of three sines may be from 1 for the angles to be those of axes against the horizon: angles of
sensors are right to some degrees."""


def combined(readings: Readings, upright: Sequence[float], height_cm: float | None) -> Readings:
    """The readings with what follows from them; axes and distances are replaced by tilt and water.

    Args:
        readings: as the payload has them.
        upright: angles of the axes against the horizon, degrees, where the cover lies in its frame.
        height_cm: how high a distance sensor hangs above the bottom, or None.

    Raises:
        MalformedError: a position is not on the globe.
    """
    readings = dict(readings)
    if not (-90.0 <= readings.get("latitude", 0.0) <= 90.0 and -180.0 <= readings.get("longitude", 0.0) <= 180.0):
        raise MalformedError("the position is not on the globe")
    accelerations = [readings.pop(name, None) for name in ACCELERATIONS]
    if all(value is not None for value in accelerations):
        readings |= tilt_of_gravity([value or 0.0 for value in accelerations], [_sine(angle) for angle in upright])
    axes = {index: readings.pop(name) for index, name in enumerate(AXES) if name in readings}
    if axes:
        readings["tilt_deg"] = tilt_of_axes(axes, upright)
    distance_cm = readings.pop("distance_cm", None)
    if distance_cm is not None and height_cm is not None:
        readings["water_cm"] = max(0.0, height_cm - distance_cm)
    return readings


def tilt_of_gravity(vector: Sequence[float], upright: Sequence[float] = (0.0, 0.0, 1.0)) -> Readings:
    """The tilt by the direction of gravity, or a fault where there is none.

    Args:
        vector: acceleration along x, y, z, g.
        upright: the same where the cover lies in its frame, of any length.
    """
    length, reference = math.hypot(*vector), math.hypot(*upright)
    if length < _WEIGHTLESS_G or reference == 0.0:
        return {"fault": 1.0}
    cosine = sum(a * b for a, b in zip(vector, upright, strict=True)) / (length * reference)
    return {"tilt_deg": math.degrees(math.acos(max(-1.0, min(1.0, cosine))))}


def tilt_of_axes(axes: Mapping[int, float], upright: Sequence[float]) -> float:
    """The angle between a cover and how it lies in its frame, degrees, by the angles of its axes.

    The sine of an axis' angle against the horizon is its part of gravity, so two or three of them are its direction. A
    sensor that counts its angles from where it was set, or one axis alone, gives the largest difference instead.

    Args:
        axes: angles by axis: 0 for x, 1 for y, 2 for z, degrees.
        upright: angles of all three where the cover lies in its frame, degrees.
    """
    deviation = max(abs(_turn(angle - upright[index])) for index, angle in axes.items())
    if len(axes) < 2:
        return deviation
    measured = _direction(axes)
    reference = _direction(dict(enumerate(upright)))
    if measured is None or reference is None:
        return deviation
    return tilt_of_gravity(measured, reference)["tilt_deg"]


def _direction(axes: Mapping[int, float]) -> list[float] | None:
    """The direction of gravity, or None where the angles are no angles against the horizon."""
    if any(abs(_turn(angle)) > _STEEPEST_DEG for angle in axes.values()):
        return None  # a sensor that counts all around: 175 is upside down and not 5
    parts = [_sine(axes[index]) if index in axes else 0.0 for index in range(3)]
    square = sum(part * part for part in parts)
    missing = [index for index in range(3) if index not in axes]
    if missing and square <= 1.0:
        parts[missing[0]] = math.sqrt(1.0 - square)
        return parts
    return parts if abs(square - 1.0) <= _UNIT_TOLERANCE else None


def _sine(angle_deg: float) -> float:
    return math.sin(math.radians(angle_deg))


def _turn(angle_deg: float) -> float:
    """The same angle between -180 and 180 degrees."""
    return (angle_deg + 180.0) % 360.0 - 180.0
