"""The stretch of a track that may be a fall: smooth, downwards, without the hand before it and the ground after it.

A track often begins on the person who throws and ends on the ground. A cubic in time follows any fall closely enough
(gravity, drag and perspective) to find the stretch and its outliers; the physics is fitted to that stretch only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from edgecv.tracking.steady_motion import is_steady
from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.path import P_DETECTION, SAME_INSTANT_S, Path, columns_of, path_of
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

_LEAST_SCORE = 18.0
"""Of a stretch with all that the rest of the track could add to it, log units. An incident needs 30 against chance, a
candidate 20, and a fall's evidence comes to about the score: the priors of its place, depth, speed, drag and wind cost
what the score allows for its freedom. Of 400 paths below it in rain, snow and real footage the most that a fall reached
was 24; in rain a quarter of what bends ends here."""


def falling_stretch(track: Track, settings: TrajectorySettings) -> Path | None:
    """Return the stretch of the track that one smooth downward-accelerated motion explains best, or None."""
    if len(track.points) < MIN_POINTS:
        return None
    columns = columns_of(track.points)
    if not may_fall(columns, track.picture_size_px, settings):
        return None
    full_path = path_of(track.points, track.scan_count, settings, track.picture_size_px, columns)
    for rows, looked_at in _best_stretches(full_path, track.frame_interval_s):
        points = tuple(track.points[n] for n in rows)
        stretch = path_of(points, looked_at, settings, track.picture_size_px, columns[rows])
        if _accelerates_down(stretch):
            return stretch
    return None


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
    return points[_between_strays(points, interval_s)]


def _between_strays(points: tuple[TrackPoint, ...], interval_s: float) -> slice:
    gaps = np.flatnonzero(np.diff([p.t_s for p in points]) > _STRAY_GAP_FRAMES * interval_s) + 1
    first = max((int(n) for n in gaps if _are_strays(points[:n])), default=0)
    last = min((int(n) for n in gaps if _are_strays(points[n:])), default=len(points))
    return slice(first, last)


def _are_strays(points: tuple[TrackPoint, ...]) -> bool:
    if len(points) > _MOST_STANDING:
        return False
    places = np.array([(p.detection.x_px, p.detection.y_px) for p in points])
    return len(points) <= _MOST_STRAYS or bool(np.ptp(places, axis=0).max() < _STANDING_PX)


def may_fall(columns: Float64, picture_size_px: tuple[int, int], settings: TrajectorySettings) -> bool:
    """Cheap first test: the track descends, and not at constant speed all the way.

    In snow a hundred tracks a second end here.

    Args:
        columns: ``(n, 9)`` of its sightings, see :func:`~edgecv.trajectory.path.columns_of`.
        picture_size_px: width and height.
        settings: errors of a sighting.
    """
    t, v, width, height = columns[:, [0, 2, 5, 6]].T
    descent = float(np.max(v - np.minimum.accumulate(v)))
    # by more than its own size and 3 % of the picture
    if descent <= max(8.0, 0.03 * picture_size_px[1], float(np.sqrt(width * height).mean())):
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


def _stands_from(uv_px: Float64, first: int, last: int) -> int | None:
    """Row from which three sightings stand in one place, in the lower half of a descent; None where it goes on."""
    v = uv_px[:, 1]
    three = np.stack([uv_px[k : len(uv_px) - _MOST_STANDING + 1 + k] for k in range(_MOST_STANDING)])
    stands = (three.max(axis=0) - three.min(axis=0)).max(axis=1) < _STANDING_PX
    rows = np.arange(len(stands))
    stands &= (rows >= first) & (rows <= last) & (v[: len(stands)] > 0.5 * (v[first] + v[last]))
    return int(np.argmax(stands)) if stands.any() else None


def _best_stretches(path: Path, interval_s: float) -> Iterator[tuple[NDArray[np.intp], int]]:
    """The largest descent and as much before and after it as the same smooth motion explains better than chance.

    Then the best that ends before it seems to stand: it was lost and the track took what a codec left there, or it has
    landed. With that a cubic bends the other way. Numbers of the sightings, and frames that were looked at.
    """
    n = len(path.points)
    first, last = _longest_descent(path.uv_px[:, 1])
    spare = max(0, MIN_POINTS - (last - first + 1))
    first, last = max(0, first - spare), min(n - 1, last + spare)
    # by time: where sightings are few or far apart, half of them is no half of the fall
    half_s = 0.5 * float(path.t_s[last] - path.t_s[first])
    earliest = int(np.searchsorted(path.t_s, path.t_s[first] - half_s - SAME_INSTANT_S))
    middle = int(np.searchsorted(path.t_s, path.t_s[first] + half_s + SAME_INSTANT_S)) - 1
    starts = sorted({first, *_quarters(earliest, first)})
    ends = sorted({last + 1, *(end + 1 for end in _quarters(middle, last))})
    stands_from = _stands_from(path.uv_px, first, last)
    score_of = StretchScores(path, interval_s)
    choices = [ends] if stands_from is None else [ends, [*(end for end in ends if end < stands_from), stands_from]]
    for ends_of_choice in choices:
        best = score_of.best(starts, ends_of_choice)
        if best is None:
            continue
        rows = best.first + np.flatnonzero(best.explained)
        if best.score < _LEAST_SCORE and best.score + _left_out_gain(path, rows) < _LEAST_SCORE:
            continue
        rows = rows[_between_strays(tuple(path.points[n] for n in rows), interval_s)]
        if len(rows) >= MIN_POINTS:
            yield rows, max(len(rows), frames_between(path, best.first, best.end, interval_s))


def _left_out_gain(path: Path, rows: NDArray[np.intp]) -> float:
    """Log units that the sightings outside these rows would add at most, were they where a motion leads."""
    gain = np.log(P_DETECTION / (2.0 * np.pi)) - np.log(path.sd_px).sum(axis=1) - path.log_clutter
    gain[rows] = 0.0
    return float(np.maximum(gain, 0.0).sum())


def _quarters(first: int, last: int) -> tuple[int, ...]:
    """Four numbers from the first to the last."""
    step = (last - first) / 3
    return (first, int(step + first), int(2.0 * step + first), last)
