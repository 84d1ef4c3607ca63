"""Height over time from the record alone: sightings, a fall with the record's drag, and one without air.

The fit itself stays on the box. With a calibration the record's launch is flown again and tells how far from the wall
each sighting was, and so how high; what sinks and flutters stands as high as on a plane just before the facade. Without
one heights follow from gravity's scale at the middle of the path, which is right there and rough at the ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from edgecv.privacy import FacadeProjection, scale_of, sightings
from edgecv.trajectory.drag import G_MPS2, drag_from_terminal, fall_positions
from edgecv.trajectory.facade_path import on_plane
from edgecv.trajectory.sinking_settings import SinkingSettings

Float64 = NDArray[np.float64]
Curve = list[tuple[float, float]]
_LONGEST_S = 120.0
"""From the first sighting to the last: a sheet of paper from the highest roof takes less; each step is flown."""
_MOST_SIGHTINGS = 10_000
"""Two minutes at 80 frames a second."""
_LARGEST = 1e7
"""Of any time in seconds and place in pixels or metres: beyond it nothing is measured any more."""
_UNSEEN_S = 3.0  # a thing is seen at the latest so long after it was let go
_FASTEST_MPS = 500.0  # a terminal velocity that is no drag at all
_OFF_SHARE = 0.02  # of the picture's height: a launch that leads farther away from the sightings is not shown


@dataclass(frozen=True, slots=True)
class HeightCurves:
    """Curves ``(t_s, height_m)``; media time.

    Attributes:
        seen: the sightings.
        fall: with the record's drag.
        vacuum: without air.
        above_ground: whether heights are above the ground; else above the last sighting, and rough.
    """

    seen: Curve
    fall: Curve
    vacuum: Curve
    above_ground: bool


def heights_of(
    record: Mapping[str, Any], view: FacadeProjection | None, picture_height: int | None = None
) -> HeightCurves | None:
    """What the plot shows; None where the record does not allow it."""
    track = np.array(sightings(record), np.float64).reshape(-1, 5)
    if not 3 <= len(track) <= _MOST_SIGHTINGS or not _is_flown(track):
        return None
    try:
        if view is not None and picture_height is not None:
            if (record.get("fit") or {}).get("model") == "sinking":
                return _sunk(record, view, track)
            calibrated = _flown_again(record, view, track, _OFF_SHARE * picture_height)
            if calibrated is not None:
                return calibrated
        return _by_gravity(record, track)
    except (TypeError, ValueError, KeyError, OverflowError, np.linalg.LinAlgError):
        return None


def _is_flown(track: Float64) -> bool:
    """Whether times run on, for no longer than anything falls, and every number is one that could be measured."""
    times = track[:, 0]
    return bool(np.abs(track).max() <= _LARGEST and (np.diff(times) >= 0.0).all() and np.ptp(times) <= _LONGEST_S)


def _terminal(record: Mapping[str, Any]) -> float:
    speed = (record.get("mass") or {}).get("terminal_velocity") or {}
    return float(np.clip(float(speed.get("median") or _FASTEST_MPS), 0.5, _FASTEST_MPS))


def _flown_again(
    record: Mapping[str, Any], view: FacadeProjection, track: Float64, most_off_px: float
) -> HeightCurves | None:
    origin, motion = record.get("origin") or {}, record.get("motion") or {}
    if origin.get("y_m") is None or motion.get("launch_velocity_mps") is None:
        return None
    _, camera = view.face(origin.get("facade"))
    start = np.array([[float(origin["x_m"]), float(origin["y_m"]), 0.0]])
    velocity = np.array([[float(v) for v in motion["launch_velocity_mps"]]])
    if velocity.shape != (1, 3) or not max(np.abs(start).max(), np.abs(velocity).max()) <= _LARGEST:
        return None
    times, seen_px = track[:, 0], track[:, 1:3]

    def flown(times_s: Float64, terminal_mps: float) -> Float64:
        drag = drag_from_terminal(np.array([terminal_mps]))
        states = fall_positions(start, velocity, drag, times_s, np.array([[0.0, -1.0, 0.0]]))
        return np.asarray(states.positions_m[0], np.float64)

    def off_px(before_s: float) -> float:
        projected = camera.project(flown(times - times[0] + before_s, _terminal(record)))
        return float(np.nan_to_num(np.median(np.linalg.norm(projected - seen_px, axis=1)), nan=1e6))

    delays = np.linspace(0.0, _UNSEEN_S, 31)
    best = float(delays[int(np.argmin([off_px(float(s)) for s in delays]))])
    bounds = (max(0.0, best - 0.1), best + 0.1)
    before_s = float(minimize_scalar(off_px, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x)
    if off_px(before_s) > most_off_px:
        return None
    depth = flown(times - times[0] + before_s, _terminal(record))[:, 2]
    rays = camera.ray(seen_px)
    height = camera.position_m[1] + (depth - camera.position_m[2]) / rays[:, 2] * rays[:, 1]
    grid = np.linspace(0.0, before_s + times[-1] - times[0], 80)
    media = grid + times[0] - before_s
    return HeightCurves(
        _curve(times, height),
        _curve(media, flown(grid, _terminal(record))[:, 1]),
        _curve(media, flown(grid, _FASTEST_MPS)[:, 1]),
        above_ground=True,
    )


def _sunk(record: Mapping[str, Any], view: FacadeProjection, track: Float64) -> HeightCurves | None:
    """Heights on the plane that it was fitted on, a steady descent through them, and a fall without air from its start.

    Wind and flutter led it off any launch that could be flown again.
    """
    _, camera = view.face((record.get("origin") or {}).get("facade"))
    times, height = track[:, 0], on_plane(camera, track[:, 1:3], SinkingSettings().standoff_m)[:, 1]
    if not np.isfinite(height).all():
        return None
    since = times - times[0]
    steady = np.polyfit(since, height, 1)
    grid = np.linspace(0.0, since[-1], 80)
    return HeightCurves(
        _curve(times, height),
        _curve(grid + times[0], np.asarray(steady[1] + steady[0] * grid, np.float64)),
        _curve(grid + times[0], float(steady[1]) - G_MPS2 / 2.0 * grid**2),
        above_ground=True,
    )


def _by_gravity(record: Mapping[str, Any], track: Float64) -> HeightCurves | None:
    scale = scale_of(record)
    if scale is None:
        return None
    times = track[:, 0] - track[0, 0]
    height = (track[-1, 2] - track[:, 2]) / scale

    def fallen(times_s: Float64, down_mps: float, terminal_mps: float) -> Float64:
        """Height after the first sighting, against that of the first."""
        drag = drag_from_terminal(np.array([terminal_mps]))
        velocity, down = np.array([[0.0, -down_mps, 0.0]]), np.array([[0.0, -1.0, 0.0]])
        states = fall_positions(np.zeros((1, 3)), velocity, drag, times_s, down)
        return np.asarray(states.positions_m[0, :, 1], np.float64)

    def misfit(down_mps: float) -> float:
        residual = height - fallen(times, down_mps, _terminal(record))
        return float(np.sum((residual - residual.mean()) ** 2))

    down_mps = float(minimize_scalar(misfit, bounds=(-10.0, 60.0), method="bounded").x)
    lift = float(np.mean(height - fallen(times, down_mps, _terminal(record))))
    grid = np.linspace(0.0, times[-1], 80)
    return HeightCurves(
        _curve(track[:, 0], height),
        _curve(grid + track[0, 0], fallen(grid, down_mps, _terminal(record)) + lift),
        _curve(grid + track[0, 0], fallen(grid, down_mps, _FASTEST_MPS) + lift),
        above_ground=False,
    )


def _curve(t: Float64, h: Float64) -> Curve:
    return [(float(a), float(b)) for a, b in zip(t, h, strict=True)]
