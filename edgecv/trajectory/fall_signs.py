"""Signs of a fall that are cheap: which of many paths are worth the time of the physics."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgecv.tracking.track import Track
from edgecv.trajectory.explanation import timestamp_variants
from edgecv.trajectory.falling_stretch import bend_sd, falling_stretch
from edgecv.trajectory.path import Path
from edgecv.trajectory.settings import TrajectorySettings


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


def fall_signs(track: Track, settings: TrajectorySettings) -> FallSigns | None:
    """Return the signs of a track's most bent reading; None where it does not bend downwards and is no fall.

    Args:
        track: a finished track.
        settings: limits.
    """
    stretches = [falling_stretch(reading, settings) for reading in timestamp_variants(track)]
    signs = (_signs_of(stretch) for stretch in stretches if stretch is not None)
    return max(signs, key=lambda s: s.bend_sd, default=None)


def _signs_of(stretch: Path) -> FallSigns:
    seen = np.array([(p.detection.area_px * abs(p.detection.contrast), p.detection.snr) for p in stretch.points])
    light, snr = np.median(seen, axis=0).tolist()
    return FallSigns(bend_sd(stretch), float(len(stretch.points)), light, snr)
