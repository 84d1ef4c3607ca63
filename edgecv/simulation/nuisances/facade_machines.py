"""Machines that move along the facade: lifts of glass with their counterweights, and gondolas of window cleaners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from edgecv.simulation.nuisances.layer import Canvas, Float64, px_per_m
from edgecv.simulation.nuisances.solids import Face, box_faces, draw_faces, turned_to
from edgecv.simulation.scene import Parameters, Scene

_STEP_S = 0.05
_RIGHT = np.array([1.0, 0.0, 0.0])
_UP = np.array([0.0, 1.0, 0.0])
_LIFT_MPS, _LIFT_MPS2 = 1.6, 0.8  # a lift of twenty floors (ISO 8100-32)
_CABIN = (1.7, 2.4, 1.4)  # length, height, width: metres
_WEIGHT = (0.9, 2.2, 0.25)
_GONDOLA_MPS = 0.17  # hoists of suspended platforms run at 8-10 m/min (EN 1808)
_ROPE_M = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class _Shaft:
    x_m: float
    foot_m: Float64  # height of the cabin's floor every _STEP_S
    weight_m: Float64  # of the counterweight's underside
    passenger: float
    grey: float

    def at(self, t_s: float, column: Float64) -> float:
        return float(np.interp(t_s / _STEP_S, np.arange(len(column)), column))


@dataclass(frozen=True, slots=True, eq=False)
class Lifts:
    """Cabins that set off gently, run and stop at floors, in shafts on the face of the building."""

    scene: Scene
    shafts: tuple[_Shaft, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Lifts:
        """``count`` lifts at strength 1, each resting about ``rest_s`` at a floor."""
        rng = scene.rng("lifts")
        count = max(1, round(parameters["count"] * parameters["strength"]))
        return cls(scene, tuple(_shaft(scene, rng, x, parameters["rest_s"]) for x in _columns(scene, rng, count)))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, shaft in enumerate(self.shafts):
            draw_faces(canvas, self.scene.camera, partial(self._rails, shaft))
            for part, faces in ((0, self._weight), (1, self._cabin)):
                sighting = draw_faces(canvas, self.scene.camera, partial(faces, shaft))
                if sighting is not None:
                    canvas.note("lift", 2 * number + part, sighting)

    def _rails(self, shaft: _Shaft, _t_s: float) -> list[Face]:
        top = float(self.scene.plan.floor_edges_m[-1])
        grey = 60.0 * self._light()
        return [_upright(shaft.x_m + side * 0.95, 0.06, 0.0, top, 0.1, grey) for side in (-1.0, 1.0)]

    def _weight(self, shaft: _Shaft, t_s: float) -> list[Face]:
        foot = np.array([shaft.x_m, shaft.at(t_s, shaft.weight_m), 0.15])
        faces = box_faces(foot, _RIGHT, _WEIGHT, 70.0 * self._light())
        return turned_to(self.scene.camera, faces, foot + 0.5 * _WEIGHT[1] * _UP)

    def _cabin(self, shaft: _Shaft, t_s: float) -> list[Face]:
        """Frame and glass: through it the lit cabin and a passenger."""
        foot = np.array([shaft.x_m, shaft.at(t_s, shaft.foot_m), 0.35 + 0.5 * _CABIN[2]])
        lit = 175.0 if self.scene.night else shaft.grey
        glass = [Face(f.corners_m, f.grey, 0.75) for f in box_faces(foot, _RIGHT, _CABIN, lit)]
        middle = foot + 0.5 * _CABIN[1] * _UP
        faces = turned_to(self.scene.camera, glass, middle)
        passenger = box_faces(foot + np.array([shaft.passenger, 0.1, 0.0]), _RIGHT, (0.45, 1.6, 0.3), 45.0)
        faces += turned_to(self.scene.camera, passenger, foot + np.array([shaft.passenger, 0.9, 0.0]))
        for height in (_CABIN[1] - 0.25, 0.0):  # roof and floor of metal; seen from below, the floor hides
            band_foot = foot + height * _UP
            band = box_faces(band_foot, _RIGHT, (_CABIN[0], 0.25, _CABIN[2]), 95.0 * self._light())
            faces += turned_to(self.scene.camera, band, band_foot + 0.12 * _UP)
        return faces

    def _light(self) -> float:
        return 0.4 if self.scene.night else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Platform:
    x_m: float
    width_m: float
    foot_m: Float64
    phases: Float64
    grey: float
    workers: tuple[float, ...]

    def middle(self, t_s: float) -> Float64:
        """Middle of its floor: it sways a little on its ropes."""
        y = float(np.interp(t_s / _STEP_S, np.arange(len(self.foot_m)), self.foot_m))
        sway = 0.05 * np.sin(2.0 * np.pi * 0.27 * t_s + self.phases[0])
        return np.array([self.x_m + sway, y, 0.7 + 0.03 * np.sin(2.0 * np.pi * 0.4 * t_s + self.phases[1])])


@dataclass(frozen=True, slots=True, eq=False)
class Gondolas:
    """Platforms on ropes that go up and down slowly, with people at work."""

    scene: Scene
    platforms: tuple[_Platform, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Gondolas:
        """``count`` platforms at strength 1."""
        rng = scene.rng("gondolas")
        count = max(1, round(parameters["count"] * parameters["strength"]))
        return cls(scene, tuple(_platform(scene, rng, x) for x in _columns(scene, rng, count)))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, platform in enumerate(self.platforms):
            sighting = draw_faces(canvas, self.scene.camera, partial(self._faces, platform))
            draw_faces(canvas, self.scene.camera, partial(self._ropes, platform))
            self._heads(canvas, platform)
            if sighting is not None:
                canvas.note("gondola", number, sighting)

    def _light(self) -> float:
        return 0.35 if self.scene.night else 1.0

    def _ropes(self, platform: _Platform, t_s: float) -> list[Face]:
        middle, top = platform.middle(t_s), float(self.scene.plan.floor_edges_m[-1]) + 1.0
        sides = (-0.45 * platform.width_m, 0.45 * platform.width_m)
        low, grey = middle[1] + 1.0, 50.0 * self._light()
        return [_upright(middle[0] + side, 0.5 * _ROPE_M, low, top, middle[2], grey) for side in sides]

    def _faces(self, platform: _Platform, t_s: float) -> list[Face]:
        """Workers behind the rail, then the platform's panels."""
        middle, faces = platform.middle(t_s), []
        for n, offset in enumerate(platform.workers):
            lean = 0.15 * np.sin(2.0 * np.pi * 0.6 * t_s + platform.phases[2 + n])
            foot = middle + np.array([offset + lean, 0.1, -0.05])
            faces += turned_to(
                self.scene.camera, box_faces(foot, _RIGHT, (0.42, 1.35, 0.3), 150.0 * self._light()), foot + 0.7 * _UP
            )
        panel = box_faces(middle, _RIGHT, (platform.width_m, 0.95, 0.75), platform.grey * self._light())
        return faces + turned_to(self.scene.camera, panel, middle + 0.45 * _UP)

    def _heads(self, canvas: Canvas, platform: _Platform) -> None:
        """Heads, and an arm that wipes."""
        middle, camera = platform.middle(canvas.t_s), self.scene.camera
        for n, offset in enumerate(platform.workers):
            swing = 2.0 * np.pi * 0.6 * canvas.t_s + platform.phases[2 + n]
            head = middle + np.array([offset + 0.15 * np.sin(swing), 1.6, -0.05])
            hand = head + np.array([0.45 * np.sin(2.0 * swing), 0.1 + 0.2 * np.cos(swing), -0.4])
            for place, radius, grey in ((head, 0.12, 200.0), (hand, 0.07, 110.0)):
                pixel, scale = camera.project(place[None]), float(px_per_m(camera, place))
                canvas.put(pixel, np.full(2, radius * scale), 0.0, grey * self._light(), 1.0, 0.0)


def _upright(x_m: float, half_m: float, low_m: float, high_m: float, z_m: float, grey: float) -> Face:
    """A thin vertical strip."""
    xs, ys = (x_m - half_m, x_m + half_m), (low_m, high_m)
    return Face(np.array([(xs[0], ys[0], z_m), (xs[1], ys[0], z_m), (xs[1], ys[1], z_m), (xs[0], ys[1], z_m)]), grey)


def _columns(scene: Scene, rng: np.random.Generator, count: int) -> list[float]:
    """X of wall between window columns, those in the picture first."""
    windows = scene.plan.windows
    gaps = [(a.right_m + b.left_m) / 2.0 for a, b in pairwise(windows)]
    gaps = gaps or [windows[0].right_m + 1.2]
    height = 0.5 * float(scene.plan.floor_edges_m[-1])
    visible = [x for x in gaps if _is_seen(scene, np.array([x, height, 0.5]))] or gaps
    return [visible[int(n)] for n in rng.permutation(len(visible))[:count]]


def _is_seen(scene: Scene, world_m: Float64) -> bool:
    u, _ = scene.camera.project(world_m)
    return bool(0.0 <= u < scene.size[0])


def _seen_heights(scene: Scene, x_m: float) -> tuple[float, float]:
    """Lowest and highest floor edge whose point on a vertical line is in the picture; all of them where none is."""
    edges = np.asarray(scene.plan.floor_edges_m, np.float64)
    pixels = scene.camera.project(np.stack([np.full(len(edges), x_m), edges, np.full(len(edges), 0.5)], axis=1))
    with np.errstate(invalid="ignore"):
        inside = edges[(pixels[:, 1] >= 0.0) & (pixels[:, 1] < scene.size[1])]
    if len(inside) < 2:
        return float(edges[0]), float(edges[-1])
    return float(inside[0]), float(inside[-1])


def _shaft(scene: Scene, rng: np.random.Generator, x_m: float, rest_s: float) -> _Shaft:
    low, high = _seen_heights(scene, x_m)
    edges = [float(y) for y in scene.plan.floor_edges_m if low - 4.0 <= y <= high]
    steps = int(scene.duration_s / _STEP_S) + 4
    at = edges[int(rng.integers(len(edges)))]
    heights: list[float] = []
    while len(heights) < steps:
        to = edges[int(rng.integers(len(edges)))]
        heights += [at] * int(rng.uniform(0.3, 1.7) * rest_s / _STEP_S)
        heights += _run(at, to)
        at = to
    foot = np.array(heights[:steps])
    top = float(scene.plan.floor_edges_m[-1])
    grey = float(rng.uniform(120.0, 215.0))
    return _Shaft(x_m, foot, top - _WEIGHT[1] - foot, float(rng.uniform(-0.5, 0.5)), grey)


def _run(a_m: float, b_m: float) -> list[float]:
    """Heights from one floor to another: accelerating, running, slowing down, in equal steps of time."""
    way = abs(b_m - a_m)
    if way < 0.1:
        return []
    top = min(_LIFT_MPS, float(np.sqrt(way * _LIFT_MPS2)))
    ramp, run = top / _LIFT_MPS2, way / top - top / _LIFT_MPS2
    t = np.arange(0.0, 2.0 * ramp + run, _STEP_S)
    speed = np.clip(np.minimum(_LIFT_MPS2 * t, _LIFT_MPS2 * (2.0 * ramp + run - t)), 0.0, top)
    gone = np.cumsum(speed) * _STEP_S
    return [float(v) for v in a_m + np.sign(b_m - a_m) * gone * (way / gone[-1])]


def _platform(scene: Scene, rng: np.random.Generator, x_m: float) -> _Platform:
    low, high = _seen_heights(scene, x_m)
    steps = int(scene.duration_s / _STEP_S) + 4
    y = float(rng.uniform(low + 1.0, max(low + 1.5, high - 2.0)))
    heights: list[float] = []
    while len(heights) < steps:
        heights += [y] * int(rng.uniform(2.0, 12.0) / _STEP_S)
        way = float(rng.uniform(1.0, 4.0)) * float(rng.choice((-1.0, 1.0), p=(0.65, 0.35)))
        to = float(np.clip(y + way, low + 0.5, max(low + 0.6, high - 1.0)))
        count = max(1, int(abs(to - y) / _GONDOLA_MPS / _STEP_S))
        heights += [float(v) for v in np.linspace(y, to, count)]
        y = to
    width = float(rng.uniform(3.0, 6.0))
    return _Platform(
        x_m, width, np.array(heights[:steps]), rng.uniform(0.0, 6.3, 4), float(rng.uniform(90.0, 215.0)),
        (float(rng.uniform(-0.35, -0.1)) * width, float(rng.uniform(0.1, 0.35)) * width),
    )  # fmt: skip
