"""The tracks of one camera and their life: start, follow, end."""

from __future__ import annotations

from collections import deque
from itertools import islice

import numpy as np

from edgecv.detection.detection import Detection, Detections, Y
from edgecv.detection.detector import DetectedFrame
from edgecv.tracking.active_tracks import LiveTracks
from edgecv.tracking.backward_extension import breaks_in, earlier_sightings
from edgecv.tracking.clutter_density import ClutterMap
from edgecv.tracking.compiled_initiator import starts_of
from edgecv.tracking.detection_frames import Hit, SeenFrame
from edgecv.tracking.filter_step import Follower
from edgecv.tracking.initiator import LOOK_BACK
from edgecv.tracking.settings import TrackingSettings
from edgecv.tracking.track import Falling, Track, TrackPoint

_NEAR_TOP = 0.1  # of the way down
_FOLLOW_REPEATS_S = 1.0  # how long after a repeated frame the instants count as uncertain


class Tracker:
    """Follows everything that moves in one camera's picture; frames must come in order."""

    def __init__(self, picture_size_px: tuple[int, int], settings: TrackingSettings | None = None) -> None:
        self._settings = settings or TrackingSettings()
        self._size = picture_size_px
        self._clutter = ClutterMap(picture_size_px)
        self._live = LiveTracks()
        self._follower = Follower(picture_size_px, self._settings)
        self._seen: deque[SeenFrame] = deque()
        self._interval_s = 0.04
        self._last_repeat_s = -1e9

    def falling(self) -> list[Falling]:
        """The tracks that are going down fast now."""
        live, table = self._live, self._live.table
        fast = (live.state[:, 1, 1] > 0.15 * self._size[1]) & (table["count"] >= self._settings.min_points)
        return [
            Falling(
                _set_off_s(live.hits[i]),
                float(live.state[i, 0, 0]),
                float(np.exp(0.5 * table["log_area"][i])),
                float(live.state[i, 1, 1]),
            )
            for i in np.flatnonzero(fast)
        ]

    def update(self, frame: DetectedFrame) -> list[Track]:
        """Take one frame; return the tracks that ended with it, oldest start first."""
        if frame.repeated:
            self._last_repeat_s = frame.instant_s
            return []
        dt_s = 0.0
        if self._seen:
            dt_s = frame.instant_s - self._seen[-1].t_s
            self._interval_s += 0.1 * (dt_s - self._interval_s)
        detections = Detections.of(frame.detections).array
        seen = SeenFrame(frame, detections, self._clutter.density(detections), np.zeros(len(detections), bool))
        self._seen.append(seen)
        self._follower.follow(self._live, seen, dt_s, self._timing_sd_s(frame.instant_s))
        self._start()
        self._clutter.learn(detections)
        ended = self._end(frame.instant_s)
        self._forget(frame.instant_s)
        return ended

    def flush(self) -> list[Track]:
        """End every track: the video is over."""
        ended = [track for hits in self._live.hits for track in self._finish(hits)]
        self._live = LiveTracks()
        return sorted(ended, key=lambda track: track.start_s)

    @property
    def _gap_s(self) -> float:
        return max(self._settings.max_gap_s, 2.5 * self._interval_s)

    def _forget(self, now_s: float) -> None:
        oldest = min((hits[0][0].t_s for hits in self._live.hits), default=now_s) - self._settings.history_s
        while self._seen and self._seen[0].t_s < oldest:
            self._seen.popleft()

    def _timing_sd_s(self, t_s: float) -> float:
        """Where frames are repeated, the instant of those between is known to a third of a frame only."""
        return 0.2 * self._interval_s if t_s - self._last_repeat_s < _FOLLOW_REPEATS_S else 0.0

    def _start(self) -> None:
        s = self._settings
        self._release_doubtful()
        recent = list(islice(reversed(self._seen), LOOK_BACK))
        starts = starts_of(recent, self._size[1], s)
        if not starts:
            return
        self._follower.begin(self._live, recent, sorted(starts))

    def _release_doubtful(self) -> None:
        """What a newcomer took that clutter explains better may be the beginning of something else."""
        live, s = self._live, self._settings
        for i in np.flatnonzero(live.score < s.doubtful_score):
            if len(live.hits[i]) < s.min_points:
                _free(live.hits[i])

    def _end(self, t_s: float) -> list[Track]:
        live, most = self._live, self._settings.max_tracks
        over = self._follower.over(live, t_s, self._gap_s)
        if over is None and len(live) <= most:
            return []
        if over is None:
            over = np.zeros(len(live), np.bool_)
        kept = np.flatnonzero(~over)
        if len(kept) > most:
            # the weakest give way, but never unexamined: what they have seen may be a fall already
            order = kept[np.argsort(-live.score[kept], kind="stable")]
            over[order[most:]] = True
            kept = np.sort(order[:most])
        ended = [track for i in np.flatnonzero(over) for track in self._finish(live.hits[i])]
        live.keep(kept)
        return sorted(ended, key=lambda track: track.start_s)

    def _finish(self, hits: list[Hit]) -> list[Track]:
        """The track, and where it may have begun on something else, its later part with what truly came before that."""
        s = self._settings
        if len(hits) < s.min_points:
            _free(hits)
            return []
        # looking back costs more than following did; only what may be falling is worth it
        if _descent(hits) < s.worth_looking_back_h * self._size[1]:
            return [self._track(hits)]
        parts = [hits, *(hits[k:] for k in breaks_in(hits) if len(hits) - k >= s.min_points)]
        return [self._track(self._earlier(part) + part) for part in parts]

    def _earlier(self, hits: list[Hit]) -> list[Hit]:
        gap_s = max(self._settings.max_gap_back_s, 2.5 * self._interval_s)
        return earlier_sightings(hits, self._seen, self._size[1], gap_s, self._settings)

    def _track(self, hits: list[Hit]) -> Track:
        points = tuple(_point(seen, row) for seen, row in hits)
        first, last = points[0].frame, points[-1].frame
        looked_at = sum(first <= seen.frame.index <= last for seen in self._seen)
        return Track(points, max(looked_at, len(points)), self._size, self._interval_s)


def _free(hits: list[Hit]) -> None:
    """Let other tracks have these sightings."""
    for seen, row in hits:
        seen.taken[row] = False


def _set_off_s(hits: list[Hit]) -> float:
    """When a track was last near its top: what is held is often seen long before it is let go."""
    y = np.array([seen.detections[row, Y] for seen, row in hits])
    near_top = y <= y.min() + _NEAR_TOP * (y[-1] - y.min())
    return hits[int(np.flatnonzero(near_top)[-1])][0].t_s


def _descent(hits: list[Hit]) -> float:
    """Pixels of the largest descent."""
    y = np.array([seen.detections[row, Y] for seen, row in hits])
    return float((y - np.minimum.accumulate(y)).max())


def _point(seen: SeenFrame, row: int) -> TrackPoint:
    frame = seen.frame
    detection = Detection(*seen.detections[row].tolist())
    return TrackPoint(frame.index, seen.t_s, detection, frame.shift_px, float(seen.density[row]), frame.t_s)
