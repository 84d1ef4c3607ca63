"""What a simulated scene is made of: a camera before a facade, things that fall, birds that fly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.trajectory.drag import G_MPS2, FallStates, drag_from_terminal, fall_positions

Float64 = NDArray[np.float64]
AIR_KG_M3 = 1.2


@dataclass(frozen=True, slots=True)
class FallingObject:
    """A thing that is let go or thrown.

    Attributes:
        name: what it is.
        mass_kg: its mass.
        drag_area_m2: Cd·A.
        diameter_m: as seen.
        grey: luma of its surface, 0-255.
        floor: 1-based floor it comes from.
        window: name of the window.
        position_m: release point in the world.
        velocity_mps: launch velocity in the world.
        release_s: media time of the release.
    """

    name: str
    mass_kg: float
    drag_area_m2: float
    diameter_m: float
    grey: float
    floor: int
    window: str
    position_m: tuple[float, float, float]
    velocity_mps: tuple[float, float, float]
    release_s: float

    @property
    def terminal_mps(self) -> float:
        """Terminal velocity: ``sqrt(2 m g / (ρ Cd A))``."""
        return float(np.sqrt(2.0 * self.mass_kg * G_MPS2 / (AIR_KG_M3 * self.drag_area_m2)))

    def states(self, times_s: Float64) -> FallStates:
        """Position and velocity ``(1, n, 3)`` at sorted media times not before the release."""
        return fall_positions(
            np.array([self.position_m]),
            np.array([self.velocity_mps]),
            drag_from_terminal(np.array([self.terminal_mps])),
            times_s - self.release_s,
            np.array([[0.0, -1.0, 0.0]]),
        )


@dataclass(frozen=True, slots=True)
class Bird:
    """A bird that flies a smooth path through way points, flapping.

    Attributes:
        way_points_m: ``(x, y, z)`` in the world, passed at equal intervals of time.
        start_s: media time at the first way point.
        end_s: media time at the last.
        span_m: wing span.
        flaps_hz: wing beats a second.
        grey: luma.
    """

    way_points_m: tuple[tuple[float, float, float], ...]
    start_s: float
    end_s: float
    span_m: float = 0.5
    flaps_hz: float = 4.0
    grey: float = 45.0

    def positions(self, times_s: Float64) -> Float64:
        """World positions ``(n, 3)``; NaN before the start and after the end."""
        knots = np.linspace(self.start_s, self.end_s, len(self.way_points_m))
        return np.asarray(CubicSpline(knots, np.array(self.way_points_m), extrapolate=False)(times_s), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A scene with known truth.

    Attributes:
        size: ``(width, height)`` in pixels.
        fps: frames a second.
        duration_s: length.
        seed: decides texture and noise.
        camera: the camera.
        plan: floors and windows of the facade.
        objects: what falls.
        birds: what flies.
        exposure_s: shutter time: how long a moving thing smears.
        noise_sd: sensor noise, grey levels.
        crf: quality of the compression (x264's constant rate factor).
    """

    size: tuple[int, int]
    fps: int
    duration_s: float
    seed: int
    camera: PinholeCamera
    plan: FacadePlan
    objects: tuple[FallingObject, ...] = ()
    birds: tuple[Bird, ...] = ()
    exposure_s: float = 1.0 / 200.0
    noise_sd: float = 1.6
    crf: int = 20

    @property
    def frame_count(self) -> int:
        """Number of frames."""
        return round(self.duration_s * self.fps)
