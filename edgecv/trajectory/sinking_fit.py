"""A sinking thing as a fall: the types that origin, mass, record and pictures are made from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from edgecv.geometry.camera import PinholeCamera
from edgecv.tracking.track import Track, TrackPoint
from edgecv.trajectory.facade_path import FacadePath, facade_path
from edgecv.trajectory.fall import Fall, Likelihoods
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.model import (
    AHEAD,
    DOWN,
    ELEVATION,
    LOG_DEPTH,
    LOG_VT,
    PARAMETERS,
    RIGHT,
    ROLL,
    WIND_AHEAD,
    WIND_RIGHT,
    U,
    V,
)
from edgecv.trajectory.outlying_sightings import with_outliers_widened
from edgecv.trajectory.path import Path, path_of
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings
from edgecv.trajectory.sinking import Sinking, explain_sinking
from edgecv.trajectory.sinking_settings import SinkingSettings

Float64 = NDArray[np.float64]
_BEGINNING_S, _MOST_POINTS = 6.0, 80
"""Of the path that the launch is solved from: as long as it may have gone unseen, and the work grows by the cube."""
_NEIGHBOURS = 15
"""Sightings whose median tells where one of them should be: half a second, less than a swing."""
_STRAY, _STRAY_SD = 8.0, 3.0
"""Times the usual distance from that median, and standard deviations besides, beyond which a sighting is a stray."""
_LEAST_NEAR = 0.8
"""With more strays than a fifth the track itself is one."""
_PIXEL_SD = 0.5  # of where it was first seen, after smoothing


@dataclass(frozen=True, slots=True, eq=False)
class SinkingFit(FallFit):
    """A fall at terminal velocity from the first sighting on, and the path that flutter and gusts led it along.

    Attributes:
        camera: calibrated.
        standoff_m: of the plane that the path was measured on.
        knots_s: ``(k,)`` media times, rising.
        knots_m: ``(k, 2)`` places on that plane, without the errors of the sightings.
    """

    model: ClassVar[Literal["fall", "sinking"]] = "sinking"

    camera: PinholeCamera
    standoff_m: float
    knots_s: Float64
    knots_m: Float64

    def pixels_at(self, t_s: Float64) -> Float64:
        """Smoothed places ``(n, 2)``, pixels of the reference picture; beyond the sightings it sinks on steadily."""
        t = np.asarray(t_s, np.float64)
        speed = (self.knots_m[-1] - self.knots_m[0]) / (self.knots_s[-1] - self.knots_s[0])
        beyond = t - np.clip(t, self.knots_s[0], self.knots_s[-1])
        place = [np.interp(t, self.knots_s, self.knots_m[:, axis]) + speed[axis] * beyond for axis in (0, 1)]
        return self.camera.project(np.stack([*place, np.full(len(t), self.standoff_m)], axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class SinkingFall:
    """A sinking thing.

    Attributes:
        fall: for everything that a fall is good for.
        sinking: its evidence.
        path: in metres on the facade's plane.
    """

    fall: Fall
    sinking: Sinking
    path: FacadePath

    @property
    def sink_mps(self) -> float:
        """Mean speed of descent."""
        return float(self.path.xy_m[0, 1] - self.path.xy_m[-1, 1]) / float(self.path.t_s[-1] - self.path.t_s[0])

    @property
    def descent_m(self) -> float:
        """From the first sighting to the last."""
        return float(self.path.xy_m[0, 1] - self.path.xy_m[-1, 1])

    @property
    def rise_m(self) -> float:
        """How far it went up again at most."""
        height = self.sinking.smooth_m[:, 1]
        return float((height - np.minimum.accumulate(height)).max())


@dataclass(frozen=True, slots=True, eq=False)
class PlacedPath:
    """A track on the facade's plane, without strays.

    Attributes:
        track: all of it.
        path: its sightings.
        metres: some of them, in metres on the plane.
    """

    track: Track
    path: Path
    metres: FacadePath


def placed_path(
    track: Track, view: View, settings: TrajectorySettings, sinking_settings: SinkingSettings
) -> PlacedPath | None:
    """Return a whole track on the facade's plane; None where its rays miss it.

    Args:
        track: a finished track.
        view: a calibrated camera.
        settings: errors of a sighting.
        sinking_settings: priors of the motions.
    """
    if view.camera is None:
        return None
    points = _without_strays(track, view.camera, settings, sinking_settings)
    path = path_of(points, track.scan_count, settings, track.picture_size_px)
    smooth = with_outliers_widened(path, min(sinking_settings.noise_factors))
    metres = facade_path(smooth, view.camera, sinking_settings.standoff_m, sinking_settings.most_points)
    if metres is None or metres.t_s[-1] - metres.t_s[0] < 1e-3:
        return None
    return PlacedPath(track, path, metres)


def sinking_fall(
    track: Track, view: View, settings: TrajectorySettings, sinking_settings: SinkingSettings
) -> SinkingFall | None:
    """Return a whole track explained as a sinking thing; None where its rays miss the facade's plane: see
    :func:`placed_path`."""
    placed = placed_path(track, view, settings, sinking_settings)
    return None if placed is None else explained_as_sinking(placed, view, sinking_settings)


def explained_as_sinking(placed: PlacedPath, view: View, sinking_settings: SinkingSettings) -> SinkingFall:
    """Return a path on the facade's plane explained as a sinking thing."""
    track, path, metres = placed.track, placed.path, placed.metres
    view = view.facing(path.uv_px)
    assert view.camera is not None
    sinking = explain_sinking(metres, sinking_settings)
    fit = _fit(view, view.camera, metres, sinking, sinking_settings, len(path.points))
    likelihoods = Likelihoods(
        straight=sinking.steady,
        wandering=sinking.roaming,
        chance=(sinking.log_evidence * len(path.points) / len(metres.t_s)) - path.chance_log_likelihood(),
    )
    return SinkingFall(Fall(track, path, fit, likelihoods, (), ()), sinking, metres)


def _without_strays(
    track: Track, camera: PinholeCamera, settings: TrajectorySettings, sinking_settings: SinkingSettings
) -> tuple[TrackPoint, ...]:
    """The sightings but for some that are far from their neighbours: a flake or a face that the track took for it."""
    path = path_of(track.points, track.scan_count, settings, track.picture_size_px)
    metres = facade_path(path, camera, sinking_settings.standoff_m, len(track.points))
    if metres is None:
        return track.points
    off = np.abs(metres.xy_m - median_filter(metres.xy_m, size=(_NEIGHBOURS, 1), mode="nearest"))
    near = np.flatnonzero((off < _STRAY * np.median(off, axis=0) + _STRAY_SD * metres.sd_m).all(axis=1))
    if len(near) < _LEAST_NEAR * len(track.points):
        return track.points
    return tuple(track.points[n] for n in near)


def _fit(
    view: View, camera: PinholeCamera, path: FacadePath, sinking: Sinking, s: SinkingSettings, points: int
) -> SinkingFit:
    duration = float(path.t_s[-1] - path.t_s[0])
    drift, rise = (sinking.smooth_m[-1] - sinking.smooth_m[0]) / duration
    gust_mps, gust_s = s.gust
    # the mean of a process over a time much longer than its memory
    mean_sd = gust_mps * float(np.sqrt(min(1.0, 2.0 * gust_s / duration)))
    down_sd = mean_sd * float(np.hypot(s.gust_shares[0], s.gust_shares[1] * path.slope[1]))
    start = np.array([*sinking.smooth_m[0], s.standoff_m])
    local = camera.rotation @ (start - camera.position_m)
    u, v = view.project(local[None])[0]
    right, _, ahead = (axis[0] for axis in view.axes(np.array([view.elevation_rad[0]]), np.array([view.roll_rad[0]])))
    wind = camera.rotation @ np.array([drift, 0.0, 0.0])
    sink = max(-float(rise), 0.1)
    parameters = np.zeros(PARAMETERS)
    parameters[[U, V, LOG_DEPTH]] = u, v, np.log(max(float(local[2]), 0.2))
    parameters[[RIGHT, DOWN, AHEAD]] = wind @ right, sink, wind @ ahead
    parameters[[WIND_RIGHT, WIND_AHEAD]] = wind @ right, wind @ ahead
    parameters[LOG_VT] = np.log(sink)
    parameters[[ELEVATION, ROLL]] = view.elevation_rad[0], view.roll_rad[0]
    sd = np.zeros(PARAMETERS)
    sd[[U, V]] = _PIXEL_SD
    sd[LOG_DEPTH] = s.standoff_m / max(float(local[2]), 1.0)
    sd[[RIGHT, AHEAD, WIND_RIGHT, WIND_AHEAD]] = mean_sd
    sd[DOWN] = down_sd
    sd[LOG_VT] = down_sd / sink
    return SinkingFit(
        view,
        parameters,
        np.diag(np.square(sd)),
        float(path.t_s[0]),
        float(path.t_s[-1]),
        sinking.chi2_reduced,
        sinking.log_evidence,
        points,
        camera,
        s.standoff_m,
        path.t_s,
        sinking.smooth_m,
    )


def beginning_of(fall: Fall, settings: TrajectorySettings) -> Fall:
    """The same fall, of its path the first seconds only, thinned: they tell where it began, the rest what wind does."""
    first_s = fall.path.points[0].t_s
    points = tuple(p for p in fall.path.points if p.t_s <= first_s + _BEGINNING_S)
    chosen = np.unique(np.linspace(0, len(points) - 1, _MOST_POINTS).astype(np.intp))
    path = path_of(tuple(points[n] for n in chosen), len(chosen), settings, fall.track.picture_size_px)
    return replace(fall, path=path)
