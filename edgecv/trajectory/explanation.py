"""From a track to a fall, with all of its evidence.

What is dear is asked last and once: the comparison with a steady motion in space, where no other motion has explained
the path already, and what a camera makes of it of which nothing is known.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.bent_track import BentTrack, Reading, bent_track
from edgecv.trajectory.fall import Fall, cut, examine
from edgecv.trajectory.falling_stretch import falling_stretch
from edgecv.trajectory.measured_evidence import steady_in_space_log_ratio
from edgecv.trajectory.path import Path
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings
from edgecv.trajectory.stretch import best_explanation


def explain(track: Track, view: View, settings: TrajectorySettings) -> Fall | None:
    """Return the best fall in a track, or None where nothing accelerates downwards.

    Args:
        track: a finished track.
        view: the camera.
        settings: priors and limits.
    """
    bent = bent_track(track, settings)
    return None if bent is None else explain_bent(bent, view, settings)


def explain_bent(bent: BentTrack, view: View, settings: TrajectorySettings) -> Fall:
    """Return the best fall in a track that bends downwards.

    Where repeated frames made the instants uncertain, both readings are tried: pictures taken on an even beat, and
    pictures taken when the file says. The better fit decides.

    Args:
        bent: a finished track.
        view: the camera.
        settings: priors and limits.
    """
    return max((_explained(one, view, settings) for one in bent.readings), key=lambda f: f.likelihoods.chance)


def widened(fall: Fall, track: Track, points: tuple[TrackPoint, ...], settings: TrajectorySettings) -> Fall:
    """Return the same fall through more sightings, or as it was where the physics does not explain them.

    It is not compared with a steady motion in space yet, but where the comparison is that of before.

    Args:
        fall: as it was.
        track: its track with the new sightings.
        points: the stretch with them.
        settings: priors and limits.
    """
    picture_px = float(max(track.picture_size_px))
    wider = examine(track, cut(track, points, settings), fall.fit.view, settings, picture_px, fall.fit)
    limit, factor = settings.max_chi2_growth
    if wider.fit.chi2_reduced > max(limit, factor * fall.fit.chi2_reduced):
        return fall
    if (wider.fit.start_s, wider.fit.end_s) == (fall.fit.start_s, fall.fit.end_s):
        # what was looked for where the fall leads, between sightings, speaks of chance and of no other motion
        likelihoods = replace(fall.likelihoods, chance=wider.likelihoods.chance)
        return replace(wider, likelihoods=likelihoods, is_compared=True)
    return wider


class UncalibratedFall:
    """What a track is to a camera of which nothing is known, worked out when it is first asked for.

    Args:
        track: all that was followed.
        settings: priors and limits.
        stretch: of it, that may be a fall; looked for when left out.
    """

    def __init__(self, track: Track, settings: TrajectorySettings, stretch: Path | None = None) -> None:
        self._track, self._settings, self._stretch = track, settings, stretch

    @cached_property
    def fall(self) -> Fall | None:
        """Without its comparison in space."""
        stretch = falling_stretch(self._track, self._settings) if self._stretch is None else self._stretch
        if stretch is None:
            return None
        size_px = self._track.picture_size_px
        view = View.uncalibrated(size_px, self._settings)
        return best_explanation(self._track, stretch, view, self._settings, float(max(size_px)))


def compared(fall: Fall, uncalibrated: UncalibratedFall, settings: TrajectorySettings) -> Fall:
    """Return a fall with its likelihood against a steady motion in space and, where higher, an uncalibrated fit's.

    A calibrated camera leaves no room for flutter and gusts, which an uncalibrated one explains by a little more depth
    or drag: whether gravity moves the object is decided without the calibration, its origin with it. Only a little:
    behind the facade nothing falls, and what is far before it is another object than the one whose origin is located.

    Args:
        fall: perhaps not compared yet.
        uncalibrated: the same track's.
        settings: priors and limits.
    """
    if fall.is_compared:
        return fall
    view, is_chance = fall.fit.view, fall.likelihoods.chance < settings.search_above_chance
    if view.camera is None or is_chance:
        return compared_in_space(fall, settings)
    if fall.likelihoods.ratio >= settings.search_below_ratio:
        fall = compared_in_space(fall, settings)
        if fall.likelihoods.ratio >= settings.search_below_ratio:
            return fall
    free = uncalibrated.fall
    if free is None or not _is_as_far(free, fall, settings):
        return compared_in_space(fall, settings)
    # a comparison only lowers a ratio, so that the higher of two may answer for both
    if free.likelihoods.ratio <= fall.likelihoods.ratio:
        fall = compared_in_space(fall, settings)
    if free.likelihoods.ratio > fall.likelihoods.ratio:
        free = compared_in_space(free, settings)
    if free.likelihoods.ratio <= fall.likelihoods.ratio:
        fall = compared_in_space(fall, settings)
    if free.likelihoods.ratio <= fall.likelihoods.ratio:
        return fall
    bound = examine(fall.track, free.path, view, settings, float(max(fall.track.picture_size_px)))
    return replace(bound, likelihoods=free.likelihoods, is_compared=True)


def _is_as_far(free: Fall, fall: Fall, settings: TrajectorySettings) -> bool:
    apart = abs(np.log(free.fit.gravity_px_s2() / fall.fit.gravity_px_s2()))
    return bool(apart <= np.log(settings.max_scale_ratio))


def _explained(reading: Reading, view: View, settings: TrajectorySettings) -> Fall:
    track, stretch = reading.track, reading.stretch
    view = view.facing(stretch.uv_px)
    fall = best_explanation(track, stretch, view, settings, float(max(track.picture_size_px)))
    return compared(fall, UncalibratedFall(track, settings, stretch), settings)


def compared_in_space(fall: Fall, settings: TrajectorySettings) -> Fall:
    """Return the same fall with its likelihood against a steady motion in space where nothing else explains the path.

    Args:
        fall: perhaps not compared yet.
        settings: priors and limits.
    """
    if fall.is_compared:
        return fall
    if fall.likelihoods.ratio < settings.compare_above_ratio:
        return replace(fall, is_compared=True)
    ratio = steady_in_space_log_ratio(fall.path, fall.fit, settings, float(max(fall.track.picture_size_px)))
    return replace(fall, likelihoods=replace(fall.likelihoods, steady_in_space=ratio), is_compared=True)
