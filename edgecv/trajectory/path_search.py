"""The pictures along one fitted path, searched for what was too weak to be detected there.

A sighting counts against chance by what the whole window would give, and pictures that show nothing count as missed.
Where something of the object's size is beside the path instead, the path is contradicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edgecv.detection.detection import Detection
from edgecv.detection.difference_history import DifferenceHistory, DifferencePlane
from edgecv.detection.local_response import LocalResponse, strongest_response
from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.fit import FallFit, fit_fall
from edgecv.trajectory.path import SAME_INSTANT_S, Path, path_of
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]


@dataclass(slots=True)
class PathSearch:
    """The pictures along one fitted path.

    Attributes:
        track: as it was detected.
        path: the stretch of it that was fitted.
        fit: newest.
        history: the pictures.
        settings: limits.
        planes: all of the history, oldest first.
        t_s: ``(n,)`` when each was taken, by the reading of the time stamps that the path was fitted with.
        points: the path's sightings and those added, by number of the frame.
        detected: the whole track's, by number of the frame.
    """

    track: Track
    path: Path
    fit: FallFit
    history: DifferenceHistory
    settings: TrajectorySettings
    planes: tuple[DifferencePlane, ...] = field(init=False)
    t_s: Float64 = field(init=False)
    points: dict[int, TrackPoint] = field(init=False)
    detected: dict[int, TrackPoint] = field(init=False)

    def __post_init__(self) -> None:
        self.planes = self.history.planes
        self.t_s = _instants(self.path, self.planes)
        self.points = {p.frame: p for p in self.path.points}
        self.detected = {p.frame: p for p in self.track.points}

    @property
    def sightings(self) -> tuple[TrackPoint, ...]:
        """All of the path, oldest first."""
        return tuple(self.points[frame] for frame in sorted(self.points))

    def looked_at(self) -> Track:
        """The track with the sightings that were added."""
        track = self.track
        merged = self.detected | self.points
        frames = sorted(merged)
        outside = sum(p.frame < track.points[0].frame or p.frame > track.points[-1].frame for p in self.planes)
        inside = sum(frames[0] <= p.frame <= frames[-1] for p in self.planes)
        scan_count = max(min(track.scan_count + outside, max(inside, track.scan_count)), len(frames))
        return replace(track, points=tuple(merged[frame] for frame in frames), scan_count=scan_count)

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
        accepted, missed, contradicted = 0, 0, 0
        end = min(self.points) if backwards else max(self.points)
        end_s = self.points[end].t_s
        outside = [
            n
            for n, p in enumerate(self.planes)
            if (p.frame < end if backwards else p.frame > end) and abs(self.t_s[n] - end_s) < s.second_look_beyond_s
        ]
        for n in reversed(outside) if backwards else outside:
            looks = list(self._look([n], may_contradict=missed < s.second_look_misses))
            if not looks:  # beyond the picture, or without a comparison
                break
            for log_gain, point in looks:
                if point is not None:
                    score += log_gain
                    missed = 0
                    added.append(point)
                    if score > best:
                        best, accepted = score, len(added)
                    self.points[point.frame] = point
                    if len(self.points) >= self.fit.points + s.second_look_refit:
                        self._refit()
                else:
                    # what is hidden stays so for a while
                    missed += 1
                    score += log_gain if missed <= s.second_look_misses else s.second_look_hidden_cost
                    contradicted += log_gain < s.second_look_contradiction + 1e-9
            if contradicted > s.second_look_contradictions or not self._is_certain_at(n):
                break
            if score < best - s.second_look_loss:
                break
        for point in added[accepted:]:
            del self.points[point.frame]
        self._refit()

    def _is_certain_at(self, n: int) -> bool:
        sd_px = self.fit.pixel_sd_at(self.t_s[n : n + 1])[0]
        return bool(sd_px.max() < self.settings.second_look_sd_h * self.track.picture_size_px[1])

    def _refit(self) -> None:
        points = tuple(self.points[frame] for frame in sorted(self.points))
        if len(points) == self.fit.points:
            return
        path = path_of(points, len(points), self.settings, self.track.picture_size_px)
        picture_px = float(max(self.track.picture_size_px))
        self.fit = fit_fall(path, self.fit.view, self.settings, picture_px, self.fit)

    def _look(self, indices: Sequence[int], may_contradict: bool = False) -> Iterable[tuple[float, TrackPoint | None]]:
        """Log-likelihood ratio against chance and the sighting, if there is one, of each picture."""
        s = self.settings
        if not indices:
            return
        everywhere = self.fit.pixels_at(self.t_s)
        picked = np.array(sorted(indices))
        error_px = s.second_look_sd_px(self.path.size_px)
        sd_px = np.hypot(self.fit.pixel_sd_at(self.t_s[picked]), error_px)
        for n, sd in zip(picked, sd_px, strict=True):
            centre, radius = everywhere[n], s.second_look_gate_sd * sd + self.history.binning
            reach = radius + self.path.size_px / 2.0 + 2.0 * self.history.binning
            is_elsewhere = ~(np.abs(everywhere - centre) < reach).all(axis=1)
            if not np.isfinite(centre).all() or is_elsewhere[n]:
                continue
            response = self._strongest(int(n), centre, radius, is_elsewhere)
            if response is None:
                continue
            gain, point = self._weigh(response, self.planes[n], float(self.t_s[n]), centre, sd)
            if (
                point is None
                and may_contradict
                and response.p_chance > s.second_look_chance
                and self._is_beside(int(n), centre, radius, everywhere)
            ):
                gain = s.second_look_contradiction
            yield gain, point

    def _strongest(
        self, n: int, centre: Float64, radius: Float64, is_elsewhere: NDArray[np.bool_]
    ) -> LocalResponse | None:
        largest_px2 = self._largest_px2
        response = strongest_response(
            self.history,
            self.planes,
            n,
            (float(centre[0]), float(centre[1])),
            (float(radius[0]), float(radius[1])),
            2.0 * float(np.sqrt(largest_px2)),
            is_elsewhere,
        )
        if response is None or response.extent_px2 <= largest_px2:
            return response
        return replace(response, p_chance=1.0)  # what let it go, or what it passes: not the object

    def _is_beside(self, n: int, centre: Float64, radius: Float64, everywhere: Float64) -> bool:
        """True where something of the object's size, and as clear, is near its path in this picture, but not on it."""
        detected = self.detected.get(self.planes[n].frame)
        least_snr = self.settings.second_look_clear * self.path.snr
        if detected is not None and detected.frame not in self.points and detected.detection.snr > least_snr:
            off_px = np.abs(np.array([detected.detection.x_px, detected.detection.y_px]) - centre)
            return bool((off_px > radius).any())
        wide = 2.0 * radius + self.path.size_px
        is_elsewhere = np.asarray((np.abs(everywhere - centre) >= wide + self.path.size_px).any(axis=1))
        response = self._strongest(n, centre, wide, is_elsewhere)
        is_as_clear = response is not None and abs(response.snr) > least_snr
        return response is not None and is_as_clear and response.p_chance < self.settings.second_look_chance

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
            plane.motion.at(response.x_px, response.y_px),
            clutter_px2,
            plane.stamp_s,
            is_second_look=True,
        )
        return gain, point

    @property
    def _largest_px2(self) -> float:
        """Largest region of the object: what a sighting's may be at most, and the blur of the smoothed difference."""
        side_px = float(np.median([np.sqrt(p.detection.area_px) for p in self.path.measured]))
        blurred_px2 = (side_px + 2.0 * self.history.binning) ** 2
        return blurred_px2 * float(np.exp(self.settings.max_log_area_step))

    @property
    def _usual_box(self) -> tuple[float, float, float]:
        boxes = [(d.w_px, d.h_px, d.area_px) for d in (p.detection for p in self.path.measured)]
        width, height, area = np.median(boxes, axis=0)
        return float(width), float(height), float(area)


def _instants(path: Path, planes: Sequence[DifferencePlane]) -> Float64:
    """When the pictures were taken, as the path's sightings have it: on an even beat, or when the file says."""
    by_frame = {p.frame: p for p in planes}
    off_s = [abs(p.t_s - by_frame[p.frame].t_s) for p in path.points if p.frame in by_frame]
    by_file = bool(off_s) and float(np.median(off_s)) > SAME_INSTANT_S
    return np.array([p.stamp_s if by_file else p.t_s for p in planes])
