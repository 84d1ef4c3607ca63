"""The tracks of one camera and their life: start, follow, end."""

from __future__ import annotations

from collections import deque
from itertools import groupby, islice

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import AREA, CONTRAST, Detection, Detections, X, Y
from edgecv.detection.detector import DetectedFrame
from edgecv.tracking.association import associate, position_variance
from edgecv.tracking.bank import FilterBank
from edgecv.tracking.clutter import ClutterMap
from edgecv.tracking.earlier import break_in, earlier_sightings
from edgecv.tracking.initiation import LOOK_BACK
from edgecv.tracking.live import Hit, LiveTracks, SeenFrame
from edgecv.tracking.settings import TrackingSettings
from edgecv.tracking.starts import starts_of
from edgecv.tracking.track import Falling, Track, TrackPoint

_FOLLOW_REPEATS_S = 1.0  # how long after a repeated frame the instants count as uncertain


class Tracker:
    """Follows everything that moves in one camera's picture; frames must come in order."""

    def __init__(self, picture_size_px: tuple[int, int], settings: TrackingSettings | None = None) -> None:
        self._settings = settings or TrackingSettings()
        self._size = picture_size_px
        self._clutter = ClutterMap(picture_size_px)
        self._live = LiveTracks(FilterBank(picture_size_px[1], self._settings))
        self._seen: deque[SeenFrame] = deque()
        self._interval_s = 0.04
        self._last_repeat_s = -1e9

    def falling(self) -> list[Falling]:
        """The tracks that are going down fast now."""
        live, fast = self._live, 0.15 * self._size[1]
        return [
            Falling(
                live.hits[i][0][0].t_s,
                float(live.bank.position[i, 0]),
                float(np.exp(0.5 * live.log_area[i])),
                float(live.bank.velocity[i, 1]),
            )
            for i in np.flatnonzero(live.bank.velocity[:, 1] > fast)
            if len(live.hits[i]) >= self._settings.min_points
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
        self._follow(seen, dt_s)
        self._start()
        self._clutter.learn(detections)
        ended = self._end(frame.instant_s)
        self._forget(frame.instant_s)
        return ended

    def flush(self) -> list[Track]:
        """End every track: the video is over."""
        ended = [track for hits in self._live.hits for track in self._finish(hits)]
        self._live = LiveTracks(FilterBank(self._size[1], self._settings))
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

    def _follow(self, seen: SeenFrame, dt_s: float) -> None:
        live, s = self._live, self._settings
        if not len(live):
            return
        live.bank.predict(dt_s)
        live.score += np.log(1.0 - s.detection_probability)
        if not len(seen.detections):
            return
        timing = np.square(live.bank.velocity * self._timing_sd_s(seen.t_s))
        variance = position_variance(seen.detections, s)[None] + timing[:, None]
        sure = np.array([len(hits) >= s.min_points for hits in live.hits])
        predictions = live.predictions(np.arange(len(live)))
        # a newcomer born beside an object must explain its sightings better than the object's own track to take them
        matches = associate(predictions, seen.detections, variance, s.gate, s.established_bonus * sure)
        self._take(seen, matches.tracks, matches.detections, matches.log_density)

    def _take(
        self, seen: SeenFrame, tracks: NDArray[np.intp], rows: NDArray[np.intp], log_density: NDArray[np.float64]
    ) -> None:
        """Give tracks their sightings."""
        live, s = self._live, self._settings
        detections = seen.detections[rows]
        timing = np.square(live.bank.velocity[tracks] * self._timing_sd_s(seen.t_s))
        live.bank.update(tracks, detections[:, X : Y + 1], position_variance(detections, s) + timing)
        seen.taken[rows] = True
        for track, row in zip(tracks.tolist(), rows.tolist(), strict=True):
            live.hits[track].append((seen, row))
        p = s.detection_probability
        live.score[tracks] += log_density - np.log(seen.density[rows]) + np.log(p) - np.log(1.0 - p)
        live.best_score[tracks] = np.maximum(live.best_score[tracks], live.score[tracks])
        live.log_area[tracks] += 0.3 * (np.log(detections[:, AREA]) - live.log_area[tracks])
        live.contrast[tracks] += 0.3 * (detections[:, CONTRAST] - live.contrast[tracks])
        live.last_s[tracks] = seen.t_s

    def _start(self) -> None:
        s = self._settings
        self._release_doubtful()
        recent = list(islice(reversed(self._seen), LOOK_BACK))
        starts = starts_of(recent, self._size[1], s)
        if not starts:
            return
        for seen_in, triplets in groupby(sorted(starts), key=lambda triplet: tuple(age for age, _ in triplet)):
            hits: list[list[Hit]] = [
                [(recent[age], row) for age, (_, row) in zip(seen_in, triplet, strict=True)] for triplet in triplets
            ]
            self._live.start(hits, self._size[1], s)
            for seen, row in (hit for triplet in hits for hit in triplet):
                seen.taken[row] = True

    def _release_doubtful(self) -> None:
        """What a newcomer took that clutter explains better may be the beginning of something else."""
        live, s = self._live, self._settings
        for i in np.flatnonzero(live.score < s.doubtful_score):
            if len(live.hits[i]) < s.min_points:
                _free(live.hits[i])

    def _end(self, t_s: float) -> list[Track]:
        live, s = self._live, self._settings
        if not len(live):
            return []
        x, y = live.bank.position.T
        outside = (x < 0) | (x >= self._size[0]) | (y < 0) | (y >= self._size[1])
        silent_s = t_s - live.last_s
        over = (silent_s > self._gap_s) | (outside & (silent_s > 0))
        over |= live.score < np.minimum(s.min_score, live.best_score - 15.0)
        kept = np.flatnonzero(~over)
        if len(kept) > s.max_tracks:
            # the weakest give way, but never unexamined: what they have seen may be a fall already
            order = kept[np.argsort(-live.score[kept], kind="stable")]
            over[order[s.max_tracks :]] = True
            kept = np.sort(order[: s.max_tracks])
        if not over.any():
            return []
        ended = [track for i in np.flatnonzero(over) for track in self._finish(live.hits[i])]
        live.keep(kept)
        return sorted(ended, key=lambda track: track.start_s)

    def _finish(self, hits: list[Hit]) -> list[Track]:
        """The track, and where it began on something else, its second part with what truly came before that."""
        s = self._settings
        if len(hits) < s.min_points:
            _free(hits)
            return []
        # looking back costs more than following did; only what may be falling is worth it
        if _descent(hits) < s.worth_looking_back_h * self._size[1]:
            return [self._track(hits)]
        tracks = [self._track(self._earlier(hits) + hits)]
        k = break_in(hits)
        if k is not None and len(hits) - k >= s.min_points:
            tracks.append(self._track(self._earlier(hits[k:]) + hits[k:]))
        return tracks

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


def _descent(hits: list[Hit]) -> float:
    """Pixels of the largest descent."""
    y = np.array([seen.detections[row, Y] for seen, row in hits])
    return float((y - np.minimum.accumulate(y)).max())


def _point(seen: SeenFrame, row: int) -> TrackPoint:
    frame = seen.frame
    detection = Detection(*seen.detections[row].tolist())
    return TrackPoint(frame.index, seen.t_s, detection, frame.shift_px, float(seen.density[row]), frame.t_s)
