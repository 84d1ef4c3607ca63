"""Birds in space: they cross, glide, dive and pull out, brake before a ledge, sit and drop off again.

A flight is speed, climb angle and heading over time (Pennycuick, "Modelling the flying bird", 2008: cruising 9-16 m/s,
gliding at a sink of about 1 m/s, turns of 1-2 g), integrated in the world and seen through the scene's camera. A bird
comes from wherever it comes from: mostly from a side of the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.simulation.drawing import Patch, Sighting
from edgecv.simulation.facade_picture import balcony_of, glass_of
from edgecv.simulation.nuisances.layer import Canvas, Float64, arrivals, behind_pixel, px_per_m
from edgecv.simulation.scene import Parameters, Scene

_STEP_S = 0.01
_LAG_S = 0.25
"""A bird takes about this long to change speed or attitude."""
_TRIES = 40
_UP = np.array([0.0, 1.0, 0.0])
KINDS = ("cross", "glide", "dive", "perch")


@dataclass(frozen=True, slots=True)
class _Phase:
    """A part of a flight: what the bird steers for. Angles in radians; ``spread`` 1 is open wings, 0.3 folded ones."""

    duration_s: float
    speed_mps: float
    climb: float
    turn_per_s: float
    spread: float
    flaps: bool


@dataclass(frozen=True, slots=True, eq=False)
class BirdFlight:
    """One bird: world positions ``(n, 3)`` from ``start_s``, every 10 ms, and how it holds its wings there."""

    start_s: float
    world_m: Float64
    spread: Float64
    flapping: Float64
    span_m: float
    flaps_hz: float
    grey: float

    @property
    def end_s(self) -> float:
        """Media time at which it is gone."""
        return self.start_s + (len(self.world_m) - 1) * _STEP_S

    def at(self, times_s: Float64, column: Float64) -> Float64:
        """A column ``(n,)`` or ``(n, 3)`` of the flight at times."""
        grid = self.start_s + np.arange(len(self.world_m)) * _STEP_S
        if column.ndim == 1:
            return np.asarray(np.interp(times_s, grid, column), np.float64)
        return np.stack([np.interp(times_s, grid, axis) for axis in column.T], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class BirdFlights:
    """All birds of a scene."""

    scene: Scene
    flights: tuple[BirdFlight, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> BirdFlights:
        """One bird every ``every_s`` at strength 1, ``diving`` of them in a dive and ``perching`` on a ledge."""
        rng = scene.rng("bird flights")
        starts = arrivals(rng, parameters["every_s"] / parameters["strength"], scene.duration_s)
        dive, perch = parameters["diving"], parameters["perching"]
        rest = max(0.0, 1.0 - dive - perch)
        shares = np.array([0.6 * rest, 0.4 * rest, dive, perch])
        kinds = [str(kind) for kind in rng.choice(KINDS, len(starts), p=shares / max(1e-9, float(shares.sum())))]
        flights = (_flight(scene, rng, t, kind) for t, kind in zip(starts, kinds, strict=True))
        return cls(scene, tuple(flight for flight in flights if flight is not None))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, flight in enumerate(self.flights):
            if flight.start_s <= canvas.t_s <= flight.end_s:
                _draw(canvas, self.scene, flight, number)


def _draw(canvas: Canvas, scene: Scene, flight: BirdFlight, number: int) -> None:
    """Body and two wings, each where it is in space."""
    camera = scene.camera
    ends = flight.at(canvas.t_s + canvas.exposure_s * np.array([-0.5, 0.5]), flight.world_m)
    if float((ends[0] - camera.position_m) @ camera.rotation[2]) < 1.0:
        return
    pixels = camera.project(ends)
    if not np.isfinite(pixels).all():
        return
    scale = float(px_per_m(camera, ends[0]))
    times = canvas.instants(float(np.hypot(*(pixels[1] - pixels[0]))), 0.06 * flight.span_m * scale)
    middle = flight.at(times, flight.world_m)
    way = flight.at(times + 0.02, flight.world_m) - flight.at(times - 0.02, flight.world_m)
    speed = np.linalg.norm(way, axis=1, keepdims=True)
    ahead = np.where(speed > 0.02, way / np.maximum(speed, 1e-9), np.array([1.0, 0.0, 0.0]))
    right = np.cross(ahead, _UP)
    right /= np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 0.2)
    beat = np.sin(2.0 * np.pi * flight.flaps_hz * times) * flight.at(times, flight.flapping)
    angle = (0.15 + 0.75 * beat)[:, None]
    half = (0.5 * flight.span_m * flight.at(times, flight.spread))[:, None]
    patches = [_limb(canvas, scene, middle, middle - 0.45 * flight.span_m * ahead, 0.055 * flight.span_m, flight.grey)]
    for side in (-1.0, 1.0):
        tip = (
            middle + half * (side * np.cos(angle) * right + np.sin(angle) * np.cross(right, ahead)) - 0.2 * half * ahead
        )
        patches.append(_limb(canvas, scene, middle, tip, 0.075 * flight.span_m, flight.grey))
    sighting = around([patch for patch in patches if patch is not None])
    if sighting is not None:
        canvas.note("bird", number, sighting)


def _limb(canvas: Canvas, scene: Scene, root: Float64, tip: Float64, half_width_m: float, grey: float) -> Patch | None:
    """An ellipse from one place in space to another, over the exposure."""
    a, b = scene.camera.project(root), scene.camera.project(tip)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    across = b - a
    width = half_width_m * px_per_m(scene.camera, root)
    radii = np.stack([np.maximum(0.5 * np.hypot(*across.T), 0.6 * width), width], axis=1)
    return canvas.put((a + b) / 2.0, radii, np.arctan2(across[:, 1], across[:, 0]), grey, 1.0, 0.0)


def around(patches: list[Patch]) -> Sighting | None:
    """The box around several patches; None without any."""
    if not patches:
        return None
    places = [patch.sighting for patch in patches]
    left, right = min(p.x - p.w / 2.0 for p in places), max(p.x + p.w / 2.0 for p in places)
    top, bottom = min(p.y - p.h / 2.0 for p in places), max(p.y + p.h / 2.0 for p in places)
    return Sighting((left + right) / 2.0, (top + bottom) / 2.0, right - left, bottom - top)


def _flight(scene: Scene, rng: np.random.Generator, start_s: float, kind: str) -> BirdFlight | None:
    """Try until the bird is before the facade and above the ground while it is in the picture."""
    span = float(rng.uniform(0.22, 0.75))
    grey = float(rng.choice((rng.uniform(20.0, 70.0), rng.uniform(90.0, 230.0)), p=(0.75, 0.25)))
    if scene.night:
        grey = float(rng.uniform(120.0, 220.0))
    for _ in range(_TRIES):
        phases, anchor_s = _phases(rng, kind)
        heading = float(rng.choice((0.0, np.pi))) + float(rng.normal(0.0, 0.5))
        world, spread, flapping = _integrate(rng, phases, heading)
        anchor = _ledge(scene, rng) if kind == "perch" else _place(scene, rng)
        if anchor is None:
            return None
        world += anchor - world[min(len(world) - 1, int(anchor_s / _STEP_S))]
        inside = _in_view(scene, world)
        if inside.any() and world[inside, 2].min() > -0.05 and world[:, 1].min() > 0.3:
            early = start_s - float(np.flatnonzero(inside)[0]) * _STEP_S
            return BirdFlight(early, world, spread, flapping, span, float(rng.uniform(3.0, 9.0)), grey)
    return None


def _phases(rng: np.random.Generator, kind: str) -> tuple[list[_Phase], float]:
    """What the bird does, and when it is at its anchor."""
    cruise, turn = float(rng.uniform(8.0, 15.0)), float(rng.normal(0.0, 0.2))
    arrive = _Phase(float(rng.uniform(2.0, 4.0)), cruise, float(rng.normal(0.0, 0.08)), turn, 1.0, True)
    leave = _Phase(4.0, cruise, float(rng.normal(0.05, 0.1)), float(rng.normal(0.0, 0.3)), 1.0, True)
    if kind == "glide":
        glide = _Phase(float(rng.uniform(3.0, 7.0)), 0.85 * cruise, -0.1, float(rng.normal(0.0, 0.5)), 1.0, False)
        return [arrive, glide, leave], arrive.duration_s + 0.5 * glide.duration_s
    if kind == "dive":
        down = _Phase(
            float(rng.uniform(0.7, 1.6)),
            float(rng.uniform(13.0, 20.0)),
            float(rng.uniform(-1.3, -0.6)),
            turn,
            0.4,
            False,
        )
        out = _Phase(float(rng.uniform(0.5, 1.2)), 12.0, float(rng.uniform(0.0, 0.5)), turn, 0.9, False)
        return [arrive, down, out, leave], arrive.duration_s + 0.5 * down.duration_s
    if kind == "perch":
        glide = _Phase(float(rng.uniform(0.8, 2.0)), 0.9 * cruise, -0.12, turn, 1.0, False)
        brake = _Phase(0.7, 3.0, 0.35, 0.0, 1.0, True)
        settle = _Phase(0.3, 0.0, 0.1, 0.0, 0.8, True)
        sit = _Phase(float(rng.uniform(1.0, 8.0)), 0.0, 0.0, 0.0, 0.15, False)
        drop = _Phase(float(rng.uniform(0.4, 0.8)), 7.0, float(rng.uniform(-1.2, -0.7)), 0.0, 0.6, True)
        sat_s = arrive.duration_s + glide.duration_s + brake.duration_s + settle.duration_s + 0.5 * sit.duration_s
        return [arrive, glide, brake, settle, sit, drop, leave], sat_s
    return [arrive, leave], arrive.duration_s


def _integrate(rng: np.random.Generator, phases: list[_Phase], heading: float) -> tuple[Float64, Float64, Float64]:
    """World positions from the origin, spread of the wings and share of flapping, every step."""
    counts = [round(phase.duration_s / _STEP_S) for phase in phases]
    target = np.repeat([[p.speed_mps, p.climb, p.turn_per_s, p.spread, float(p.flaps)] for p in phases], counts, axis=0)
    share = _STEP_S / _LAG_S
    state = target[0].copy()
    smooth = np.empty_like(target)
    for n, aim in enumerate(target):
        state += share * (aim - state)
        smooth[n] = state
    speed, climb, turn, spread, flapping = smooth.T
    yaw = heading + np.cumsum(turn) * _STEP_S
    # small birds rise while they beat their wings and sink between: bounding flight
    bound = 0.06 * np.sin(2.0 * np.pi * float(rng.uniform(0.6, 1.4)) * np.arange(len(target)) * _STEP_S) * flapping
    angle = climb + bound
    velocity = speed[:, None] * np.stack([np.cos(angle) * np.cos(yaw), np.sin(angle), np.cos(angle) * np.sin(yaw)], 1)
    return np.cumsum(velocity * _STEP_S, axis=0), spread, flapping


def _place(scene: Scene, rng: np.random.Generator) -> Float64:
    width, height = scene.size
    at = (float(rng.uniform(0.05, 0.95)) * width, float(rng.uniform(0.05, 0.9)) * height)
    return behind_pixel(scene.camera, at, float(rng.uniform(5.0, 30.0)))


def _ledge(scene: Scene, rng: np.random.Generator) -> Float64 | None:
    """A sill or a balcony's rail that the camera sees; None where there is none."""
    plan = scene.plan
    places = [(f, c) for f in range(2, plan.floor_count + 1) for c in range(len(plan.windows))]
    for n in rng.permutation(len(places)):
        floor, column = places[int(n)]
        balcony = column in scene.balconies
        box = balcony_of(plan, floor, column) if balcony else glass_of(plan, floor, column)
        x = float(rng.uniform(box.left_m, box.right_m))
        spot = np.array([x, box.head_m + 0.1, box.depth_m] if balcony else [x, box.foot_m + 0.05, 0.12])
        if _in_view(scene, spot[None])[0]:
            return spot
    return None


def _in_view(scene: Scene, world_m: Float64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    pixels = scene.camera.project(world_m)
    with np.errstate(invalid="ignore"):
        inside = (pixels >= 0.0) & (pixels < np.array(scene.size))
    return np.asarray(inside.all(axis=1), np.bool_)
