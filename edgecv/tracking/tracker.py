"""The tracks of one camera and their life: initiation, filtering, deletion, backward extension."""

from __future__ import annotations

from collections import deque
from itertools import compress, islice

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import Detection, Detections, X, Y
from edgecv.detection.detector import DetectedFrame
from edgecv.native import AVAILABLE
from edgecv.tracking.active_tracks import ActiveTracks
from edgecv.tracking.after_images import after_images
from edgecv.tracking.backward_extension import earlier_hits
from edgecv.tracking.clutter_density import ClutterDensity
from edgecv.tracking.filter_step import TrackFilter
from edgecv.tracking.initiator import initiate
from edgecv.tracking.reference_initiator import INITIATOR_SCANS
from edgecv.tracking.scan import Hit, Scan, gather
from edgecv.tracking.settings import TrackingSettings
from edgecv.tracking.track import Falling, Track, TrackPoint
from edgecv.tracking.track_breaks import goes_steadily, track_breaks

_STARTING_HITS = 3
_FIRST_INTERVAL_S = 0.04  # until frame intervals are measured
_INTERVAL_RATE = 0.1  # a frame, at which the usual interval follows


class Tracker:
    """Tracks everything that moves in one camera's picture; frames must come in order.

    Args:
        picture_size_px: width and height.
        settings: the chosen numbers.
        compiled: whether to use the compiled part; by default, where it is available.
    """

    def __init__(
        self, picture_size_px: tuple[int, int], settings: TrackingSettings | None = None, compiled: bool = AVAILABLE
    ) -> None:
        self._is_compiled = compiled
        self._settings = settings or TrackingSettings()
        self._size = picture_size_px
        self._clutter = ClutterDensity(picture_size_px, self._settings, compiled)
        self._active = ActiveTracks()
        self._filter = TrackFilter(picture_size_px, self._settings, compiled)
        self._scans: deque[Scan] = deque()
        self._interval_s = _FIRST_INTERVAL_S
        self._last_repeat_s = -1e9

    def falling(self) -> list[Falling]:
        """The tracks that are going down fast now."""
        s, active, table = self._settings, self._active, self._active.table
        is_fast = active.state[:, 1, 1] > s.falling_speed_h_s * self._size[1]
        return [
            Falling(
                _last_near_top_s(active.hits[i], s.near_top_share),
                float(active.state[i, 0, 0]),
                float(active.state[i, 1, 0]),
                float(np.exp(0.5 * table["log_area"][i])),
                float(active.state[i, 1, 1]),
            )
            for i in np.flatnonzero(is_fast & (table["count"] >= s.min_points))
        ]

    def update(self, frame: DetectedFrame) -> list[Track]:
        """Process one frame; return the tracks that ended with it, oldest start first."""
        if frame.repeated:
            self._last_repeat_s = frame.instant_s
            return []
        dt_s = 0.0
        if self._scans:
            dt_s = frame.instant_s - self._scans[-1].t_s
            self._interval_s += _INTERVAL_RATE * (dt_s - self._interval_s)
        detections = Detections.of(frame.detections).array
        clutter, assigned = self._clutter.at(detections), np.zeros(len(detections), bool)
        scan = Scan(frame, detections, clutter, assigned, self._scans[-1].number + 1 if self._scans else 0)
        self._scans.append(scan)
        self._filter.step(self._active, scan, dt_s, self._timing_sd_s(frame.instant_s))
        self._initiate()
        self._clutter.update(detections, dt_s or self._interval_s)
        ended = self._delete(frame.instant_s)
        self._drop_history(frame.instant_s)
        return ended

    def flush(self) -> list[Track]:
        """End every track: the video is over."""
        ended = [track for i in range(len(self._active)) for track in self._finish(i)]
        self._active = ActiveTracks()
        return sorted(ended, key=lambda track: track.start_s)

    def _drop_history(self, now_s: float) -> None:
        oldest_s = min((hits[0][0].t_s for hits in self._active.hits), default=now_s) - self._settings.history_s
        while self._scans and self._scans[0].t_s < oldest_s:
            self._scans.popleft()

    def _timing_sd_s(self, t_s: float) -> float:
        """Error of a frame's instant, which frames that were repeated shortly before make uncertain."""
        s = self._settings
        is_uncertain = t_s - self._last_repeat_s < s.timing_memory_s
        return s.timing_sd_intervals * self._interval_s if is_uncertain else 0.0

    def _initiate(self) -> None:
        self._release_tentative()
        recent = list(islice(reversed(self._scans), INITIATOR_SCANS))
        starts = initiate(recent, self._size[1], self._settings, self._is_compiled)
        if starts:
            self._filter.begin(self._active, recent, sorted(start.triplet for start in starts))

    def _release_tentative(self) -> None:
        """Earlier detections of a newcomer that clutter may explain as well may be the beginning of another track."""
        active, s, newest = self._active, self._settings, self._scans[-1]
        is_doubtful = (active.table["count"] < s.min_points) & (active.score < s.release_score)
        for i in np.flatnonzero(is_doubtful).tolist():
            for scan, row in active.hits[i]:
                if scan is not newest:
                    scan.assigned[row] = False

    def _delete(self, t_s: float) -> list[Track]:
        s, active = self._settings, self._active
        ended = self._filter.ended(active, t_s, s.max_gap_s(self._interval_s))
        if ended is None and len(active) <= s.max_tracks:
            return []
        if ended is None:
            ended = np.zeros(len(active), np.bool_)
        if len(active) - np.count_nonzero(ended) > s.max_tracks:
            # never unexamined: their detections may be a fall already
            ended[self._surplus(np.flatnonzero(~ended))] = True
        remaining = np.flatnonzero(~ended)
        tracks = [track for i in np.flatnonzero(ended).tolist() for track in self._finish(i)]
        active.keep(remaining)
        return sorted(tracks, key=lambda track: track.start_s)

    def _surplus(self, tracks: NDArray[np.intp]) -> NDArray[np.intp]:
        """The weakest of too many tracks.

        Newcomers have a share of their own: in snow every flake that has been followed for long is better than a fall
        of three detections.
        """
        s, active = self._settings, self._active
        order = tracks[np.argsort(-active.score[tracks], kind="stable")]
        is_new = active.table["count"][order] < s.min_points
        newcomers, established = order[is_new], order[~is_new]
        room = max(int(s.newcomers_share * s.max_tracks), s.max_tracks - len(established))
        surplus = newcomers[room:]
        return np.concatenate([surplus, established[s.max_tracks - (len(newcomers) - len(surplus)) :]])

    def _finish(self, i: int) -> list[Track]:
        """The track; where it may have begun on another object, also its later part with what came before that.

        None where there are too few detections, or chance may have made them.
        """
        s, hits = self._settings, self._active.hits[i]
        if len(hits) < s.min_points or self._active.table["best_score"][i] < s.min_evidence:
            _release(hits)
            return []
        t_s, rows = gather(hits)
        points = _points(hits, rows)
        # extension costs more than filtering did; only what may be falling is worth it
        if _descent_px(rows[:, Y]) < s.min_descent_h * self._size[1] or self._is_flake(hits[-1][0], t_s, rows):
            return [self._track(hits, points)]
        numbers = np.array([scan.number for scan, _ in hits])
        is_object = ~after_images(numbers, rows[:, X : Y + 1])
        hits, points = list(compress(hits, is_object)), list(compress(points, is_object))
        t_s, rows = t_s[is_object], rows[is_object]
        breaks = track_breaks(t_s, rows, self._interval_s, s)
        ks = [k for k in (0, *breaks) if len(hits) - k >= s.min_points]
        return [track for k in ks for track in self._extended(hits, points, k)]

    def _is_flake(self, newest: Scan, t_s: NDArray[np.float64], rows: NDArray[np.float64]) -> bool:
        """True in heavy weather for what goes at one speed all the way: a hundred a second would be extended."""
        s = self._settings
        return len(newest.detections) > s.weather_detections and goes_steadily(t_s, rows, s)

    def _extended(self, hits: list[Hit], points: list[TrackPoint], k: int) -> list[Track]:
        """The track from its k-th detection on, and what came before that.

        The detections that started it have to be confirmed by those that followed: chance may have made one of them.
        Where what came before may be another object's, as a bird's that passed at the release, also without it; in
        weather that would be a flake, and what it hides another one's.
        """
        s = self._settings
        max_gap_s = s.max_backward_gap_s(self._interval_s)
        start = k + max(0, min(_STARTING_HITS, len(hits) - k - s.min_points))
        _release(hits[k:start])
        first = hits[start][0]
        before = islice(self._scans, first.number - self._scans[0].number)
        recent = [scan for scan in before if scan.t_s > first.t_s - s.history_s]
        earlier = earlier_hits(hits[start:], recent, self._size[1], max_gap_s, s, self._is_compiled)
        extended = self._track(earlier + hits[start:], _points(earlier, gather(earlier)[1]) + points[start:])
        if not earlier or len(hits[-1][0].detections) > s.weather_detections:
            return [extended]
        breaks = track_breaks(*gather(earlier + hits[start:]), self._interval_s, s)
        # a place of a break is good to about as many detections as its parabola has
        is_doubtful = any(abs(at - len(earlier)) <= s.break_points[1] for at in breaks)
        return [extended, self._track(hits[k:], points[k:])] if is_doubtful else [extended]

    def _track(self, hits: list[Hit], points: list[TrackPoint]) -> Track:
        count = hits[-1][0].number - hits[0][0].number + 1
        return Track(tuple(points), count, self._size, self._interval_s)


def _release(hits: list[Hit]) -> None:
    """Let other tracks have these detections."""
    for scan, row in hits:
        scan.assigned[row] = False


def _last_near_top_s(hits: list[Hit], share: float) -> float:
    """When a track was last near its top: an object in a hand is often detected long before it is let go."""
    y = np.array([scan.detections[row, Y] for scan, row in hits])
    is_near_top = y <= y.min() + share * (y[-1] - y.min())
    return hits[int(np.flatnonzero(is_near_top)[-1])][0].t_s


def _descent_px(y_px: NDArray[np.float64]) -> float:
    """The largest descent."""
    return float((y_px - np.minimum.accumulate(y_px)).max())


def _points(hits: list[Hit], rows: NDArray[np.float64]) -> list[TrackPoint]:
    """Sightings of detections ``(n, 8)``; in snow a thousand a second, so no array is asked for one number."""
    clutter = np.array([scan.clutter[row] for scan, row in hits]).tolist()
    return [
        TrackPoint(
            scan.frame.index, scan.t_s, Detection(*row), scan.frame.motion.at(row[X], row[Y]), density, scan.frame.t_s
        )
        for (scan, _), row, density in zip(hits, rows.tolist(), clutter, strict=True)
    ]
