"""What is stored of one cover, read so that values of another form are noticed: each raises ValueError or TypeError."""

from __future__ import annotations

import math
from typing import Any

_EARTH_M = 6_371_000.0


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres along the ground between two places in degrees (haversine)."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(math.radians, place)) for place in (a, b))
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2.0 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def planned_from(kept: Any) -> tuple[str, str] | None:
    """An alarm that was planned, and who planned it."""
    if kept is None:
        return None
    alarm, by = kept
    return str(alarm), str(by)


def blows(kept: Any) -> tuple[float, float, str] | None:
    """When the first and the last blow of an alarm were, and the alarm."""
    if kept is None:
        return None
    first_s, last_s, alarm = kept
    return float(first_s), float(last_s), str(alarm)


def place(kept: Any) -> tuple[float, float] | None:
    """Where it lies, degrees."""
    if kept is None:
        return None
    latitude, longitude = kept
    return float(latitude), float(longitude)


def alarm_id(kept: Any) -> str | None:
    """The alarm of its theft."""
    return None if kept is None else str(kept)
