"""The stretch of a track that may be a fall: smooth, downwards, without the hand before it and the ground after it.

A track often begins on the person who throws and ends on the ground. A cubic in time follows any fall closely enough
(gravity, drag and perspective) to find the stretch and its outliers; the physics is fitted to that stretch only.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.tracking.steady_motion import is_steady
from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.path import Path, path_of
from edgecv.trajectory.settings import TrajectorySettings
from edgecv.trajectory.stretch_score import MIN_POINTS, StretchScores, frames_between

Float64 = NDArray[np.float64]
_STRAY_GAP_FRAMES = 4.5
"""Gap, in frames, beyond which a sighting stands alone: four misses in a row happen once in fifty by chance."""
_MOST_STRAYS = 2
"""Sightings beyond it that chance may have made: three that fit one motion start a track of their own."""
_MOST_STANDING = 3
"""Of them where they do not move: what a codec leaves of a change is detected as often as the detector looks back."""
_STANDING_PX = 1.0
"""Way within which they stand."""


def falling_stretch(track: Track, settings: TrajectorySettings) -> Path | None:
    """Return the stretch of the track that one smooth downward-accelerated motion explains best, or None."""
    if len(track.points) < MIN_POINTS or not may_fall(track, settings):
        return None
    full_path = path_of(track.points, track.scan_count, settings, track.picture_size_px)
    best = _best_stretch(full_path, track.frame_interval_s)
    if best is None:
        return None
    points, looked_at = best
    stretch = path_of(points, looked_at, settings, track.picture_size_px)
    return stretch if _accelerates_down(stretch) else None


def beginning(track: Track) -> tuple[TrackPoint, ...]:
    """Return the sightings of the track's largest descent from its top on."""
    v = np.array([p.detection.y_px for p in track.points])
    last = int(np.argmax(v - np.minimum.accumulate(v)))
    return track.points[int(np.argmin(v[: last + 1])) : last + 1]


def without_strays(points: tuple[TrackPoint, ...], interval_s: float) -> tuple[TrackPoint, ...]:
    """Leave out a few sightings beyond a gap at either end: a detection by chance there would turn the whole path.

    Where they are the object's own, the second look takes them back by what the fit predicts without them.

    Args:
        points: the sightings, oldest first.
        interval_s: usual time between frames with new evidence.
    """
    gaps = np.flatnonzero(np.diff([p.t_s for p in points]) > _STRAY_GAP_FRAMES * interval_s) + 1
    first = max((int(n) for n in gaps if _are_strays(points[:n])), default=0)
    last = min((int(n) for n in gaps if _are_strays(points[n:])), default=len(points))
    return points[first:last]


def _are_strays(points: tuple[TrackPoint, ...]) -> bool:
    if len(points) > _MOST_STANDING:
        return False
    places = np.array([(p.detection.x_px, p.detection.y_px) for p in points])
    return len(points) <= _MOST_STRAYS or bool(np.ptp(places, axis=0).max() < _STANDING_PX)


def may_fall(track: Track, settings: TrajectorySettings) -> bool:
    """Cheap first test, before anything is built: the track descends, and not at constant speed all the way.

    In snow a hundred tracks a second end here.
    """
    measured = np.array([(p.t_s, d.y_px, d.w_px, d.h_px) for p in track.points for d in (p.detection,)])
    t, v, width, height = measured.T
    descent = float(np.max(v - np.minimum.accumulate(v)))
    # by more than its own size and 3 % of the picture
    if descent <= max(8.0, 0.03 * track.picture_size_px[1], float(np.sqrt(width * height).mean())):
        return False
    return not _goes_straight(t, v, settings.position_sd_px + settings.position_sd_per_size * height)


def _goes_straight(t_s: Float64, v_px: Float64, sd_px: Float64) -> bool:
    """A straight line at constant speed explains the descent, as of snow; nothing is left for gravity."""
    first, last = _longest_descent(v_px)
    if last - first < 3:
        return False
    descent = slice(first, last + 1)
    return is_steady(t_s[descent], v_px[descent], sd_px[descent], is_scatter_measured=True)


def _accelerates_down(path: Path) -> bool:
    """The path bends downwards by five standard deviations and by more than 3 px: with less no verdict is reached."""
    bend_sd, sagitta_px = _bend(path)
    return bend_sd > 5.0 and sagitta_px > 3.0


def bend_sd(path: Path) -> float:
    """By how many standard deviations a path bends downwards: of all that moves, what falls does so most clearly."""
    return _bend(path)[0]


def _bend(path: Path) -> tuple[float, float]:
    """Standard deviations, and pixels of the bend's height."""
    t = path.t_s - path.t_s.mean()
    weight = 1.0 / path.sd_px[:, 1]
    basis = np.stack([t * t, t, np.ones_like(t)], axis=1) * weight[:, None]
    covariance = np.linalg.inv(basis.T @ basis)
    curvature = float(covariance[0] @ (basis.T @ (path.uv_px[:, 1] * weight)))
    return curvature / float(np.sqrt(covariance[0, 0])), curvature * (path.duration_s / 2.0) ** 2


def _longest_descent(v: Float64) -> tuple[int, int]:
    """First and last of rows ``(n,)`` of the largest descent, without its first tenth: perhaps still in the hand."""
    top = np.minimum.accumulate(v)
    last = int(np.argmax(v - top))
    first = int(np.argmin(v[: last + 1]))
    start = v[first] + 0.1 * (v[last] - v[first])
    below = np.flatnonzero(v[first : last + 1] < start)
    return first + int(below[-1]) + 1 if len(below) else first, last


def _best_stretch(path: Path, interval_s: float) -> tuple[tuple[TrackPoint, ...], int] | None:
    """The largest descent and as much before and after it as the same smooth motion explains better than chance."""
    n = len(path.points)
    first, last = _longest_descent(path.uv_px[:, 1])
    spare = max(0, MIN_POINTS - (last - first + 1))
    first, last = max(0, first - spare), min(n - 1, last + spare)
    best_score, best = -np.inf, None
    score_of = StretchScores(path, interval_s)
    starts = sorted({first, *(int(k) for k in np.linspace(max(0, first - (last - first) // 2), first, 4))})
    ends = sorted({last, *(int(k) for k in np.linspace(first + (last - first) // 2, last, 4))})
    for i in starts:
        for j in ends:
            if j + 1 - i >= MIN_POINTS:
                score, inliers = score_of(i, j + 1)
                if score > best_score:
                    best_score, best = score, (i, j + 1, inliers)
    # the physics costs a tenth of a second; a path that a cubic hardly lifts above chance is never worth it
    if best is None or best_score < 5.0:
        return None
    i, j, inliers = best
    points = without_strays(tuple(p for p, keep in zip(path.points[i:j], inliers, strict=True) if keep), interval_s)
    if len(points) < MIN_POINTS:
        return None
    return points, max(len(points), frames_between(path, i, j, interval_s))
