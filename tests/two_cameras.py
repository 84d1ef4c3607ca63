"""Falls with known truth before two cameras whose clocks differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.detection import Detection
from edgecv.geometry import FacadePlan, PinholeCamera, looking_at
from edgecv.joint.camera_path import CameraPath
from edgecv.simulation import FallingObject
from edgecv.simulation.fall_trajectory import Air
from edgecv.tracking import Track, TrackPoint
from edgecv.trajectory import TrajectorySettings, View, explain

SIZE = (1920, 1080)
FPS = 25.0
AREA_M2 = 0.004
SETTINGS = TrajectorySettings()
PITCH_M = 3.5
PLAN = FacadePlan.of(
    [3.0] * 16, [(f"{n + 1:02d}", PITCH_M * (n - 6) - 0.8, PITCH_M * (n - 6) + 0.8) for n in range(13)]
)
STILL = Air()
Vector = tuple[float, float, float]


def camera_at(bearing_deg: float, distance_m: float, look_m: float = 24.0) -> PinholeCamera:
    """A camera that sees the whole facade, so many degrees to the right of its middle."""
    bearing = np.radians(bearing_deg)
    position = (distance_m * float(np.sin(bearing)), 1.6, distance_m * float(np.cos(bearing)))
    # the foot and the roof of the facade within the picture's height, with some air
    low, high = np.arctan2(-1.6, distance_m), np.arctan2(50.0 - 1.6, distance_m)
    middle = float(np.tan((low + high) / 2.0)) * distance_m + 1.6
    focal = SIZE[1] / 2.0 / float(np.tan((high - low) / 2.0)) * 0.95
    return looking_at(position, (0.0, min(middle, look_m), 0.0), focal, SIZE)


@dataclass(frozen=True, slots=True)
class Throw:
    """What falls, and when."""

    position_m: Vector
    velocity_mps: Vector
    terminal_mps: float
    released_s: float = 0.0
    diameter_m: float = 0.12
    air: Air = STILL

    def thing(self) -> FallingObject:
        """It as an object of the simulation."""
        mass = self.terminal_mps**2 * 1.2 * AREA_M2 / (2.0 * 9.80665)
        return FallingObject(
            "thing", mass, AREA_M2, 0.1, 20.0, 1, "", self.position_m, self.velocity_mps, self.released_s, air=self.air
        )


def track_of_throw(
    throw: Throw,
    camera: PinholeCamera,
    rng: np.random.Generator,
    *,
    behind_s: float = 0.0,
    hidden: float = 0.0,
    until: float = 1.0,
    noise_px: float = 0.3,
) -> Track | None:
    """What a camera sees of it.

    Args:
        throw: the fall.
        camera: that sees it.
        rng: of the noise, and of when its shutter opens.
        behind_s: by how much its clock is behind.
        hidden: share of the fall that it did not see first.
        until: share of the fall at which it loses it.
        noise_px: of each coordinate.
    """
    t = throw.released_s + np.arange(0.0, 9.0, 1.0 / FPS) + float(rng.uniform(0.0, 1.0 / FPS))
    world = throw.thing().states(t).positions_m[0]
    uv = camera.project(world)
    inside = (world[:, 1] > 0.0) & (uv >= 2.0).all(axis=1) & (uv < np.array(SIZE) - 2.0).all(axis=1)
    t, uv, world = t[inside], uv[inside], world[inside]
    first, last = int(hidden * len(t)), int(until * len(t))
    t, uv, world = t[first:last], uv[first:last], world[first:last]
    if len(t) < 4:
        return None
    size = np.maximum(camera.focal_px * throw.diameter_m / np.linalg.norm(world - camera.position_m, axis=1), 2.0)
    uv = uv + rng.normal(0.0, noise_px, uv.shape)
    points = tuple(
        TrackPoint(n, float(s), Detection(float(u), float(v), d, d, d * d, 30.0, 10.0), (0.0, 0.0), 1e-6)
        for n, (s, (u, v), d) in enumerate(zip(t - behind_s, uv, size.tolist(), strict=True))
    )
    return Track(points, len(points), SIZE, 1.0 / FPS)


def seen_by(track: Track | None, camera: PinholeCamera, clock_sd_s: float = 0.7) -> CameraPath | None:
    """A track as a path of its camera; None where no fall explains it."""
    fall = None if track is None else explain(track, View.calibrated(camera), SETTINGS)
    return None if fall is None else CameraPath(fall, camera, 0.0, clock_sd_s)


def random_throw(rng: np.random.Generator) -> tuple[Throw, int, str]:
    """A throw out of a window, with its floor and the window's name."""
    floor, window = int(rng.integers(5, 17)), int(rng.integers(1, 12))
    span = PLAN.windows[window]
    low, _ = PLAN.floor_span_m(floor)
    hand = (
        float(rng.uniform(span.left_m, span.right_m)),
        low + float(rng.uniform(0.9, 1.8)),
        float(abs(rng.normal(0.2, 0.15))),
    )
    velocity = (float(rng.normal(0.0, 1.0)), float(rng.normal(0.2, 0.7)), float(abs(rng.normal(1.2, 0.8))))
    terminal = float(np.exp(rng.uniform(np.log(7.0), np.log(45.0))))
    wind = Air((float(rng.normal(0.0, 1.5)), 0.0, float(rng.normal(0.0, 0.5))))
    return Throw(hand, velocity, terminal, diameter_m=float(rng.uniform(0.06, 0.25)), air=wind), floor, span.name
