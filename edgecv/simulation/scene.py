"""What a simulated scene is made of: a camera before a facade, objects that fall, birds that fly, what disturbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.simulation.fall_trajectory import Air, Flutter, fall_through
from edgecv.trajectory.drag import G_MPS2, FallStates, drag_from_terminal

Float64 = NDArray[np.float64]
AIR_KG_M3 = 1.2
"""Density of air at 20 degrees Celsius and sea level."""


@dataclass(frozen=True, slots=True)
class FallingObject:
    """An object that is let go or thrown.

    Attributes:
        name: what it is.
        mass_kg: its mass.
        drag_area_m2: Cd·A.
        diameter_m: as seen, of the circle with the same area.
        grey: luma of its surface, 0-255.
        floor: 1-based floor it comes from.
        window: name of the window; "" for none.
        position_m: release point in the world.
        velocity_mps: launch velocity in the world.
        release_s: media time of the release.
        aspect: longest over shortest side as seen.
        spin_hz: turns a second; size and brightness change with it.
        shade: share of the grey by which the brightness changes while it turns.
        flutter: side force of sheets and bags, none for compact objects.
        air: wind it falls through.
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
    aspect: float = 1.0
    spin_hz: float = 0.0
    shade: float = 0.0
    flutter: Flutter = field(default_factory=Flutter)
    air: Air = field(default_factory=Air)

    @property
    def terminal_mps(self) -> float:
        """Terminal velocity: ``sqrt(2 m g / (ρ Cd A))``."""
        return float(np.sqrt(2.0 * self.mass_kg * G_MPS2 / (AIR_KG_M3 * self.drag_area_m2)))

    def states(self, times_s: Float64) -> FallStates:
        """Position and velocity ``(1, n, 3)`` at sorted media times not before the release."""
        return fall_through(
            np.array(self.position_m),
            np.array(self.velocity_mps),
            float(drag_from_terminal(np.array(self.terminal_mps))),
            np.asarray(times_s, np.float64) - self.release_s,
            self.air,
            self.flutter,
            self.release_s,
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


@dataclass(frozen=True, slots=True)
class Codec:
    """How the picture is compressed.

    Attributes:
        name: "h264" or "h265".
        kbps: bit rate in 1000 bit/s; None for constant quality.
        crf: quality where no bit rate is given (x264's and x265's constant rate factor).
        preset: speed of the encoder.
        gop_s: seconds between key frames.
    """

    name: str = "h264"
    kbps: int | None = None
    crf: int = 20
    preset: str = "veryfast"
    gop_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Processing:
    """How the camera turns light into a picture.

    Attributes:
        gamma: of the tone curve; light adds up before it, so that the smear of a bright thing stays brighter than one
            drawn in grey levels. 1 adds up grey levels.
        noise_reduction: strength of the temporal filter, 0 to 1; 0 is none.
    """

    gamma: float = 1.0
    noise_reduction: float = 0.0


@dataclass(frozen=True, slots=True)
class Timing:
    """When frames are taken.

    Attributes:
        mode: "constant", "variable" (jitter, and frames left out), "repeated" (every third picture is the one before
            it once more) or "half_rate" (every other frame only).
        jitter: of the instants, share of the frame interval ("variable").
        drop: probability that a frame is missing ("variable").
    """

    mode: str = "constant"
    jitter: float = 0.25
    drop: float = 0.08


Parameters = Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Partner:
    """A further camera before the same scene.

    Attributes:
        camera: where it stands and looks.
        clock_s: by how much its clock is behind that of the first camera when it begins.
        drift_ppm: by how much more it falls behind, seconds in a million.
    """

    camera: PinholeCamera
    clock_s: float = 0.0
    drift_ppm: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A scene with known truth.

    Attributes:
        size: ``(width, height)`` in pixels.
        fps: frames a second.
        duration_s: length.
        seed: decides texture, noise and everything that moves by chance.
        camera: the camera.
        plan: floors and windows of the facade.
        objects: what falls.
        birds: what flies on a given path; the nuisance ``birds`` adds more.
        exposure_s: shutter time: how long a moving object smears.
        noise_sd: sensor noise, grey levels.
        codec: compression.
        name: of the files that are written.
        night: infrared light instead of daylight.
        timing: when frames are taken.
        nuisances: what disturbs, by name, each with its parameters; ``strength`` 1.0 is an ordinary amount.
        balconies: indices of the window columns that have balconies.
        background: picture or video instead of the drawn facade.
        air: the wind of the scene.
        processing: how the camera turns light into a picture.
        panes: "dark" windows, or "mixed" ones: dark rooms, the sky's reflection, curtains, blinds, lamps.
        description: what the scene was made from, as written to YAML; None for scenes made in code.
        partners: further cameras before it.
        clock_s: by how much the camera's clock is behind the scene's when its video begins.
        drift_ppm: by how much more it falls behind, seconds in a million.
    """

    size: tuple[int, int]
    fps: float
    duration_s: float
    seed: int
    camera: PinholeCamera
    plan: FacadePlan
    objects: tuple[FallingObject, ...] = ()
    birds: tuple[Bird, ...] = ()
    exposure_s: float = 1.0 / 200.0
    noise_sd: float = 1.6
    codec: Codec = field(default_factory=Codec)
    name: str = "scene"
    night: bool = False
    timing: Timing = field(default_factory=Timing)
    nuisances: Mapping[str, Parameters] = field(default_factory=dict)
    balconies: tuple[int, ...] = ()
    background: Path | None = None
    air: Air = field(default_factory=Air)
    processing: Processing = field(default_factory=Processing)
    panes: str = "dark"
    description: Mapping[str, Any] | None = None
    partners: tuple[Partner, ...] = ()
    clock_s: float = 0.0
    drift_ppm: float = 0.0

    def of_partner(self, number: int) -> Scene:
        """The same scene as a further camera, counted from 0, takes it."""
        partner = self.partners[number]
        return replace(
            self,
            camera=partner.camera,
            clock_s=partner.clock_s,
            drift_ppm=partner.drift_ppm,
            name=f"{self.name}-{number + 2}",
            partners=(),
        )

    def scene_s(self, media_s: float) -> float:
        """When it is in the scene what the camera's clock calls a media time."""
        return media_s * (1.0 + 1e-6 * self.drift_ppm) + self.clock_s

    def media_s(self, scene_s: float) -> float:
        """The reverse of :meth:`scene_s`."""
        return (scene_s - self.clock_s) / (1.0 + 1e-6 * self.drift_ppm)

    @property
    def frame_count(self) -> int:
        """Number of frames at an even beat; a variable one has fewer."""
        return round(self.duration_s * self.fps)

    @property
    def conditions(self) -> tuple[str, ...]:
        """What a table of results groups this scene by."""
        conditions = ["night" if self.night else "day"]
        conditions += [name for name in ("rain", "snow", "shake", "flicker", "clouds") if name in self.nuisances]
        if self.codec.kbps is not None and self.codec.kbps <= low_kbps(self.size):
            conditions.append("low_bitrate")
        names = {"variable": "vfr", "repeated": "repeated", "half_rate": "half_rate"}
        return (*conditions, *([names[self.timing.mode]] if self.timing.mode in names else []))

    def rng(self, *purpose: str | int) -> np.random.Generator:
        """A generator of its own for every purpose: switching one part on changes no other."""
        return named_rng(self.seed, *purpose)


def low_kbps(size: tuple[int, int]) -> int:
    """A low bit rate for a picture size: 1500 kbit/s at 1080p; a smaller picture needs more a pixel."""
    return int(1500.0 * float(size[0] * size[1] / (1920 * 1080)) ** 0.75 + 0.5)


def named_rng(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return a generator that depends on the seed and the purpose only."""
    words = [seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF]
    for piece in purpose:
        words += [piece] if isinstance(piece, int) else list(piece.encode())
    return np.random.default_rng(words)
