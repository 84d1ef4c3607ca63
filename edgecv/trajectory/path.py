"""The stretch of a track that may be a fall: smooth, downwards, without the hand before it and the ground after it.

A track often begins on the person who throws and ends on the ground. A cubic in time follows any fall closely enough
(gravity, drag and perspective) to find the stretch and its outliers; the physics is fitted to that stretch only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from edgecv.tracking.steady_motion import is_steady
from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
_MIN_POINTS = 6
"""A cubic in time has four coefficients; two sightings more are the least that test it."""
_OUTLIER = 3.5  # standard deviations
_RIDGE = 1e-9 * np.eye(4)
"""Keeps the normal equations solvable where sightings share an instant; far below any weight."""
_NEIGHBOURS = 9  # sightings, by which the length of one that is cut is judged
_EDGE_PX = 1.0
"""A box that ends this near the picture's edge is cut by it."""
SAME_INSTANT_S = 0.002
"""Time stamps of whole milliseconds differ by less than this from the true instants."""
_P_DETECTION = 0.8  # share of frames in which a tracked object is seen


@dataclass(frozen=True, slots=True)
class Path:
    """Sightings as arrays, in order of time.

    Attributes:
        points: the sightings.
        t_s: ``(n,) float64`` media time.
        uv_px: ``(n, 2) float64`` centres, pixels of the reference picture.
        sd_px: ``(n, 2) float64`` standard deviation of each coordinate.
        cut_px: ``(n,) float64`` part of that for what the picture's edge cuts off; 0 inside the picture.
        log_clutter: ``(n,) float64`` log of the detections per px² to be expected there by chance.
        missed: frames with new evidence inside the stretch in which the object was not seen.
    """

    points: tuple[TrackPoint, ...]
    t_s: Float64
    uv_px: Float64
    sd_px: Float64
    cut_px: Float64
    log_clutter: Float64
    missed: int

    @property
    def duration_s(self) -> float:
        """Time from the first to the last sighting."""
        return float(self.t_s[-1] - self.t_s[0])

    @property
    def size_px(self) -> float:
        """Median diameter of the object: that of a disc of the blob's box area."""
        return float(np.median([np.sqrt(p.detection.w_px * p.detection.h_px) for p in self.measured]))

    @property
    def contrast(self) -> float:
        """Median difference to the background, grey levels, without its sign."""
        return float(np.median([abs(p.detection.contrast) for p in self.measured]))

    @property
    def measured(self) -> tuple[TrackPoint, ...]:
        """The sightings whose box and contrast were measured: those of a second look have a place alone."""
        return tuple(p for p in self.points if not p.is_second_look) or self.points

    def chance_log_likelihood(self) -> float:
        """Log-likelihood that the sightings are detections by chance, with the cost of the frames that missed it."""
        chance = float(self.log_clutter.sum())
        return chance - len(self.points) * float(np.log(_P_DETECTION)) - self.missed * float(np.log(1.0 - _P_DETECTION))


def path_of(
    points: tuple[TrackPoint, ...],
    looked_at: int,
    settings: TrajectorySettings,
    picture_size_px: tuple[int, int] | None = None,
) -> Path:
    """Return the sightings as arrays.

    Args:
        points: the sightings.
        looked_at: number of frames with new evidence in their span.
        settings: errors of a sighting.
        picture_size_px: ``(width, height)``, beyond which nothing is seen of an object; None for no edge.
    """
    size = np.array([[p.detection.w_px, p.detection.h_px] for p in points])
    again = np.where(
        [p.is_second_look for p in points],
        settings.second_look_sd_px(float(np.median(np.sqrt(size.prod(axis=1))))),
        0.0,
    )
    cut = np.zeros(len(points)) if picture_size_px is None else _cut_by_edge_px(points, size, picture_size_px)
    return Path(
        points=points,
        t_s=np.array([p.t_s for p in points]),
        uv_px=np.array([[p.detection.x_px, p.detection.y_px] for p in points]),
        sd_px=np.hypot(settings.position_sd_px + settings.position_sd_per_size * size, np.hypot(cut, again)[:, None]),
        cut_px=cut,
        log_clutter=np.log([p.clutter_px2 for p in points]),
        missed=max(0, looked_at - len(points)),
    )


def _cut_by_edge_px(points: tuple[TrackPoint, ...], size_px: Float64, picture_size_px: tuple[int, int]) -> Float64:
    """``(n,)`` pixels by which the visible part of an object at the edge may be off its centre: half its length."""
    centre = np.array([[p.detection.x_px + p.shift_px[0], p.detection.y_px + p.shift_px[1]] for p in points])
    inside = np.minimum(centre, np.array(picture_size_px) - 1.0 - centre).min(axis=1, initial=np.inf)
    nearest = np.argmin(np.minimum(centre, np.array(picture_size_px) - 1.0 - centre), axis=1)
    reach = size_px[np.arange(len(points)), nearest] / 2.0
    longest_side = maximum_filter1d(size_px.max(axis=1), _NEIGHBOURS, mode="nearest")
    return np.where(inside < reach + _EDGE_PX, longest_side / 2.0, 0.0)


def falling_stretch(track: Track, settings: TrajectorySettings) -> Path | None:
    """Return the stretch of the track that one smooth downward-accelerated motion explains best, or None."""
    if len(track.points) < _MIN_POINTS or not may_fall(track, settings):
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
    return is_steady(t_s[descent], v_px[descent], sd_px[descent])


def _accelerates_down(path: Path) -> bool:
    """The path bends downwards by five standard deviations and by more than 3 px: with less no verdict is reached."""
    t = path.t_s - path.t_s.mean()
    coefficients, covariance = np.polyfit(t, path.uv_px[:, 1], 2, w=1.0 / path.sd_px[:, 1], cov="unscaled")
    sagitta = float(coefficients[0]) * (path.duration_s / 2.0) ** 2
    return bool(coefficients[0] > 5.0 * np.sqrt(covariance[0, 0]) and sagitta > 3.0)


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
    spare = max(0, _MIN_POINTS - (last - first + 1))
    first, last = max(0, first - spare), min(n - 1, last + spare)
    best_score, best = -np.inf, None
    starts = sorted({first, *(int(k) for k in np.linspace(max(0, first - (last - first) // 2), first, 4))})
    ends = sorted({last, *(int(k) for k in np.linspace(first + (last - first) // 2, last, 4))})
    for i in starts:
        for j in ends:
            if j + 1 - i >= _MIN_POINTS:
                score, inliers = _score(path, i, j + 1, interval_s)
                if score > best_score:
                    best_score, best = score, (i, j + 1, inliers)
    # the physics costs a tenth of a second; a path that a cubic hardly lifts above chance is never worth it
    if best is None or best_score < 5.0:
        return None
    i, j, inliers = best
    points = tuple(p for p, keep in zip(path.points[i:j], inliers, strict=True) if keep)
    if len(points) < _MIN_POINTS:
        return None
    return points, max(len(points), _frames_between(path, i, j, interval_s))


def _frames_between(path: Path, i: int, j: int, interval_s: float) -> int:
    share = path.missed + len(path.points)
    in_time = round(float(path.t_s[j - 1] - path.t_s[i]) / max(interval_s, 1e-3)) + 1
    return min(share, in_time)


def _score(path: Path, i: int, j: int, interval_s: float) -> tuple[float, NDArray[np.bool_]]:
    """Log-likelihood ratio of a cubic motion against chance for sightings ``i..j``, and which of them it explains."""
    t = path.t_s[i:j]
    t = (t - t[0]) / max(float(t[-1] - t[0]), 1e-6)
    uv, sd = path.uv_px[i:j], path.sd_px[i:j]
    basis = np.vander(t, 4)
    keep = np.ones(j - i, bool)
    squared = np.zeros(j - i)
    for _ in range(3):
        if keep.sum() < _MIN_POINTS:
            return -np.inf, keep
        squared = np.zeros(j - i)
        for axis in range(2):
            weight = keep / sd[:, axis]
            weighted = basis * weight[:, None]
            solution = np.linalg.solve(weighted.T @ weighted + _RIDGE, weighted.T @ (uv[:, axis] * weight))
            squared += np.square((uv[:, axis] - basis @ solution) / sd[:, axis])
        inliers = squared < _OUTLIER**2
        if np.array_equal(inliers, keep):
            break
        keep = inliers
    log_density = -0.5 * squared - np.log(2.0 * np.pi * sd[:, 0] * sd[:, 1])
    gain = (log_density - path.log_clutter[i:j] + np.log(_P_DETECTION))[keep].sum()
    missed = max(0, _frames_between(path, i, j, interval_s) - int(keep.sum()))
    # eight coefficients and the freedom to choose two ends cost about 3 each
    return float(gain + missed * np.log(1.0 - _P_DETECTION) - 30.0), keep
