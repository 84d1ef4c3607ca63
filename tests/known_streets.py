"""A street in perspective with cars of known lanes and speeds, and falls in front of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from known_paths import SIZE, track_of

from edgecv.geometry import PinholeCamera, looking_at
from edgecv.motion_map import MotionMap
from edgecv.simulation import FallingObject
from edgecv.tracking import Track

CAR_PX, FOOT_S = 40.0, 4.9


def street_camera() -> PinholeCamera:
    """On a pole of 8 m, 45 m before a facade at z = 0; the street comes towards it at the facade's left."""
    return looking_at((0.0, 8.0, 45.0), (0.0, 12.0, 0.0), 1100.0, SIZE)


def seen(world: np.ndarray, t: np.ndarray, size_px: float, contrast: float) -> Track | None:
    """The track of a thing that is at ``world`` at times ``t``, where the picture shows it."""
    camera = street_camera()
    uv = camera.project(world)
    inside = (uv > 0).all(axis=1) & (uv < np.array(SIZE)).all(axis=1)
    noise = np.random.default_rng(len(t)).normal(0.0, 0.5, uv.shape)
    return track_of(t[inside], (uv + noise)[inside], size_px, SIZE, contrast) if inside.sum() > 4 else None


def car(rng: np.random.Generator, *, across: bool = False, size_px: float = CAR_PX) -> Track:
    """One that comes towards the camera at the facade's left, or goes along the facade's foot."""
    speed, lane = rng.uniform(9.0, 14.0), rng.normal(0.0, 0.7)
    t = np.arange(0.0, 6.0, 0.04)
    way = speed * t
    world = np.column_stack([way - 30.0, np.full_like(t, 0.7), np.full_like(t, 8.0 + lane)])
    if not across:
        world = np.column_stack([np.full_like(t, -9.0 + lane), np.full_like(t, 0.7), way - 45.0])
        world = world[world[:, 2] < 25.0]
    track = seen(world, t[: len(world)], size_px * rng.uniform(0.6, 1.6), rng.uniform(15.0, 60.0))
    assert track is not None
    return track


def fall(x_m: float, y_m: float, terminal_mps: float = 30.0, size_px: float = 5.0, z_m: float = 1.0) -> Track | None:
    """Something let go at a place of the facade."""
    area = 0.004
    mass = terminal_mps**2 * 1.2 * area / (2 * 9.80665)
    thing = FallingObject("thing", mass, area, 0.1, 20.0, 1, "", (x_m, y_m, z_m), (0.4, 0.0, 1.0), 0.0)
    t = np.arange(0.0, 4.0, 0.04)
    world = thing.states(t).positions_m[0]
    shown = world[:, 1] > 0.0
    return seen(world[shown], t[shown], size_px, 30.0)


def pass_by(motion_map: MotionMap, track: Track, now_s: float, every_s: float) -> float:
    """Let time go by, then let a track end; return the new time."""
    end_s = now_s + max(every_s, 0.1)
    while now_s < end_s:
        now_s = min(end_s, now_s + FOOT_S)
        motion_map.watch(now_s)
    motion_map.learn(at(track, now_s))
    return now_s


def at(track: Track, end_s: float) -> Track:
    """The same track, ended at another time."""
    moved_s = end_s - track.end_s
    return replace(track, points=tuple(replace(point, t_s=point.t_s + moved_s) for point in track.points))
