"""Where a cover lies."""

from __future__ import annotations

import math
from dataclasses import dataclass

_EARTH_M = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees, WGS 84."""

    latitude: float
    longitude: float

    def distance_m(self, other: Position) -> float:
        """Metres along the ground (haversine, R. W. Sinnott, Sky and Telescope 68, 1984)."""
        lat_a, lon_a, lat_b, lon_b = map(math.radians, (self.latitude, self.longitude, other.latitude, other.longitude))
        half = math.sin((lat_b - lat_a) / 2) ** 2
        half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
        return 2.0 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))
