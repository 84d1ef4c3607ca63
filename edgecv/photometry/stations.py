"""The places along a fitted path at which the light is summed: one for each picture, seen in it or not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgecv.photometry.settings import PhotometrySettings

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Stations:
    """Places along a path, in order of time: ``(n,)`` or ``(n, 2)`` each.

    Attributes:
        t_s: media time of the picture.
        centre_px: where the object is, pixels of that picture.
        velocity_px_s: how fast it goes there.
        px_per_m: scale at its distance.
        interval_s: usual time between pictures.
        box_diameter_m: of the object by its box.
        box_log_sd: standard deviation of the logarithm of that.
    """

    t_s: Float64
    centre_px: Float64
    velocity_px_s: Float64
    px_per_m: Float64
    interval_s: float
    box_diameter_m: float
    box_log_sd: float

    def __len__(self) -> int:
        return len(self.t_s)

    def streak_px(self, exposure: float) -> Float64:
        """Half of the way it goes while the shutter is open for a share of the interval: ``(n, 2)``."""
        return self.velocity_px_s * (exposure * self.interval_s / 2.0)

    def radius_px(self) -> Float64:
        """``(n,)`` half its diameter."""
        return self.box_diameter_m * self.px_per_m / 2.0


def instants(seen_s: Float64, interval_s: float, settings: PhotometrySettings) -> Float64:
    """Times of all pictures between the first and the last sighting, those without a sighting filled in."""
    filled = [seen_s[:1]]
    for before, after in pairwise(seen_s):
        steps = max(1, round((after - before) / max(interval_s, 1e-3)))
        filled.append(before + (after - before) * np.arange(1, steps + 1) / steps)
    times = np.concatenate(filled)
    every = -(-len(times) // settings.most_stations)
    return times[::every]
