"""A track that bends downwards: what may be a fall, before anything dear is asked of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgecv.tracking.track import Track
from edgecv.trajectory.falling_stretch import falling_stretch
from edgecv.trajectory.path import SAME_INSTANT_S, Path
from edgecv.trajectory.settings import TrajectorySettings


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A track with its instants read in one way.

    Attributes:
        track: with those instants.
        stretch: the part of it that may be a fall.
    """

    track: Track
    stretch: Path


@dataclass(frozen=True, slots=True, eq=False)
class BentTrack:
    """A track, and the readings of it that bend downwards.

    Attributes:
        track: as it was followed.
        readings: at least one.
    """

    track: Track
    readings: tuple[Reading, ...]


def bent_track(track: Track, settings: TrajectorySettings) -> BentTrack | None:
    """Return a track with what may be a fall in it; None where it does not bend downwards and is no fall.

    Args:
        track: a finished track.
        settings: limits.
    """
    stretches = [(variant, falling_stretch(variant, settings)) for variant in timestamp_variants(track)]
    readings = tuple(Reading(variant, stretch) for variant, stretch in stretches if stretch is not None)
    return BentTrack(track, readings) if readings else None


def timestamp_variants(track: Track) -> list[Track]:
    """The track as it is, and with the file's own time stamps where those differ."""
    if all(abs(p.t_s - p.media_s) < SAME_INSTANT_S for p in track.points):
        return [track]
    stamped = tuple(replace(p, t_s=p.media_s) for p in track.points)
    return [track, replace(track, points=stamped)]
