"""Descents: slow tracks, and their pieces joined where a thing was lost before a window or a wall of its own grey."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgecv.classification.sinking_settings import SinkingRules
from edgecv.geometry.camera import PinholeCamera
from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.facade_path import on_plane
from edgecv.trajectory.size import unblurred_px

Float64 = NDArray[np.float64]
_TAIL_S = 1.0
"""The last second of a piece tells where it leads: a swing or two."""
_EXTENT = 7
"""Numbers of a descent's extent."""


@dataclass(eq=False)
class Descent:
    """What may be one thing that sinks; in snow each new piece is held against a hundred of them.

    Attributes:
        track: its sightings so far.
        xy_m: ``(n, 2)`` of them on the facade's plane.
        px_per_m: how long a metre looks there.
        judged: whether it was judged as it is now.
    """

    track: Track
    xy_m: Float64
    px_per_m: float
    judged: bool = False

    @cached_property
    def start_s(self) -> float:
        """Media time of the first sighting."""
        return self.track.start_s

    @cached_property
    def end_s(self) -> float:
        """Media time of the last sighting."""
        return self.track.end_s

    @cached_property
    def descent_m(self) -> float:
        """From the first sighting to the last."""
        return float(self.xy_m[0, 1] - self.xy_m[-1, 1])

    @cached_property
    def mean_mps(self) -> Float64:
        """``(2,)`` mean velocity along the facade and up."""
        return np.asarray((self.xy_m[-1] - self.xy_m[0]) / max(self.end_s - self.start_s, 1e-3), np.float64)

    @cached_property
    def size_px(self) -> float:
        """Median side of its boxes."""
        return float(np.median([np.sqrt(p.detection.w_px * p.detection.h_px) for p in self.track.points]))

    @cached_property
    def extent(self) -> tuple[float, ...]:
        """First and last instant, least and most of columns and of rows, and size: what may be part of it."""
        seen = [(p.t_s, p.detection.x_px, p.detection.y_px) for p in self.track.points]
        _, columns, rows = zip(*seen, strict=True)
        return (seen[0][0], seen[-1][0], min(columns), max(columns), min(rows), max(rows), self.size_px)

    @cached_property
    def sightings(self) -> frozenset[tuple[int, float, float]]:
        """Frame and place of each."""
        return frozenset((p.frame, p.detection.x_px, p.detection.y_px) for p in self.track.points)

    @property
    def size_m(self) -> float:
        """Apparent diameter at the facade."""
        return unblurred_px(self.size_px) / self.px_per_m

    def leads_to(self, t_s: float) -> Float64:
        """Where it will be: the last second goes on, as fast as the whole."""
        last_s, place = self._tail
        return np.asarray(place + self.mean_mps * (t_s - last_s), np.float64)

    @cached_property
    def _tail(self) -> tuple[float, Float64]:
        times = np.array([p.t_s for p in self.track.points])
        last = times > times[-1] - _TAIL_S
        return float(times[last].mean()), np.asarray(self.xy_m[last].mean(axis=0), np.float64)


class Descents:
    """Collects slow tracks and joins those of one thing.

    Args:
        camera: calibrated.
        rules: what is joined.
    """

    def __init__(self, camera: PinholeCamera, rules: SinkingRules) -> None:
        self._camera, self._rules = camera, rules
        self._descents: list[Descent] = []
        self._extents: Float64 = np.empty((0, _EXTENT))

    def place(self, track: Track) -> Descent | None:
        """A track on the facade's plane; None where it is too short, or misses the plane."""
        if len(track.points) < self._rules.piece_points:
            return None
        uv = np.array([[p.detection.x_px, p.detection.y_px] for p in track.points])
        camera = self._camera.facing(uv.mean(axis=0))
        xy = on_plane(camera, uv, self._rules.evidence.standoff_m)
        if not np.isfinite(xy).all():
            return None
        middle = np.array([*xy.mean(axis=0), self._rules.evidence.standoff_m]) - camera.position_m
        depth = max(float(camera.rotation[2] @ middle), 0.2)
        return Descent(track, xy, camera.focal_px / depth)

    def add(self, piece: Descent) -> None:
        """Take one track; joined to the descent that it is part of, or that goes on with it."""
        slowest, fastest = self._rules.piece_mps
        aside, up = piece.mean_mps
        if not slowest <= -up <= fastest or abs(aside) > fastest:
            return
        home = self._same_or_followed(piece)
        if home is None:
            self._descents.append(piece)
            self._extents = np.concatenate([self._extents, [piece.extent]])
            del self._descents[: -self._rules.most_descents]
            self._extents = self._extents[-self._rules.most_descents :]
            return
        earlier, later = sorted((self._descents[home], piece), key=lambda descent: descent.start_s)
        own = self._without_another(earlier, later)
        joined = self.place(_joined(own, later.track))
        grows = joined is not None and len(joined.track.points) > len(self._descents[home].track.points)
        if joined is not None and (grows or own is not earlier.track):
            self._descents[home], self._extents[home] = joined, joined.extent

    def due(self, now_s: float) -> list[Descent]:
        """Descents that nothing goes on with any more, each once."""
        s = self._rules
        due = [d for d in self._descents if not d.judged and now_s >= d.end_s + s.decide_after_s]
        for descent in due:
            descent.judged = True
        remaining = now_s < self._extents[:, 1] + s.decide_after_s + s.remembered_s
        if not remaining.all():
            self._descents = [d for d, stays in zip(self._descents, remaining, strict=True) if stays]
            self._extents = self._extents[remaining]
        return due

    def _without_another(self, earlier: Descent, later: Descent) -> Track:
        """The earlier one's track, from where it took over the later one's sightings if it was another thing before.

        A leaf passes a window just as a sheet is let go there, and its track goes on with the sheet; the sheet has a
        track of its own, which the leaf's last second does not lead to.
        """
        shared = earlier.sightings & later.sightings
        if not shared:
            return earlier.track
        first = min(shared)[0]
        before = tuple(p for p in earlier.track.points if p.frame < first)
        head = self.place(replace(earlier.track, points=before, scan_count=len(before)))
        if head is None:
            return earlier.track
        meets = next(n for n, p in enumerate(later.track.points) if p.frame == first)
        since_s = later.track.points[meets].t_s - head.end_s
        off_m = float(np.hypot(*(later.xy_m[meets] - head.leads_to(later.track.points[meets].t_s))))
        if off_m < self._rules.join_m[0] + self._rules.join_m[1] * max(since_s, 0.0):
            return earlier.track
        own = tuple(p for p in earlier.track.points if p.frame >= first)
        return replace(earlier.track, points=own, scan_count=_scans(own, earlier.track.frame_interval_s))

    def _same_or_followed(self, piece: Descent) -> int | None:
        """Number of the descent that a piece is part of, or else of the one that leads to where it begins.

        They share sightings where one object was tracked twice, as where a track is followed backwards.
        """
        s = self._rules
        start, end, left, right, top, foot, size = piece.extent
        starts, ends, lefts, rights, tops, feet, sizes = self._extents.T
        meets = (ends >= start) & (starts <= end)
        meets &= (lefts <= right) & (rights >= left) & (tops <= foot) & (feet >= top)
        for n in np.flatnonzero(meets).tolist():
            descent = self._descents[n]
            shared = len(descent.sightings & piece.sightings)
            if shared > s.same_share * min(len(descent.track.points), len(piece.track.points)):
                return int(n)
        gap_s, ratio = start - ends, size / np.maximum(sizes, 1e-3)
        may_follow = (gap_s > 0.0) & (gap_s <= s.join_gap_s) & (ratio > 1.0 / s.join_size) & (ratio < s.join_size)
        near: list[tuple[float, int]] = []
        for n in np.flatnonzero(may_follow).tolist():
            off_m = float(np.hypot(*(piece.xy_m[0] - self._descents[n].leads_to(piece.start_s))))
            if off_m < s.join_m[0] + s.join_m[1] * float(gap_s[n]):
                near.append((off_m, n))
        return min(near)[1] if near else None


def _joined(a: Track, b: Track) -> Track:
    """One track of both, a sighting a frame; the longer one's where both have one."""
    longer, shorter = (a, b) if len(a.points) >= len(b.points) else (b, a)
    by_frame: dict[int, TrackPoint] = {p.frame: p for p in shorter.points} | {p.frame: p for p in longer.points}
    points = tuple(by_frame[frame] for frame in sorted(by_frame))
    return Track(points, max(len(points), _scans(points, a.frame_interval_s)), a.picture_size_px, a.frame_interval_s)


def _scans(points: Sequence[TrackPoint], interval_s: float) -> int:
    return round((points[-1].t_s - points[0].t_s) / max(interval_s, 1e-3)) + 1
