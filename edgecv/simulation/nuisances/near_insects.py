"""Insects in space, 0.3 to 3 m from the lens: they grow as they come, blur with the lens, and shine in the lamp.

Flight is a walk whose velocity lasts a third of a second, with saccades: turns of about 90 degrees within 50 ms, and
straight flight between them (Tammero & Dickinson, "The influence of visual landscape on the free flight behavior of the
fruit fly", J. Exp. Biol. 205, 2002).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.simulation.nuisances.layer import Canvas, Float64, arrivals, behind_pixel, px_per_m
from edgecv.simulation.scene import Parameters, Scene

_STEP_S = 0.01
_APERTURE_M = 0.002
"""Of a 4 mm lens at f/2, focused on the far: what is near is smeared by this size at its distance."""
_NEAREST_M = 0.15
_LASTS_S = 0.35
"""Time over which a velocity lasts."""
_SACCADES_PER_S = 1.5
_LAMP_FULL_M = 1.2
"""Nearer than this an insect saturates in the light of the camera's own lamp."""


@dataclass(frozen=True, slots=True, eq=False)
class _Insect:
    start_s: float
    world_m: Float64  # (n, 3) every _STEP_S
    length_m: float
    beats_hz: float
    grey: float


@dataclass(frozen=True, slots=True, eq=False)
class NearInsects:
    """All insects of a scene."""

    scene: Scene
    insects: tuple[_Insect, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> NearInsects:
        """One insect every ``every_s`` at strength 1; three times as many in the light of the lamp at night."""
        rng = scene.rng("near insects")
        often = parameters["strength"] * (3.0 if scene.night else 1.0)
        starts = arrivals(rng, parameters["every_s"] / often, scene.duration_s, 1.0)
        return cls(scene, tuple(_insect(scene, rng, t) for t in starts))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        camera = self.scene.camera
        for number, insect in enumerate(self.insects):
            grid = insect.start_s + np.arange(len(insect.world_m), dtype=np.float64) * _STEP_S
            if not grid[0] <= canvas.t_s <= grid[-1]:
                continue
            ends = _at(grid, insect.world_m, canvas.t_s + canvas.exposure_s * np.array([-0.5, 0.5]))
            depth = float((ends[0] - camera.position_m) @ camera.rotation[2])
            if depth < _NEAREST_M:
                continue
            pixels = camera.project(ends)
            if not np.isfinite(pixels).all():
                continue
            scale = float(px_per_m(camera, ends[0])) if depth > 0.1 else camera.focal_px / depth
            radius, blur = 0.5 * insect.length_m * scale, 0.4 * _APERTURE_M * scale
            times = canvas.instants(float(np.hypot(*(pixels[1] - pixels[0]))), radius + blur)
            centres = camera.project(_at(grid, insect.world_m, times))
            if not np.isfinite(centres).all():
                continue
            way = pixels[1] - pixels[0]
            beat = 0.75 + 0.25 * np.sin(2.0 * np.pi * insect.beats_hz * canvas.t_s)
            solid = float((radius / np.hypot(radius, blur)) ** 2)
            grey = insect.grey
            if self.scene.night:
                grey = min(255.0, 255.0 * (_LAMP_FULL_M / depth) ** 2 + 40.0)
            radii = np.array([radius, 0.55 * radius])
            patch = canvas.put(
                centres, radii, float(np.arctan2(way[1], way[0])), grey, min(1.0, 0.25 + solid) * beat, min(blur, 14.0)
            )
            if patch is not None:
                canvas.note("insect", number, patch.sighting)


def _at(grid: Float64, world_m: Float64, times_s: Float64) -> Float64:
    return np.stack([np.interp(times_s, grid, axis) for axis in world_m.T], axis=1)


def _insect(scene: Scene, rng: np.random.Generator, start_s: float) -> _Insect:
    steps = int(rng.uniform(0.8, 4.0) / _STEP_S)
    cruise = float(rng.uniform(0.4, 2.2))
    aim = _direction(rng)
    velocity = np.empty((steps, 3))
    velocity[0] = cruise * aim
    keep = _STEP_S / _LASTS_S
    for n in range(1, steps):
        if rng.random() < _SACCADES_PER_S * _STEP_S:
            aim = _direction(rng)
        kick = 0.5 * cruise * np.sqrt(2.0 * keep) * rng.standard_normal(3)
        # a saccade is over within some steps: the walk follows its new aim three times as fast as it forgets
        velocity[n] = velocity[n - 1] + 3.0 * keep * (cruise * aim - velocity[n - 1]) + kick
    path = np.cumsum(velocity * _STEP_S, axis=0)
    width, height = scene.size
    distance = float(0.3 * 10.0 ** rng.uniform(0.0, 1.0))
    at = (float(rng.uniform(0.1, 0.9)) * width, float(rng.uniform(0.1, 0.9)) * height)
    middle = steps // 2
    world = path - path[middle] + behind_pixel(scene.camera, at, distance)
    grey = float(rng.uniform(20.0, 90.0))
    return _Insect(start_s, world, float(0.003 * 5.0 ** rng.uniform(0.0, 1.0)), float(rng.uniform(20.0, 200.0)), grey)


def _direction(rng: np.random.Generator) -> Float64:
    """A unit vector, mostly level."""
    vector = rng.standard_normal(3) * np.array([1.0, 0.6, 1.0])
    return np.asarray(vector / max(1e-9, float(np.linalg.norm(vector))), np.float64)
