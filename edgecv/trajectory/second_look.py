"""A second look: once a fall is fitted, the pictures are searched along it for what was too weak to be detected.

A detection must stand out of the whole picture, a sighting on a known path only out of the few pixels that the fit
allows for. So things that cross windows and walls, brighter than the one and darker than the other, are seen in more
pictures; and before the first sighting lies the release.

What is added counts as evidence by what chance makes in the window that was searched, and pictures that show nothing
count as missed: a path that is no fall gets no better by being looked at twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import Detection
from edgecv.detection.difference_history import DifferenceHistory, DifferencePlane
from edgecv.detection.local_response import LocalResponse, strongest_response
from edgecv.tracking.track import TrackPoint
from edgecv.trajectory.fall import Fall, widened
from edgecv.trajectory.fit import FallFit, fit_fall
from edgecv.trajectory.path import path_of
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]
_SAME_INSTANT_S = 0.002
"""Time stamps of whole milliseconds differ by less than this from the true instants."""


@dataclass(slots=True)
class _Search:
    """What is searched along one fall.

    Attributes:
        fall: as it was detected.
        history: the pictures.
        planes: of those, oldest first.
        t_s: ``(n,)`` when each was taken, by the reading of the time stamps that the fall was fitted with.
        settings: limits.
        fit: newest.
        points: the fall's sightings and those added, by number of the frame.
    """

    fall: Fall
    history: DifferenceHistory
    planes: tuple[DifferencePlane, ...]
    t_s: Float64
    settings: TrajectorySettings
    fit: FallFit
    points: dict[int, TrackPoint]

    def fill_gaps(self) -> None:
        """Look between the first and the last sighting."""
        first, last = min(self.points), max(self.points)
        inside = [n for n, p in enumerate(self.planes) if first < p.frame < last and p.frame not in self.points]
        sightings = [point for _, point in self._look(inside) if point is not None]
        self.points |= {point.frame: point for point in sightings}
        self._refit()

    def go_on(self, backwards: bool) -> None:
        """Look outwards from one end until the pictures show nothing or the fit does not say where to look."""
        s = self.settings
        score = best = 0.0
        added: list[TrackPoint] = []
        accepted = missed = 0
        end = min(self.points) if backwards else max(self.points)
        outside = [n for n, p in enumerate(self.planes) if (p.frame < end if backwards else p.frame > end)]
        for n in reversed(outside) if backwards else outside:
            for log_gain, point in self._look([n]):
                score += log_gain
                if point is None:
                    missed += 1
                    continue
                missed = 0
                added.append(point)
                if score > best:
                    best, accepted = score, len(added)
                self.points[point.frame] = point
                if len(self.points) >= self.fit.points + s.second_look_refit:
                    self._refit()
            if missed > s.second_look_misses or not self._is_certain_at(n):
                break
        for point in added[accepted:]:
            del self.points[point.frame]
        self._refit()

    def _is_certain_at(self, n: int) -> bool:
        sd_px = self.fit.pixel_sd_at(self.t_s[n : n + 1])[0]
        return bool(sd_px.max() < self.settings.second_look_sd_h * self.fall.track.picture_size_px[1])

    def _refit(self) -> None:
        points = tuple(self.points[frame] for frame in sorted(self.points))
        if len(points) == self.fit.points:
            return
        path = path_of(points, len(points), self.settings, self.fall.track.picture_size_px)
        picture_px = float(max(self.fall.track.picture_size_px))
        self.fit = fit_fall(path, self.fit.view, self.settings, picture_px, self.fit)

    def _look(self, indices: Sequence[int]) -> Iterable[tuple[float, TrackPoint | None]]:
        """Log-likelihood ratio against chance and the sighting, if there is one, of each picture."""
        s = self.settings
        if not indices:
            return
        everywhere = self.fit.pixels_at(self.t_s)
        picked = np.array(sorted(indices))
        largest_px2 = self._largest_px2
        error_px = s.second_look_sd_px(self.fall.path.size_px)
        sd_px = np.hypot(self.fit.pixel_sd_at(self.t_s[picked]), error_px)
        for n, sd in zip(picked, sd_px, strict=True):
            centre, radius = everywhere[n], s.second_look_gate_sd * sd + self.history.binning
            reach = radius + self.fall.path.size_px / 2.0 + 2.0 * self.history.binning
            is_elsewhere = ~(np.abs(everywhere - centre) < reach).all(axis=1)
            if not np.isfinite(centre).all() or is_elsewhere[n]:
                continue
            response = strongest_response(
                self.history,
                self.planes,
                int(n),
                (float(centre[0]), float(centre[1])),
                (float(radius[0]), float(radius[1])),
                2.0 * float(np.sqrt(largest_px2)),
                is_elsewhere,
            )
            if response is None:
                continue
            if response.extent_px2 > largest_px2:  # what let it go, or what it passes: not the object
                response = replace(response, p_chance=1.0)
            yield self._weigh(response, self.planes[n], float(self.t_s[n]), centre, sd)

    def _weigh(
        self, response: LocalResponse, plane: DifferencePlane, t_s: float, centre: Float64, sd: Float64
    ) -> tuple[float, TrackPoint | None]:
        s = self.settings
        miss = float(np.log(1.0 - s.second_look_p))
        if response.p_chance > s.second_look_chance:
            return miss, None
        # as if chance had just made it: how rare stronger ones are, a few dozen pictures do not tell
        clutter_px2 = s.second_look_chance / response.area_px2
        off = (np.array([response.x_px, response.y_px]) - centre) / sd
        density = -0.5 * float(off @ off) - float(np.log(2.0 * np.pi * sd.prod()))
        gain = density - float(np.log(clutter_px2)) + float(np.log(s.second_look_p))
        if gain < miss:
            return miss, None
        width, height, area = self._usual_box
        point = TrackPoint(
            plane.frame,
            t_s,
            Detection(response.x_px, response.y_px, width, height, area, response.levels, abs(response.snr)),
            plane.shift_px,
            clutter_px2,
            plane.stamp_s,
            is_second_look=True,
        )
        return gain, point

    @property
    def _largest_px2(self) -> float:
        """Largest region of the object: what a sighting's may be at most, and the blur of the smoothed difference."""
        side_px = float(np.median([np.sqrt(p.detection.area_px) for p in self.fall.path.measured]))
        blurred_px2 = (side_px + 2.0 * self.history.binning) ** 2
        return blurred_px2 * float(np.exp(self.settings.max_log_area_step))

    @property
    def _usual_box(self) -> tuple[float, float, float]:
        boxes = [(d.w_px, d.h_px, d.area_px) for d in (p.detection for p in self.fall.path.measured)]
        width, height, area = np.median(boxes, axis=0)
        return float(width), float(height), float(area)


class SecondLook:
    """Looks at the falls of one camera again, at most a few a second of media time: traffic has many that are none.

    Args:
        settings: priors and limits.
    """

    def __init__(self, settings: TrajectorySettings) -> None:
        self._settings = settings
        self._looks = settings.second_look_burst
        self._last_s = 0.0

    def look(self, fall: Fall, history: DifferenceHistory | None) -> Fall:
        """Return the fall with what a second look adds, for it or against it; the same one where that is nothing.

        Args:
            fall: of a track that ended; what chance or another motion explains far better is not worth the time.
            history: the detector's.
        """
        s, ratios = self._settings, fall.likelihoods
        if history is None or ratios.above_chance < s.search_above_chance or ratios.ratio < s.second_look_ratio:
            return fall
        now_s = max(self._last_s, fall.track.end_s)
        self._looks = min(s.second_look_burst, self._looks + s.second_looks_per_s * (now_s - self._last_s))
        self._last_s = now_s
        if self._looks < 1.0:
            return fall
        self._looks -= 1.0
        return looked_at_again(fall, history, s)


def looked_at_again(fall: Fall, history: DifferenceHistory, settings: TrajectorySettings) -> Fall:
    """Return the fall with the sightings that a second look adds; the same one where it adds none.

    Args:
        fall: a fitted fall.
        history: the detector's, which reaches back to the fall.
        settings: limits of the look.
    """
    planes = history.planes
    margin_s = settings.second_look_beyond_s
    planes = tuple(p for p in planes if fall.fit.start_s - margin_s < p.t_s < fall.fit.end_s + margin_s)
    if not planes:
        return fall
    t_s = _instants(fall, planes)
    points = {p.frame: p for p in fall.path.points}
    search = _Search(fall, history, planes, t_s, settings, fall.fit, points)
    search.fill_gaps()
    search.go_on(backwards=True)
    search.go_on(backwards=False)
    added = {frame: p for frame, p in search.points.items() if p.is_second_look}
    if not added:
        return fall
    track = fall.track
    merged = {p.frame: p for p in track.points} | added
    frames = sorted(merged)
    outside = sum(p.frame < track.points[0].frame or p.frame > track.points[-1].frame for p in planes)
    inside = sum(frames[0] <= p.frame <= frames[-1] for p in planes)
    scan_count = max(min(track.scan_count + outside, max(inside, track.scan_count)), len(frames))
    track = replace(track, points=tuple(merged[frame] for frame in frames), scan_count=scan_count)
    return widened(fall, track, tuple(search.points[frame] for frame in sorted(search.points)), settings)


def _instants(fall: Fall, planes: Sequence[DifferencePlane]) -> Float64:
    """When the pictures were taken, as the fall's own sightings have it: on an even beat, or when the file says."""
    by_frame = {p.frame: p for p in planes}
    stamped = [
        (abs(point.t_s - by_frame[point.frame].t_s), abs(point.t_s - by_frame[point.frame].stamp_s))
        for point in fall.path.points
        if point.frame in by_frame
    ]
    by_file = bool(stamped) and float(np.median([a for a, _ in stamped])) > _SAME_INSTANT_S
    return np.array([p.stamp_s if by_file else p.t_s for p in planes])
