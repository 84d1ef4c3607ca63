"""Falls whose fits hold the truth: made from known physics, seen by a known camera, as themselves or in the glass."""

from __future__ import annotations

import numpy as np
from known_paths import SIZE

from edgecv.detection import Detection
from edgecv.geometry import looking_at
from edgecv.simulation import FallingObject
from edgecv.tracking import Track, TrackPoint
from edgecv.trajectory import Fall, TrajectorySettings, View
from edgecv.trajectory.fall import Likelihoods
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.model import DOWN, ELEVATION, LOG_DEPTH, LOG_VT, ROLL
from edgecv.trajectory.path import path_of

FPS = 25.0
CAMERA = looking_at((0.0, 1.6, 40.0), (0.0, 15.0, 0.0), 900.0, SIZE)  # sees the ground and 13 storeys
VIEW = View.calibrated(CAMERA)
WINDOW = (1.0, 30.0, 0.3)
Vector = tuple[float, float, float]


def known_fall(
    position_m: Vector = WINDOW,
    velocity_mps: Vector = (0.3, 0.2, 2.0),
    *,
    terminal_mps: float = 25.0,
    released_s: float = 0.0,
    seen_s: tuple[float, float] = (0.0, 2.0),
    diameter_m: float = 0.3,
    contrast: float = 30.0,
    chance: float = 100.0,
    mirrored: bool = False,
    late_frames: int = 0,
) -> Fall:
    """A thing let go at an instant, or its image in the facade, seen for a while; ``late_frames`` make it a ghost."""
    area = 0.004
    mass = terminal_mps**2 * 1.2 * area / (2.0 * 9.80665)
    thing = FallingObject("thing", mass, area, 0.1, 20.0, 1, "", position_m, velocity_mps, released_s)
    t = np.arange(round(seen_s[0] * FPS), round(seen_s[1] * FPS) + 1) / FPS
    states = thing.states(t - late_frames / FPS)
    side = np.array([1.0, 1.0, -1.0 if mirrored else 1.0])
    world, velocity = states.positions_m[0] * side, states.velocities_mps[0] * side
    uv, local = CAMERA.project(world), (world - CAMERA.position_m) @ CAMERA.rotation.T
    axes = VIEW.axes(np.array([VIEW.elevation_rad[0]]), np.array([VIEW.roll_rad[0]]))
    level = [float(axis[0] @ CAMERA.rotation @ velocity[0]) for axis in axes]
    parameters = np.array([*uv[0], np.log(local[0, 2]), *level, np.log(terminal_mps), 0.0, 0.0, 0.0, 0.0])
    parameters[ELEVATION], parameters[ROLL] = VIEW.elevation_rad[0], VIEW.roll_rad[0]
    covariance = np.zeros((11, 11))
    covariance[LOG_DEPTH, LOG_DEPTH], covariance[LOG_VT, LOG_VT], covariance[DOWN, DOWN] = 0.01, 0.01, 0.04
    fit = FallFit(VIEW, parameters, covariance, float(t[0]), float(t[-1]), 1.0, 0.0, len(t))
    size = 900.0 * diameter_m / local[:, 2]
    points = tuple(
        TrackPoint(round(s * FPS), float(s), Detection(x, y, d, d, d * d, contrast, 10.0), (0.0, 0.0), 1e-6)
        for s, (x, y), d in zip(t, uv.tolist(), size.tolist(), strict=True)
    )
    path = path_of(points, len(points), TrajectorySettings())
    return Fall(Track(points, len(points), SIZE, 1.0 / FPS), path, fit, Likelihoods(50.0, 50.0, chance), (), ())
