"""What moves on the building itself: drips, laundry, curtains, people in windows, lights."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgecv.simulation.drawing import Sighting, blend_share, smear
from edgecv.simulation.facade_picture import (
    air_conditioner_of,
    air_conditioners,
    balcony_of,
    fill_mask,
    glass_of,
    outline,
)
from edgecv.simulation.fall_trajectory import Air, Flutter, fall_through
from edgecv.simulation.nuisances.layer import Canvas, Float32, Float64, arrivals, px_per_m
from edgecv.simulation.panes import Box
from edgecv.simulation.scene import Parameters, Scene
from edgecv.trajectory.drag import G_MPS2

_DROP_MPS = 8.5  # terminal velocity of drops of 4-6 mm
_DROP_STEP_S = 0.01
"""Step at which a drop's path is stored; drawing interpolates."""
_DROP_PX_PER_S = 300.0  # a drop at its fastest, 25 m away: how finely its smear is drawn
_FIGURE = ((0.12, 0.24), (0.12, 0.36))  # half width and half height of head and body, metres


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """Where drops come from: pixels ``(n, 2)`` and pixels a metre ``(n,)`` of a drop every ``_DROP_STEP_S``."""

    path_px: Float64
    scale: Float64
    drops: tuple[tuple[float, float], ...]  # release, diameter


@dataclass(frozen=True, slots=True, eq=False)
class Drips:
    """Drops from air conditioners: real little falls, the same way again and again."""

    sources: tuple[_Source, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Drips:
        """``sources`` air conditioners at strength 1, each with a drop every ``every_s``, or seldom."""
        rng = scene.rng("drips")
        units = air_conditioners(scene) or [(scene.plan.floor_count, 0)]
        boxes = [air_conditioner_of(scene.plan, floor, column) for floor, column in units]
        visible = [box for box in boxes if _in_view(scene, box)] or boxes
        count = max(1, round(parameters["sources"] * parameters["strength"]))
        selected = [visible[n] for n in rng.permutation(len(visible))[:count]]
        every = [parameters["every_s"]] * len(selected)
        if parameters["seldom_s"] > 0.0:
            # from a wet unit to one that is nearly dry, at any rate alike: log-uniform
            low, high = sorted((parameters["every_s"], parameters["seldom_s"]))
            periods = np.exp(scene.rng("drip periods").uniform(np.log(low), np.log(high), len(selected)))
            every = [float(period) for period in periods]
        return cls(tuple(_source(scene, rng, box, period) for box, period in zip(selected, every, strict=True)))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for n, source in enumerate(self.sources):
            last = len(source.path_px) - 1
            for m, (start_s, diameter) in enumerate(source.drops):
                if not -0.1 < canvas.t_s - start_s < last * _DROP_STEP_S + 0.1:
                    continue
                at = (canvas.instants(canvas.exposure_s * _DROP_PX_PER_S, 1.0) - start_s) / _DROP_STEP_S
                at = at[(at >= 0.0) & (at <= last)]
                if len(at) == 0:
                    continue
                centres = np.stack([np.interp(at, np.arange(last + 1), axis) for axis in source.path_px.T], axis=1)
                # a drop glints: it looks three times its size against a dark wall
                radius = 1.5 * diameter * float(source.scale[int(at[0])])
                patch = canvas.put(centres, np.array([radius, radius]), 0.0, 235.0, 0.8, 0.0)
                if patch is not None:
                    canvas.note("drip", 100_000 * n + m, patch.sighting)


def _source(scene: Scene, rng: np.random.Generator, box: Box, every_s: float) -> _Source:
    every = every_s * float(rng.uniform(0.6, 1.6))
    place = np.array([rng.uniform(box.left_m, box.right_m), box.foot_m, rng.uniform(0.1, box.depth_m)])
    times = np.arange(-1.0, scene.duration_s, every)
    times = times + rng.uniform(-0.08, 0.08, len(times)) * every
    x, y, z = (0.3 * w for w in scene.air.steady_mps)
    since = np.arange(0.0, 5.0, _DROP_STEP_S)
    world = fall_through(place, np.zeros(3), G_MPS2 / _DROP_MPS**2, since, Air((x, y, z)), Flutter(), 0.0)
    path = world.positions_m[0][world.positions_m[0][:, 1] > scene.plan.floor_edges_m[0]]
    pixels = scene.camera.project(path)
    end = int(np.argmin(np.isfinite(pixels).all(axis=1))) or len(path)  # up to where the camera no longer sees it
    drops = tuple((float(t), float(rng.uniform(0.004, 0.008))) for t in times)
    return _Source(pixels[:end], px_per_m(scene.camera, path)[:end], drops)


def _in_view(scene: Scene, box: Box) -> bool:
    corners = outline(scene.camera, box)
    return bool(np.isfinite(corners).all() and (corners > 0).all() and (corners < scene.size).all())


def _windows_in_view(scene: Scene) -> list[tuple[int, int]]:
    places = [(f, c) for f in range(1, scene.plan.floor_count + 1) for c in range(len(scene.plan.windows))]
    return [place for place in places if _in_view(scene, glass_of(scene.plan, *place))]


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    x0: int
    y0: int
    texture: Float32
    cover: Float32
    rates_hz: tuple[float, float]
    phase: float
    swing_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Sheets:
    """Cloth that hangs and sways: laundry at balconies, curtains in open windows."""

    sheets: tuple[_Sheet, ...]

    @classmethod
    def laundry(cls, scene: Scene, parameters: Parameters) -> Sheets:
        """``pieces`` at strength 1, before balconies or under windows."""
        rng = scene.rng("laundry")
        boxes = [
            balcony_of(scene.plan, f, c) if c in scene.balconies else glass_of(scene.plan, f, c)
            for f, c in _windows_in_view(scene)
        ]
        hung = [Box(b.left_m, b.right_m, b.head_m - 0.1, b.head_m + 1.0, b.depth_m) for b in boxes]
        return cls._hang(scene, rng, hung, parameters, (40.0, 230.0))

    @classmethod
    def curtains(cls, scene: Scene, parameters: Parameters) -> Sheets:
        """``pieces`` at strength 1, in open windows."""
        rng = scene.rng("curtains")
        panes = [glass_of(scene.plan, f, c) for f, c in _windows_in_view(scene)]
        return cls._hang(scene, rng, panes, parameters, (110.0, 220.0))

    @classmethod
    def _hang(
        cls, scene: Scene, rng: np.random.Generator, boxes: list[Box], p: Parameters, grey: tuple[float, float]
    ) -> Sheets:
        count = round(p["pieces"] * p["strength"])
        selected = [boxes[n] for n in rng.permutation(len(boxes))[:count]]
        sheets = (_sheet(scene, rng, box, grey, p["sway_m"]) for box in selected)
        return cls(tuple(sheet for sheet in sheets if sheet is not None))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, sheet in enumerate(self.sheets):
            h, w = sheet.cover.shape
            t = canvas.t_s
            wave = np.sin(6.283 * sheet.rates_hz[0] * t + sheet.phase) * (0.6 + 0.4 * np.sin(sheet.rates_hz[1] * t))
            ys = np.linspace(0.0, 1.0, h, dtype=np.float32)[:, None]  # fixed above, free below
            xs = np.arange(w, dtype=np.float32)[None, :]
            shift = sheet.swing_px * ys * np.float32(wave)
            ripple = 0.3 * sheet.swing_px * np.sin(0.25 * xs + 5.0 * t).astype(np.float32)
            dx = xs + shift + ripple * ys
            dy = np.broadcast_to(np.arange(h, dtype=np.float32)[:, None], (h, w)) + 0.2 * ripple * ys
            cloth = cv2.remap(sheet.texture, dx, dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            cover = cv2.remap(sheet.cover, dx, dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
            region = canvas.picture[sheet.y0 : sheet.y0 + h, sheet.x0 : sheet.x0 + w]
            region += cover * (cloth - region)
            place = Sighting(sheet.x0 + w / 2.0, sheet.y0 + h / 2.0, float(w), float(h))
            canvas.note("person_laundry", number, place)


def _sheet(scene: Scene, rng: np.random.Generator, box: Box, grey: tuple[float, float], sway_m: float) -> _Sheet | None:
    left = float(rng.uniform(box.left_m, 0.5 * (box.left_m + box.right_m)))
    box = Box(left, left + float(rng.uniform(0.4, 0.9)), box.foot_m, box.head_m, box.depth_m)
    corners = outline(scene.camera, box, box.depth_m + 0.05)
    if not np.isfinite(corners).all():
        return None
    low, high = np.floor(corners.min(axis=0)) - 8, np.ceil(corners.max(axis=0)) + 8
    x0, y0 = (int(max(0, v)) for v in low)
    x1, y1 = (int(min(n, v)) for v, n in zip(high, scene.size, strict=True))
    if x1 - x0 < 12 or y1 - y0 < 12 or (x1 - x0) * (y1 - y0) > 60_000:
        return None
    cover = fill_mask((x1 - x0, y1 - y0), [corners - (x0, y0)])
    shape = (y1 - y0, x1 - x0)
    folds = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), 1.5)
    texture = float(rng.uniform(*grey)) + 30.0 * folds
    if scene.night:
        texture *= 0.45
    swing = sway_m * float(px_per_m(scene.camera, np.array([box.left_m, box.foot_m, box.depth_m])))
    rates = (float(rng.uniform(0.25, 0.9)), float(rng.uniform(0.3, 1.1)))
    return _Sheet(x0, y0, np.asarray(texture, np.float32), cover, rates, float(rng.uniform(0.0, 6.3)), swing)


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Dark or pale figures that walk about and lean behind windows."""

    scene: Scene
    people: tuple[tuple[Box, float, Float64], ...]  # pane, grey, (4,) rates and phases
    masks: tuple[Float32, ...]

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> People:
        """``count`` at strength 1."""
        rng = scene.rng("people")
        places = _windows_in_view(scene)
        count = round(parameters["count"] * parameters["strength"])
        panes = [glass_of(scene.plan, *places[n]) for n in rng.permutation(len(places))[:count]]
        people = tuple((pane, float(rng.uniform(15.0, 190.0)), rng.uniform(0.0, 6.3, 4)) for pane in panes)
        return cls(scene, people, tuple(fill_mask(scene.size, [outline(scene.camera, pane)]) for pane in panes))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, ((pane, grey, p), mask) in enumerate(zip(self.people, self.masks, strict=True)):
            t, camera = canvas.t_s, self.scene.camera
            sway = 0.5 + 0.6 * np.sin((0.15 + 0.08 * p[0]) * t + p[1]) * np.sin(0.31 * t + p[2])
            x = pane.left_m + (pane.right_m - pane.left_m) * sway
            head = pane.foot_m + 0.62 * (pane.head_m - pane.foot_m) + 0.04 * np.sin(2.0 * t + p[3])
            px = float(px_per_m(camera, np.array([x, head, 0.0])))
            for centre, r, s in zip(
                camera.project(np.array([[x, head, 0.0], [x, head - 0.5, 0.0]])), *_FIGURE, strict=True
            ):
                place = _clipped(canvas, centre[None], px * np.array([r, s]), grey, mask)
            if place is not None:
                canvas.note("person_laundry", number, place)


def _clipped(canvas: Canvas, centre: Float64, radii: Float64, grey: float, mask: Float32) -> Sighting | None:
    patch = smear(centre, radii, 0.0, canvas.size)
    if patch is None:
        return None
    region = canvas.picture[patch.place]
    share = patch.cover * mask[patch.place]
    blend_share(region, share, grey, canvas.gamma)
    return patch.sighting if share.max(initial=0.0) > 0.2 else None


@dataclass(frozen=True, slots=True, eq=False)
class Lights:
    """Windows lit and darkened, over one or two frames."""

    switches: tuple[tuple[tuple[slice, slice], Float32, float, float, Sighting], ...]  # place, cover, on, off, seen

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Lights:
        """One switch every ``every_s`` at strength 1."""
        rng = scene.rng("lights")
        places = _windows_in_view(scene)
        switches = []
        for start in arrivals(rng, parameters["every_s"] / parameters["strength"], scene.duration_s):
            if not places:
                break
            corners = outline(scene.camera, glass_of(scene.plan, *places[int(rng.integers(len(places)))]))
            low, high = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int) + 1
            cover = fill_mask((int(high[0] - low[0]), int(high[1] - low[1])), [corners - low])
            cover *= np.float32(rng.uniform(60.0, 150.0) if scene.night else rng.uniform(12.0, 50.0))
            place = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
            middle, extent = corners.mean(axis=0), np.ptp(corners, axis=0)
            sighting = Sighting(float(middle[0]), float(middle[1]), float(extent[0]), float(extent[1]))
            switches.append((place, cover, start, start + float(rng.exponential(12.0)), sighting))
        return cls(tuple(switches))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        for number, (place, cover, on_s, off_s, sighting) in enumerate(self.switches):
            share = min(1.0, max(0.0, (canvas.t_s - on_s) / 0.06)) - min(1.0, max(0.0, (canvas.t_s - off_s) / 0.06))
            if share > 0.0:
                region = canvas.picture[place]
                region += np.float32(share) * cover[: region.shape[0], : region.shape[1]]
            if min(abs(canvas.t_s - on_s), abs(canvas.t_s - off_s)) < 0.3:
                canvas.note("light", number, sighting)
