"""Signs of a fall that are cheap: which of many paths are worth the time of the physics."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgecv.trajectory.bent_track import BentTrack
from edgecv.trajectory.falling_stretch import bend_sd
from edgecv.trajectory.path import Path

_LEAST_SPEED_PX_S = 1e-6


class FallSigns(NamedTuple):
    """The larger each is, the less it is like drops and flakes.

    Attributes:
        bend_sd: by how many standard deviations the path bends downwards.
        sightings: how often the object was seen on it.
        light: grey levels times square pixels that it adds or takes away.
        snr: median strength of its detections.
        darkness: median grey levels by which it is darker than its background; by day drops and flakes are brighter.
        brightness: the opposite; birds and leaves are darker.
        speed_up: by how much it goes down faster at the end than at the beginning, as a share of both; flakes have
            fallen for long.
    """

    bend_sd: float
    sightings: float
    light: float
    snr: float
    darkness: float
    brightness: float
    speed_up: float


def fall_signs(bent: BentTrack) -> FallSigns:
    """Return the signs of a track's most bent reading."""
    return max((_signs_of(reading.stretch) for reading in bent.readings), key=lambda signs: signs.bend_sd)


def _signs_of(stretch: Path) -> FallSigns:
    seen = np.array(
        [(d.area_px * abs(d.contrast), d.snr, d.contrast) for d in (point.detection for point in stretch.points)]
    )
    light, snr, contrast = np.median(seen, axis=0).tolist()
    return FallSigns(bend_sd(stretch), float(len(stretch.points)), light, snr, -contrast, contrast, _speed_up(stretch))


def _speed_up(stretch: Path) -> float:
    t = stretch.t_s - stretch.t_s[0]
    curvature, first, _ = np.polyfit(t, stretch.uv_px[:, 1], 2)
    last = first + 2.0 * curvature * t[-1]
    return float((last - first) / max(abs(first) + abs(last), _LEAST_SPEED_PX_S))
