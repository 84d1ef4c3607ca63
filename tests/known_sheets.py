"""Things that sink before a known facade, and what else goes slowly down it, as a known camera sees them."""

from __future__ import annotations

import numpy as np
from known_paths import SIZE, facade_camera, track_of

from edgecv.geometry import FacadePlan
from edgecv.simulation import FallingObject
from edgecv.simulation.fall_trajectory import Air, Flutter
from edgecv.tracking import Track

PLAN = FacadePlan.of([3.0] * 14, [(f"{n:02d}", 4.0 * n - 14.0, 4.0 * n - 12.0) for n in range(7)])
FPS = 12.5


def sheet(
    terminal_mps: float = 1.6,
    *,
    at: tuple[float, float, float] = (1.0, 33.0, 0.3),
    seconds: float = 8.0,
    start_s: float = 5.0,
    diameter_m: float = 0.3,
    wind_mps: float = 0.4,
    phase: float = 0.0,
) -> Track:
    """A sheet of paper or a bag that is let go at a window."""
    area = 0.05
    mass = terminal_mps**2 * 1.2 * area / (2.0 * 9.80665)
    air, flutter = Air((wind_mps, 0.0, 0.1), 0.3, phase), Flutter(4.0, 1.2, phase)
    thing = FallingObject(
        "paper", mass, area, diameter_m, 230.0, 1, "", at, (0.5, 0.2, 0.8), start_s, flutter=flutter, air=air
    )
    t = start_s + np.arange(round(seconds * FPS)) / FPS
    return seen(t, thing.states(t).positions_m[0], diameter_m)


def moving(
    velocity_mps: tuple[float, float], *, at: tuple[float, float] = (1.0, 33.0), seconds: float = 8.0,
    diameter_m: float = 0.3, start_s: float = 5.0,
) -> Track:  # fmt: skip
    """What goes steadily along the facade, as a lift does."""
    t = start_s + np.arange(round(seconds * FPS)) / FPS
    since = t - start_s
    return seen(
        t, np.stack([at[0] + velocity_mps[0] * since, at[1] + velocity_mps[1] * since, 0.7 + 0.0 * t], 1), diameter_m
    )


def swinging(
    velocity_mps: tuple[float, float], spread_m: float, period_s: float, *, at: tuple[float, float] = (1.0, 33.0),
    seconds: float = 8.0, diameter_m: float = 0.15,
) -> Track:  # fmt: skip
    """What sinks in still air: as steadily as a lift in the long run, and to and fro about that with an even beat."""
    t = 5.0 + np.arange(round(seconds * FPS)) / FPS
    since = t - 5.0
    swing = np.sqrt(2.0) * spread_m * np.sin(2.0 * np.pi * since / period_s)
    return seen(
        t,
        np.stack([at[0] + velocity_mps[0] * since + swing, at[1] + velocity_mps[1] * since, 0.7 + 0.0 * t], 1),
        diameter_m,
    )


def roaming(seed: int, *, speed_mps: float = 2.5, seconds: float = 8.0) -> Track:
    """What flies to and fro near the facade: its velocity has a memory of a second and no direction."""
    rng = np.random.default_rng(seed)
    t = 5.0 + np.arange(round(seconds * FPS)) / FPS
    velocity = np.zeros((len(t), 2))
    velocity[0] = speed_mps * rng.standard_normal(2)
    kept = np.exp(-1.0 / FPS)
    for n in range(1, len(t)):
        velocity[n] = kept * velocity[n - 1] + speed_mps * np.sqrt(1.0 - kept**2) * rng.standard_normal(2)
    place = np.array([0.0, 28.0]) + np.cumsum(velocity, axis=0) / FPS
    return seen(t, np.concatenate([place, np.full((len(t), 1), 0.7)], axis=1), 0.2)


def seen(t: np.ndarray, world_m: np.ndarray, diameter_m: float) -> Track:
    """The sightings inside the picture, with noise, numbered by their frames."""
    uv = facade_camera().project(world_m)
    inside = (uv > 2.0).all(axis=1) & (uv < np.array(SIZE) - 2.0).all(axis=1)
    px_per_m = 1100.0 / np.linalg.norm(world_m - facade_camera().position_m, axis=1)
    uv = uv[inside] + np.random.default_rng(3).normal(0.0, 0.4, (int(inside.sum()), 2))
    # as the detector sees it: its own blur added
    side = float(np.hypot(2.6, diameter_m * np.median(px_per_m) / 1.15))
    track = track_of(t[inside], uv, side)
    first = round(float(t[inside][0]) * FPS)
    points = tuple(
        type(p)(first + n, p.t_s, p.detection, p.shift_px, p.clutter_px2) for n, p in enumerate(track.points)
    )
    return Track(points, len(points), SIZE, 1.0 / FPS)
