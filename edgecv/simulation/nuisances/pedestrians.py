"""People on the pavement, in perspective: they walk both ways, swing their legs, stop and go on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.simulation.drawing import Patch
from edgecv.simulation.nuisances.bird_flights import around
from edgecv.simulation.nuisances.layer import Canvas, Float64, arrivals, px_per_m
from edgecv.simulation.scene import Parameters, Scene

_STEP_HZ_PER_MPS = 0.75  # strides a second for each metre a second
_NEAREST_M = 1.5
_PAVEMENT_M = 4.0
_WAY_M = 35.0
"""Half of the way along the building on which people are followed."""


@dataclass(frozen=True, slots=True)
class _Walker:
    start_s: float
    away_m: float
    direction: int
    speed_mps: float
    pause_m: float  # where along its way it stops
    pause_s: float
    height_m: float
    grey: float
    legs: float

    def at(self, t_s: float) -> tuple[float, float] | None:
        """Way along X from the middle, and phase of the stride; None before it comes and after it has gone."""
        way = self.speed_mps * (t_s - self.start_s)
        if way > self.pause_m:
            way = max(self.pause_m, way - self.speed_mps * self.pause_s)
        if not 0.0 <= way <= 2.0 * _WAY_M:
            return None
        return self.direction * (way - _WAY_M), 2.0 * np.pi * _STEP_HZ_PER_MPS * way


@dataclass(frozen=True, slots=True, eq=False)
class Pedestrians:
    """All people of a scene."""

    scene: Scene
    walkers: tuple[_Walker, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Pedestrians:
        """One person every ``every_s`` at strength 1, between the building and the camera."""
        rng = scene.rng("pedestrians")
        slowest_s = 2.0 * _WAY_M / 0.9
        starts = arrivals(rng, parameters["every_s"] / parameters["strength"], scene.duration_s, slowest_s)
        return cls(scene, tuple(_walker(scene, rng, t) for t in starts))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``; the farthest first."""
        for number, walker in sorted(enumerate(self.walkers), key=lambda item: item[1].away_m):
            place = walker.at(canvas.t_s)
            if place is not None:
                self._figure(canvas, number, walker, *place)

    def _figure(self, canvas: Canvas, number: int, walker: _Walker, way_m: float, stride: float) -> None:
        camera = self.scene.camera
        x, ground = float(camera.position_m[0]) + way_m, float(self.scene.plan.floor_edges_m[0])
        foot = np.array([x, ground, walker.away_m])
        if float((foot - camera.position_m) @ camera.rotation[2]) < _NEAREST_M:
            return
        tall = walker.height_m
        points = foot + tall * _joints(stride, walker.direction)
        projected = camera.project(points)
        if not np.isfinite(projected).all():
            return
        pixels = dict(zip(_JOINTS, projected, strict=True))
        scale, hip = tall * float(px_per_m(camera, points[0])), projected[0]
        if not (-scale < hip[0] < canvas.size[0] + scale and -scale < hip[1] < canvas.size[1] + scale):
            return
        if not self.scene.night:
            canvas.put(pixels["shadow"][None], scale * np.array([0.3, 0.08]), 0.0, 40.0, 0.35, 0.0)
        patches = [_limb(canvas, hip, pixels["sole", side], 0.05 * scale, walker.legs) for side in _SIDES]
        patches += [_limb(canvas, pixels["neck"], pixels["hand", s], 0.03 * scale, 0.9 * walker.grey) for s in _SIDES]
        patches.append(_limb(canvas, hip, pixels["neck"], 0.11 * scale, walker.grey))
        patches.append(canvas.put(pixels["head"][None], scale * np.array([0.055, 0.07]), 0.0, 90.0, 1.0, 0.0))
        sighting = around([patch for patch in patches if patch is not None])
        if sighting is not None:
            canvas.note("pedestrian", number, sighting)


_SIDES = (-1, 1)
_JOINTS = ("hip", "neck", "head", "shadow", *(("sole", side) for side in _SIDES), *(("hand", side) for side in _SIDES))


def _joints(stride: float, direction: int) -> Float64:
    """Joints ``(8, 3)`` above the place where a person stands, for a height of one; arms swing against the legs."""
    bob, swing = 0.012 * np.cos(2.0 * stride), 0.24 * np.sin(stride) * direction
    soles = [(side * swing, 0.03, 0.03 * side) for side in _SIDES]
    hands = [(-0.7 * side * swing, 0.46 + bob, 0.08 * side) for side in _SIDES]
    trunk = [(0.0, share + bob, 0.0) for share in (0.5, 0.82, 0.93)]
    return np.array([*trunk, (0.25, 0.0, 0.08), *soles, *hands])


def _limb(canvas: Canvas, a_px: Float64, b_px: Float64, width_px: float, grey: float) -> Patch | None:
    across = b_px - a_px
    radii = np.array([max(0.52 * float(np.hypot(*across)), width_px), width_px])
    return canvas.put((a_px + b_px)[None] / 2.0, radii, float(np.arctan2(across[1], across[0])), grey, 1.0, 0.0)


def _walker(scene: Scene, rng: np.random.Generator, start_s: float) -> _Walker:
    # beside a street they keep to the pavement along the building
    farthest = _PAVEMENT_M if "traffic" in scene.nuisances else 0.85 * float(scene.camera.position_m[2])
    away = float(rng.uniform(1.2, max(3.0, farthest)))
    dim = 0.4 if scene.night else 1.0
    return _Walker(
        start_s, away, int(rng.choice((-1, 1))), float(rng.uniform(0.9, 1.7)), float(rng.uniform(0.2, 3.0)) * _WAY_M,
        float(rng.uniform(1.0, 8.0)), float(rng.uniform(1.5, 1.88)), dim * float(rng.uniform(25.0, 230.0)),
        dim * float(rng.uniform(25.0, 110.0)),
    )  # fmt: skip
