"""Signs of a fall that are cheap: which of many paths are worth the time of the physics."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgecv.trajectory.bent_track import BentTrack
from edgecv.trajectory.falling_stretch import bend_sd
from edgecv.trajectory.path import Path


class FallSigns(NamedTuple):
    """The larger each is, the less it is like drops and flakes.

    Attributes:
        bend_sd: by how many standard deviations the path bends downwards.
        sightings: how often the object was seen on it.
        light: grey levels times square pixels that it adds or takes away.
        snr: median strength of its detections.
    """

    bend_sd: float
    sightings: float
    light: float
    snr: float


def fall_signs(bent: BentTrack) -> FallSigns:
    """Return the signs of a track's most bent reading."""
    return max((_signs_of(reading.stretch) for reading in bent.readings), key=lambda signs: signs.bend_sd)


def _signs_of(stretch: Path) -> FallSigns:
    seen = np.array([(p.detection.area_px * abs(p.detection.contrast), p.detection.snr) for p in stretch.points])
    light, snr = np.median(seen, axis=0).tolist()
    return FallSigns(bend_sd(stretch), float(len(stretch.points)), light, snr)
