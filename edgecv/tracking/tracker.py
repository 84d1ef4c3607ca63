"""The tracks of one camera and their life: start, follow, end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgecv.detection.detection import Detection
from edgecv.detection.detector import DetectedFrame
from edgecv.tracking.association import Prediction, associate
from edgecv.tracking.clutter import ClutterMap
from edgecv.tracking.initiation import find_starts
from edgecv.tracking.kalman import MotionFilter, filter_through
from edgecv.tracking.settings import TrackingSettings
from edgecv.tracking.track import Track, TrackPoint


@dataclass(slots=True)
class _LiveTrack:
    """A track being followed."""

    motion: MotionFilter
    points: list[TrackPoint]
    score: float = 0.0
    best_score: float = 0.0
    log_area: float = 0.0
    contrast: float = 0.0


@dataclass(slots=True)
class _PastFrame:
    """A frame's detections, and which of them a track has taken."""

    frame: DetectedFrame
    taken: set[int] = field(default_factory=set)


class Tracker:
    """Follows everything that moves in one camera's picture; frames must come in order."""

    def __init__(self, picture_size_px: tuple[int, int], settings: TrackingSettings | None = None) -> None:
        self._settings = settings or TrackingSettings()
        self._size = picture_size_px
        self._clutter = ClutterMap(picture_size_px)
        self._live: list[_LiveTrack] = []
        self._past: deque[_PastFrame] = deque()
        self._interval_s = 0.04
        self._last_repeat_s = -1e9

    @property
    def falling_since_s(self) -> float | None:
        """Start of the oldest track now going down fast, media seconds, or None."""
        fast = 0.15 * self._size[1]
        starts = [
            live.points[0].t_s
            for live in self._live
            if len(live.points) >= self._settings.min_points and live.motion.velocity[1] > fast
        ]
        return min(starts, default=None)

    def update(self, frame: DetectedFrame) -> list[Track]:
        """Take one frame; return the tracks that ended with it, oldest start first."""
        if frame.repeated:
            self._last_repeat_s = frame.instant_s
            return []
        if self._past:
            self._interval_s += 0.1 * (frame.instant_s - self._past[-1].frame.instant_s - self._interval_s)
        past = _PastFrame(frame)
        self._past.append(past)
        self._follow(past)
        self._start()
        self._clutter.learn(frame.detections)
        ended = self._end(frame.instant_s)
        oldest = frame.instant_s - self._settings.history_s
        waiting = min((live.points[0].t_s for live in self._live), default=frame.instant_s)
        while self._past and self._past[0].frame.instant_s < min(oldest, waiting - self._settings.history_s):
            self._past.popleft()
        return ended

    def flush(self) -> list[Track]:
        """End every track: the video is over."""
        ended = [track for live in self._live if (track := self._finish(live)) is not None]
        self._live = []
        return sorted(ended, key=lambda track: track.start_s)

    def _timing_sd_s(self, t_s: float) -> float:
        """Where frames are repeated, the instant of those between is known to a third of a frame only."""
        return 0.2 * self._interval_s if t_s - self._last_repeat_s < 1.0 else 0.0

    def _noise(self, detection: Detection) -> tuple[float, float]:
        s = self._settings
        return (
            s.position_sd_px + s.position_sd_per_size * detection.w_px,
            s.position_sd_px + s.position_sd_per_size * detection.h_px,
        )

    def _follow(self, past: _PastFrame) -> None:
        frame, s = past.frame, self._settings
        timing = self._timing_sd_s(frame.instant_s)
        for live in self._live:
            live.motion.predict(frame.instant_s)
        predictions = [
            Prediction(
                live.motion.position,
                live.motion.covariance,
                live.motion.velocity,
                float(np.exp(live.log_area)),
                live.contrast,
            )
            for live in self._live
        ]
        noise = [self._noise(d) for d in frame.detections]
        matches = associate(predictions, frame.detections, noise, s.gate, timing)
        matched = set()
        for match in matches:
            live, detection = self._live[match.track], frame.detections[match.detection]
            matched.add(match.track)
            past.taken.add(match.detection)
            live.motion.update(detection, timing)
            density = self._clutter.density(detection)
            live.points.append(_point(frame, detection, density))
            live.score += match.log_density - float(np.log(density)) + float(np.log(s.detection_probability))
            live.best_score = max(live.best_score, live.score)
            live.log_area += 0.3 * (float(np.log(detection.area_px)) - live.log_area)
            live.contrast += 0.3 * (detection.contrast - live.contrast)
        for number, live in enumerate(self._live):
            if number not in matched:
                live.score += float(np.log(1.0 - s.detection_probability))

    def _start(self) -> None:
        s = self._settings
        recent = [self._past[n] for n in range(max(0, len(self._past) - 3), len(self._past))]
        free = [[n for n in range(len(p.frame.detections)) if n not in p.taken][: s.start_candidates] for p in recent]
        frames = [(p.frame.instant_s, [p.frame.detections[n] for n in f]) for p, f in zip(recent, free, strict=True)]
        for triplet in find_starts(frames, self._size[1], s):
            points = []
            for p, f, number in zip(recent, free, triplet, strict=True):
                detection = p.frame.detections[f[number]]
                p.taken.add(f[number])
                density = self._clutter.density(detection)
                points.append(_point(p.frame, detection, density))
            motion = filter_through([(p.t_s, p.detection) for p in points], self._size[1], s)
            live = _LiveTrack(motion, points)
            live.log_area = float(np.mean([np.log(p.detection.area_px) for p in points]))
            live.contrast = float(np.mean([p.detection.contrast for p in points]))
            self._live.append(live)

    def _end(self, t_s: float) -> list[Track]:
        s = self._settings
        ended: list[Track] = []
        kept: list[_LiveTrack] = []
        for live in self._live:
            x, y = live.motion.position
            outside = not (0 <= x < self._size[0] and 0 <= y < self._size[1])
            silent_s = t_s - live.points[-1].t_s
            gap_s = max(s.max_gap_s, 2.5 * self._interval_s)
            if silent_s > gap_s or (outside and silent_s > 0) or live.score < min(s.min_score, live.best_score - 15.0):
                if (track := self._finish(live)) is not None:
                    ended.append(track)
            else:
                kept.append(live)
        kept.sort(key=lambda live: -live.score)
        # the weakest give way, but never unexamined: what they have seen may be a fall already
        ended.extend(track for live in kept[s.max_tracks :] if (track := self._finish(live)) is not None)
        self._live = kept[: s.max_tracks]
        return sorted(ended, key=lambda track: track.start_s)

    def _finish(self, live: _LiveTrack) -> Track | None:
        if len(live.points) < self._settings.min_points:
            return None
        points = self._earlier(live.points) + live.points
        first, last = points[0].frame, points[-1].frame
        looked_at = sum(first <= p.frame.index <= last for p in self._past)
        return Track(tuple(points), max(looked_at, len(points)), self._size, self._interval_s)

    def _earlier(self, points: Sequence[TrackPoint]) -> list[TrackPoint]:
        """Sightings before the first one, found by running the filter backwards in time."""
        s = self._settings
        motion = filter_through([(p.t_s, p.detection) for p in reversed(points[:15])], self._size[1], s)
        area, contrast = points[0].detection.area_px, points[0].detection.contrast
        found: list[TrackPoint] = []
        last_seen_s = points[0].t_s
        for past in reversed(self._past):
            frame = past.frame
            if frame.instant_s >= points[0].t_s:
                continue
            if last_seen_s - frame.instant_s > max(s.max_gap_s, 2.5 * self._interval_s):
                break
            motion.predict(frame.instant_s)
            prediction = Prediction(motion.position, motion.covariance, motion.velocity, area, contrast)
            noise = [self._noise(d) for d in frame.detections]
            matches = associate([prediction], frame.detections, noise, s.gate, self._timing_sd_s(frame.instant_s))
            for match in matches:
                detection = frame.detections[match.detection]
                density = self._clutter.density(detection)
                if match.log_density < np.log(density):  # more likely clutter than the thing itself
                    continue
                motion.update(detection)
                area, contrast, last_seen_s = detection.area_px, detection.contrast, frame.instant_s
                found.append(_point(frame, detection, density))
        return found[::-1]


def _point(frame: DetectedFrame, detection: Detection, clutter_px2: float) -> TrackPoint:
    return TrackPoint(frame.index, frame.instant_s, detection, frame.shift_px, clutter_px2, frame.t_s)
