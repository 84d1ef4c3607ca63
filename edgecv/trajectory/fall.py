"""From a track to a fall: the stretch that physics explains best, its fit, and how much better than anything else.

The stretch is found in three steps: a smooth motion picks it out of the track, ends that physics does not explain are
cut off (the hand before, the ground after), and sightings next to it that the fit predicts are taken back in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.fit import FallFit, fit_fall
from edgecv.trajectory.measured_evidence import steady_in_space_log_ratio
from edgecv.trajectory.null_hypotheses import straight_log_evidence, wandering_log_evidence
from edgecv.trajectory.path import SAME_INSTANT_S, Path, beginning, falling_stretch, path_of
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """How much better a fall explains the path than each alternative: differences of log evidence."""

    straight: float
    wandering: float
    chance: float
    steady_in_space: float = np.inf
    """Infinite where another alternative already explains the path about as well as a fall."""

    @property
    def ratio(self) -> float:
        """Against the best alternative; positive means a fall is the best explanation."""
        return min(self.straight, self.wandering, self.chance, self.steady_in_space)

    @property
    def above_chance(self) -> float:
        """How much better any motion explains the path than unrelated detections do, were it no fall."""
        return self.chance - min(0.0, self.straight, self.wandering)


@dataclass(frozen=True, slots=True)
class Fall:
    """A track, or part of one, explained by a fall.

    Attributes:
        track: all that was followed.
        path: the stretch explained.
        fit: the fall fitted to it.
        likelihoods: against the alternatives.
        before: sightings of the same track before the stretch.
        after: sightings of the same track after it.
    """

    track: Track
    path: Path
    fit: FallFit
    likelihoods: Likelihoods
    before: tuple[TrackPoint, ...]
    after: tuple[TrackPoint, ...]


def explain(track: Track, view: View, settings: TrajectorySettings) -> Fall | None:
    """Return the best fall in a track, or None where nothing accelerates downwards.

    Where repeated frames made the instants uncertain, both readings are tried: pictures taken on an even beat, and
    pictures taken when the file says. The better fit decides.

    Args:
        track: a finished track.
        view: the camera.
        settings: priors and limits.
    """
    falls = [_explain(reading, view, settings) for reading in _timestamp_variants(track)]
    if view.camera is not None:
        falls = [f if f is None else _with_uncalibrated_evidence(f, view, settings) for f in falls]
    return max((f for f in falls if f is not None), key=lambda f: f.likelihoods.chance, default=None)


def widened(fall: Fall, track: Track, points: tuple[TrackPoint, ...], settings: TrajectorySettings) -> Fall:
    """Return the same fall through more sightings, or as it was where the physics does not explain them.

    Args:
        fall: as it was.
        track: its track with the new sightings.
        points: the stretch with them.
        settings: priors and limits.
    """
    picture_px = float(max(track.picture_size_px))
    wider = _examine(track, _cut(track, points, settings), fall.fit.view, settings, picture_px, fall.fit)
    limit, factor = settings.max_chi2_growth
    if wider.fit.chi2_reduced > max(limit, factor * fall.fit.chi2_reduced):
        return fall
    if (wider.fit.start_s, wider.fit.end_s) == (fall.fit.start_s, fall.fit.end_s):
        # what was looked for where the fall leads, between sightings, speaks of chance and of no other motion
        return replace(wider, likelihoods=replace(fall.likelihoods, chance=wider.likelihoods.chance))
    wider = _compared_in_space(wider, settings, picture_px)
    if wider.fit.view.camera is None:
        return wider
    return _with_uncalibrated_evidence(wider, wider.fit.view, settings)


def _with_uncalibrated_evidence(fall: Fall, view: View, settings: TrajectorySettings) -> Fall:
    """The same fall with the likelihoods of an uncalibrated fit, where those are higher.

    A calibrated camera leaves no room for flutter and gusts, which an uncalibrated one explains by a little more depth
    or drag: whether gravity moves the object is decided without the calibration, its origin with it. Only a little:
    behind the facade nothing falls, and what is far before it is another object than the one whose origin is located.
    """
    if fall.likelihoods.chance < settings.search_above_chance or fall.likelihoods.ratio >= settings.search_below_ratio:
        return fall
    uncalibrated = _explain(fall.track, View.uncalibrated(fall.track.picture_size_px, settings), settings)
    if uncalibrated is None or uncalibrated.likelihoods.ratio <= fall.likelihoods.ratio:
        return fall
    if abs(np.log(uncalibrated.fit.gravity_px_s2() / fall.fit.gravity_px_s2())) > np.log(settings.max_scale_ratio):
        return fall
    bound = _examine(fall.track, uncalibrated.path, view, settings, float(max(fall.track.picture_size_px)))
    return replace(bound, likelihoods=uncalibrated.likelihoods)


def _timestamp_variants(track: Track) -> list[Track]:
    """The track as it is, and with the file's own time stamps where those differ."""
    if all(abs(p.t_s - p.media_s) < SAME_INSTANT_S for p in track.points):
        return [track]
    stamped = tuple(replace(p, t_s=p.media_s) for p in track.points)
    return [track, replace(track, points=stamped)]


def _explain(track: Track, view: View, settings: TrajectorySettings) -> Fall | None:
    stretch = falling_stretch(track, settings)
    if stretch is None:
        return None
    picture_px = float(max(track.picture_size_px))
    best = _best_explanation(track, stretch, view, settings, picture_px)
    return _compared_in_space(best, settings, picture_px)


def _compared_in_space(fall: Fall, settings: TrajectorySettings, picture_px: float) -> Fall:
    """The same fall, with its likelihood against a steady motion in space where nothing else explains the path."""
    if fall.likelihoods.ratio < settings.compare_above_ratio:
        return fall
    ratio = steady_in_space_log_ratio(fall.path, fall.fit, settings, picture_px)
    return replace(fall, likelihoods=replace(fall.likelihoods, steady_in_space=ratio))


def _best_explanation(track: Track, stretch: Path, view: View, settings: TrajectorySettings, picture_px: float) -> Fall:
    best = _examine(track, stretch, view, settings, picture_px)
    # only a path far from chance is worth the time of a search
    if best.likelihoods.above_chance < settings.search_above_chance:
        return best
    unconvincing = best.likelihoods.ratio < settings.search_below_ratio or best.fit.chi2_reduced > 1.0
    hopeless = best.likelihoods.ratio < settings.search_from_ratio
    if unconvincing and not hopeless and len(stretch.points) >= 2 * settings.min_stretch:
        best = _search_ends(track, stretch, best, view, settings, picture_px)
    begun = _search_beginning(track, best, view, settings, picture_px)
    if hopeless and begun is best:
        return best
    best = begun
    for _ in range(settings.growths):
        points = _agreeing_points(track, best.fit, best.path, settings)
        if points == best.path.points or len(points) < settings.min_stretch:
            break
        wider = _examine(track, _cut(track, points, settings), view, settings, picture_px, best.fit)
        limit, factor = settings.max_chi2_growth
        if wider.fit.chi2_reduced > max(limit, factor * best.fit.chi2_reduced):
            break
        best = wider
    return best


def _search_beginning(track: Track, best: Fall, view: View, settings: TrajectorySettings, picture: float) -> Fall:
    """Try the first seconds of the descent where they were left out, and keep the more convincing.

    A light object shows there that gravity moves it; then it falls as fast as the air lets it and goes with every gust,
    which no steady wind explains for long.
    """
    begin = beginning(track)
    if sum(p.t_s < best.fit.start_s for p in begin) < settings.min_left_out:
        return best
    for seconds in settings.beginning_s:
        points = tuple(p for p in begin if p.t_s <= begin[0].t_s + seconds)
        if len(points) < 2 * settings.min_stretch:
            continue
        tried = _examine(track, _cut(track, points, settings), view, settings, picture)
        if tried.likelihoods.ratio > best.likelihoods.ratio + settings.min_log_gain:
            best = tried
    return best


def _search_ends(
    track: Track,
    stretch: Path,
    best: Fall,
    view: View,
    settings: TrajectorySettings,
    picture: float,
) -> Fall:
    """Cut more and more off the beginning, then off the end, and keep the most convincing rest."""
    points = stretch.points
    n = len(points)
    begin, end = 0, n
    for side in ("begin", "end"):
        for share in settings.cut_fractions:
            i, j = (int(share * n), end) if side == "begin" else (begin, n - int(share * n))
            if j - i < settings.min_stretch:
                continue
            tried = _examine(track, _cut(track, points[i:j], settings), view, settings, picture)
            if tried.likelihoods.ratio > best.likelihoods.ratio + settings.min_log_gain:
                best, begin, end = tried, i, j
    return best


def _examine(
    track: Track,
    path: Path,
    view: View,
    settings: TrajectorySettings,
    picture: float,
    initial: FallFit | None = None,
) -> Fall:
    fit = fit_fall(path, view, settings, picture, initial)
    likelihoods = Likelihoods(
        straight=fit.log_evidence - straight_log_evidence(path, picture),
        wandering=fit.log_evidence - wandering_log_evidence(path, picture),
        chance=fit.log_evidence - path.chance_log_likelihood(),
    )
    first, last = path.points[0].t_s, path.points[-1].t_s
    before = tuple(p for p in track.points if p.t_s < first)
    after = tuple(p for p in track.points if p.t_s > last)
    return Fall(track, path, fit, likelihoods, before, after)


def _cut(track: Track, points: tuple[TrackPoint, ...], settings: TrajectorySettings) -> Path:
    in_time = round((points[-1].t_s - points[0].t_s) / max(track.frame_interval_s, 1e-3)) + 1
    return path_of(points, min(in_time, track.scan_count), settings, track.picture_size_px)


def _agreeing_points(track: Track, fit: FallFit, path: Path, settings: TrajectorySettings) -> tuple[TrackPoint, ...]:
    """Sightings of the track that the fit predicts, grown from the stretch outwards.

    Growing stops at the first real gap and where the object becomes several times larger: the hand that let go.
    """
    full_path = path_of(track.points, len(track.points), settings, track.picture_size_px)
    predicted = fit.pixels_at(full_path.t_s)
    expected_sd = np.hypot(full_path.sd_px, fit.pixel_sd_at(full_path.t_s))
    agrees = np.linalg.norm((full_path.uv_px - predicted) / expected_sd, axis=1) < settings.agreement_sd
    log_area = np.log([p.detection.area_px for p in track.points])
    core = np.flatnonzero((full_path.t_s >= path.t_s[0]) & (full_path.t_s <= path.t_s[-1]))
    keep = {int(n) for n in core[agrees[core]]}
    for edge, indices in (
        (int(core[0]), range(int(core[0]) - 1, -1, -1)),
        (int(core[-1]), range(int(core[-1]) + 1, len(track.points))),
    ):
        last = edge
        for n in indices:
            if abs(full_path.t_s[n] - full_path.t_s[last]) > max(
                settings.largest_gap_s, settings.max_gap_frames * track.frame_interval_s
            ):
                break
            neighbours = sorted(keep, key=lambda k, n=n: abs(k - n))[:5]  # type: ignore[misc]
            if agrees[n] and abs(log_area[n] - float(np.median(log_area[neighbours]))) < settings.max_log_area_step:
                keep.add(n)
                last = n
    return tuple(track.points[n] for n in sorted(keep))
