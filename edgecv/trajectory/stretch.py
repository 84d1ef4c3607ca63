"""Which part of a track is the fall.

It is found in three steps: a smooth motion picks it out of the track, ends that physics does not explain are cut off
(the hand before, the ground after), and sightings next to it that the fit predicts are taken back in.
"""

from __future__ import annotations

import numpy as np

from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.fall import Fall, cut, examine
from edgecv.trajectory.falling_stretch import beginning, without_strays
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.path import Path, columns_of, path_of
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings


def best_explanation(track: Track, stretch: Path, view: View, settings: TrajectorySettings, picture_px: float) -> Fall:
    """Return the best fall in a track.

    Args:
        track: all that was followed.
        stretch: of it, that a smooth motion picked.
        view: the camera.
        settings: priors and limits.
        picture_px: longer side of the picture.
    """
    best = examine(track, stretch, view, settings, picture_px)
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
    full_path = path_of(track.points, len(track.points), settings, track.picture_size_px)
    for _ in range(settings.growths):
        points = _agreeing_points(track, full_path, best.fit, best.path, settings)
        if points == best.path.points or len(points) < settings.min_stretch:
            break
        wider = examine(track, cut(track, points, settings), view, settings, picture_px, best.fit)
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
        tried = examine(track, cut(track, points, settings), view, settings, picture)
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
    points, columns = stretch.points, columns_of(stretch.points)
    n = len(points)
    begin, end = 0, n
    for side in ("begin", "end"):
        for share in settings.cut_fractions:
            i, j = (int(share * n), end) if side == "begin" else (begin, n - int(share * n))
            if j - i < settings.min_stretch:
                continue
            tried = examine(track, cut(track, points[i:j], settings, columns[i:j]), view, settings, picture)
            if tried.likelihoods.ratio > best.likelihoods.ratio + settings.min_log_gain:
                best, begin, end = tried, i, j
    return best


def _agreeing_points(
    track: Track, full_path: Path, fit: FallFit, path: Path, settings: TrajectorySettings
) -> tuple[TrackPoint, ...]:
    """Sightings of the track that the fit predicts, grown from the stretch outwards.

    Growing stops at the first real gap and where the object becomes several times larger: the hand that let go.
    """
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
            if abs(full_path.t_s[n] - full_path.t_s[last]) > settings.largest_gap_s(track.frame_interval_s):
                break
            neighbours = sorted(keep, key=lambda k, n=n: abs(k - n))[:5]  # type: ignore[misc]
            if agrees[n] and abs(log_area[n] - float(np.median(log_area[neighbours]))) < settings.max_log_area_step:
                keep.add(n)
                last = n
    return without_strays(tuple(track.points[n] for n in sorted(keep)), track.frame_interval_s)
