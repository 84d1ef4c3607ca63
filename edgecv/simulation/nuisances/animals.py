"""Birds that cross, soar and dive; insects near the lens."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edgecv.simulation.nuisances.layer import Canvas, Float64, arrivals, behind_pixel, px_per_m
from edgecv.simulation.scene import Bird, Parameters, Scene

_APERTURE_M = 0.002  # of a 4 mm lens at f/2: defocus of what is near is this size at its distance
_INSECT_STEP_S = 0.01
"""Step of an insect's random walk: some steps in a frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Birds:
    """Birds on smooth paths."""

    scene: Scene
    birds: tuple[Bird, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Birds:
        """One bird every ``every_s`` at strength 1, ``diving`` of them in a dive."""
        rng = scene.rng("birds")
        starts = arrivals(rng, parameters["every_s"] / parameters["strength"], scene.duration_s, 1.0)
        return cls(scene, tuple(_bird(scene, rng, t, parameters["diving"]) for t in starts))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, bird in enumerate(self.birds):
            draw_bird(canvas, self.scene, bird, number)


def _bird(scene: Scene, rng: np.random.Generator, start_s: float, diving: float) -> Bird:
    width, height = scene.size
    distance = float(rng.uniform(6.0, 28.0))
    side = float(rng.choice((-1.0, 1.0)))
    if rng.random() < diving:
        # folded wings: down along an arc that steepens, then pulled out; 7-16 m/s
        x = float(rng.uniform(0.15, 0.85))
        shares = [
            (x, -0.05),
            (x + 0.05 * side, 0.2),
            (x + 0.11 * side, 0.5),
            (x + 0.22 * side, 0.78),
            (x + 0.5 * side, 0.85),
        ]
        speed = float(rng.uniform(7.0, 16.0))
    else:
        y = float(rng.uniform(0.05, 0.9))
        wander = np.cumsum(rng.uniform(-0.12, 0.12, 5)) + y
        shares = [(0.5 + side * (s - 0.5) * 1.1, float(h)) for s, h in zip(np.linspace(0, 1, 5), wander, strict=True)]
        speed = float(rng.uniform(5.0, 14.0))
    drift = float(rng.uniform(-0.15, 0.15))
    points = [
        behind_pixel(scene.camera, (a * width, b * height), distance * (1.0 + drift * n))
        for n, (a, b) in enumerate(shares)
    ]
    length = float(sum(np.linalg.norm(b - a) for a, b in pairwise(points)))
    way = tuple((float(p[0]), float(p[1]), float(p[2])) for p in points)
    grey = (
        float(rng.uniform(150.0, 225.0))
        if scene.night
        else float(rng.choice((rng.uniform(20, 70), 225.0), p=(0.8, 0.2)))
    )
    return Bird(
        way, start_s, start_s + length / speed, float(rng.uniform(0.25, 0.75)), float(rng.uniform(2.5, 9.0)), grey
    )


def draw_bird(canvas: Canvas, scene: Scene, bird: Bird, number: int) -> None:
    """Draw a body along the flight and wings across it, and note the track."""
    if not bird.start_s <= canvas.t_s <= bird.end_s:
        return
    ends = bird.positions(np.clip(canvas.t_s + np.array([-0.02, 0.02]), bird.start_s, bird.end_s))
    pixels = scene.camera.project(ends)
    scale = float(px_per_m(scene.camera, ends[0]))
    if not np.isfinite(pixels).all():
        return
    motion = (pixels[1] - pixels[0]) / 0.04 * canvas.exposure_s
    heading = float(np.arctan2(motion[1], motion[0]))
    span = scale * bird.span_m
    times = canvas.instants(float(np.hypot(*motion)), 0.07 * span)
    centres = scene.camera.project(bird.positions(np.clip(times, bird.start_s, bird.end_s)))
    beat = np.sin(2.0 * np.pi * bird.flaps_hz * times)
    wings = np.stack([span * (0.33 + 0.17 * beat), np.full(len(times), 0.09 * span)], axis=1)
    lift = np.stack([np.zeros(len(times)), -0.08 * span * beat], axis=1)
    body = canvas.put(centres, np.array([0.24 * span, 0.09 * span]), heading, bird.grey, 1.0, 0.0)
    # seen at a slant, the wings of a level bird stay nearer the horizontal than straight across its path
    spread = canvas.put(centres + lift, wings, heading + 1.1, bird.grey, 0.9, 0.0)
    patch = max((p for p in (body, spread) if p is not None), key=lambda p: p.cover.size, default=None)
    if patch is not None:
        canvas.note("bird", number, patch.sighting)


@dataclass(frozen=True, slots=True, eq=False)
class _Insect:
    start_s: float
    path_px: Float64  # (n, 2) every _INSECT_STEP_S
    radius_px: float
    blur_px: float
    opacity: float
    grey: float


@dataclass(frozen=True, slots=True, eq=False)
class Insects:
    """Large, blurred, fast and erratic: a few millimetres at some decimetres."""

    insects: tuple[_Insect, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Insects:
        """One insect every ``every_s`` at strength 1; three times as many in the light of the lamp at night."""
        rng = scene.rng("insects")
        often = parameters["strength"] * (3.0 if scene.night else 1.0)
        starts = arrivals(rng, parameters["every_s"] / often, scene.duration_s, 1.0)
        return cls(tuple(_insect(scene, rng, t) for t in starts))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, insect in enumerate(self.insects):
            grid = insect.start_s + np.arange(len(insect.path_px)) * _INSECT_STEP_S
            if not grid[0] <= canvas.t_s <= grid[-1]:
                continue
            ends = canvas.t_s + canvas.exposure_s * np.array([-0.5, 0.5])
            speed = np.hypot(*(np.interp(ends[1], grid, c) - np.interp(ends[0], grid, c) for c in insect.path_px.T))
            times = canvas.instants(float(speed), insect.radius_px + insect.blur_px)
            centres = np.stack([np.interp(times, grid, c) for c in insect.path_px.T], axis=1)
            radii = np.array([insect.radius_px, 0.6 * insect.radius_px])
            patch = canvas.put(centres, radii, 0.6, insect.grey, insect.opacity, insect.blur_px)
            if patch is not None:
                canvas.note("insect", number, patch.sighting)


def _insect(scene: Scene, rng: np.random.Generator, start_s: float) -> _Insect:
    width, height = scene.size
    distance = float(rng.uniform(0.2, 1.6))
    steps = int(rng.uniform(0.4, 2.5) / _INSECT_STEP_S)
    cruise = float(rng.uniform(0.4, 1.6)) * scene.camera.focal_px / distance
    # speed keeps for a quarter of a second, with jerks: Ornstein-Uhlenbeck
    velocity = np.empty((steps, 2))
    angle = float(rng.uniform(0.0, 2.0 * np.pi))
    mean = cruise * np.array([np.cos(angle), np.sin(angle)])
    velocity[0] = mean
    for n in range(1, steps):
        kick = cruise * 0.3 * rng.standard_normal(2)
        velocity[n] = velocity[n - 1] + 0.08 * (mean - velocity[n - 1]) + kick
        if rng.random() < 0.02:
            mean = np.array([-mean[1], mean[0]]) * float(rng.choice((-1.0, 1.0)))
    path = np.cumsum(velocity * _INSECT_STEP_S, axis=0)
    path += rng.uniform(0.1, 0.9, 2) * (width, height) - path[steps // 2]
    radius = scene.camera.focal_px * float(rng.uniform(0.002, 0.006)) / distance / 2.0
    blur = scene.camera.focal_px * _APERTURE_M / distance / 2.5
    solid = float((radius / np.hypot(radius, blur)) ** 2)
    grey = float(rng.uniform(190.0, 255.0)) if scene.night else float(rng.uniform(25.0, 80.0))
    return _Insect(start_s, path, radius, min(blur, 12.0), min(1.0, 0.4 + solid), grey)
