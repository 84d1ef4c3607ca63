"""Paths with known physics: falls projected by a known camera, with noise."""

from __future__ import annotations

import numpy as np

from edgecv.detection import Detection
from edgecv.geometry import PinholeCamera, looking_at
from edgecv.simulation import FallingObject
from edgecv.tracking import Track, TrackPoint

SIZE = (1920, 1080)
AIR_KG_M3 = 1.2


def track_of(
    t: np.ndarray, uv: np.ndarray, size_px: float = 6.0, size: tuple[int, int] = SIZE, contrast: float = 30.0
) -> Track:
    """A track of the given sightings."""
    points = tuple(
        TrackPoint(
            n, float(a), Detection(float(u), float(v), size_px, size_px, size_px**2, contrast, 10.0), (0.0, 0.0), 1e-6
        )
        for n, (a, (u, v)) in enumerate(zip(t, uv, strict=True))
    )
    return Track(points, len(points), size, float(np.median(np.diff(t))))


def facade_camera() -> PinholeCamera:
    """30 m before the facade, looking up at the tenth floor."""
    return looking_at((2.0, 1.6, 30.0), (0.0, 28.0, 0.0), 1100.0, SIZE)


def fall_track(
    terminal: float,
    *,
    y: float = 37.5,
    x: float = 1.0,
    velocity: tuple[float, float, float] = (0.5, 0.3, 1.2),
    noise: float = 0.5,
    release_s: float = 0.0,
    mirrored: bool = False,
    size_px: float = 6.0,
) -> Track:
    """What the camera sees of a thing of a given terminal velocity, or of its image in a glass facade."""
    area = 0.004
    mass = terminal**2 * AIR_KG_M3 * area / (2 * 9.80665)
    thing = FallingObject("thing", mass, area, 0.1, 20.0, 1, "", (x, y, 0.1), velocity, release_s)
    t = np.arange(np.ceil(release_s * 25), 4.5 * 25 + release_s * 25) / 25
    world = thing.states(t).positions_m[0]
    if mirrored:
        world = world * [1.0, 1.0, -1.0]
    uv = facade_camera().project(world)
    seen = (world[:, 1] > 0) & (uv[:, 1] < SIZE[1]) & (uv[:, 1] > 0)
    t, uv = t[seen], uv[seen]
    return track_of(t, uv + np.random.default_rng(1).normal(0, noise, uv.shape), size_px)
