"""The still part of a scene: sky, ground and a facade with windows, balconies and air conditioners, drawn once."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.simulation.panes import Box, furnish
from edgecv.simulation.scene import Scene

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
_FINE = 2  # the picture is drawn twice as large and averaged down
_MARGIN_M = 1.6  # wall beyond the outermost windows
_PARAPET_M = 1.0
"""Height of the wall above the uppermost floor."""
BALCONY_DEPTH_M = 1.2
"""How far balconies stand out in front of the facade."""


def glass_of(plan: FacadePlan, floor: int, column: int) -> Box:
    """The pane of a window, 1-based floor and 0-based column; its depth is 0."""
    foot, head = plan.floor_span_m(floor)
    span = plan.windows[column]
    return Box(span.left_m, span.right_m, foot + 0.3 * (head - foot), head - 0.17 * (head - foot), 0.0)


def balcony_of(plan: FacadePlan, floor: int, column: int) -> Box:
    """Parapet and slab of a balcony."""
    foot, _ = plan.floor_span_m(floor)
    span = plan.windows[column]
    return Box(span.left_m - 0.35, span.right_m + 0.35, foot - 0.12, foot + 1.0, BALCONY_DEPTH_M)


def air_conditioner_of(plan: FacadePlan, floor: int, column: int) -> Box:
    """The outdoor unit beside a window."""
    foot, _ = plan.floor_span_m(floor)
    left = plan.windows[column].right_m + 0.2
    return Box(left, left + 0.8, foot + 0.15, foot + 0.7, 0.45)


def air_conditioners(scene: Scene) -> list[tuple[int, int]]:
    """Floor and column of every window with an air conditioner."""
    rng = scene.rng("air conditioners")
    columns = [c for c in range(len(scene.plan.windows)) if c not in scene.balconies]
    places = list(product(range(2, scene.plan.floor_count + 1), columns))
    occupied = rng.random(len(places)) < 0.35
    return [place for place, has_unit in zip(places, occupied, strict=True) if has_unit]


def outline(camera: PinholeCamera, box: Box, z_m: float = 0.0) -> Float64:
    """Pixels ``(4, 2)`` of a box's back face moved out by ``z_m``: top left, top right, bottom right, bottom left."""
    corners = [(box.left_m, box.head_m), (box.right_m, box.head_m), (box.right_m, box.foot_m), (box.left_m, box.foot_m)]
    return camera.project(np.array([(x, y, z_m) for x, y in corners]))


def fill_mask(size: tuple[int, int], polygons_px: list[Float64]) -> Float32:
    """Return ``(h, w) float32`` coverage, 0 to 1, of polygons; those the camera cannot see are left out."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    for polygon in polygons_px:
        if np.isfinite(polygon).all() and np.abs(polygon).max() < 1e5:
            cv2.fillConvexPoly(mask, np.round(polygon * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / np.float32(255.0)


def draw_background(scene: Scene) -> Float32:
    """Return the ``(h, w) float32`` luma of a scene in which nothing moves."""
    rng = scene.rng("facade")
    width, height = scene.size
    fine = (width * _FINE, height * _FINE)
    points = _on_facade(scene, fine)
    wall, left_m, top_m, scale = _facade_texture(scene, rng)
    inside = np.full(wall.shape, 1.0, np.float32)
    # texture pixel (u, v) shows the facade point (left + (u + 1/2) / s, top - (v + 1/2) / s)
    u = (points[..., 0] - left_m) * scale - 0.5
    v = (top_m - points[..., 1]) * scale - 0.5
    u, v = (np.nan_to_num(a, nan=-9.0, posinf=-9.0, neginf=-9.0).clip(-9.0, 3e4).astype(np.float32) for a in (u, v))
    reflected = cv2.remap(wall, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.remap(inside, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    picture = _surroundings(scene, fine, rng)
    picture += share * (reflected - picture)
    _draw_boxes(picture, scene, rng)
    picture = np.asarray(cv2.resize(picture, scene.size, interpolation=cv2.INTER_AREA), np.float32)
    if scene.night:
        picture = _by_infrared(picture, scene, rng)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.5), np.float32)


def _on_facade(scene: Scene, fine: tuple[int, int]) -> Float32:
    """Facade point ``(h, w, 2)`` behind each fine pixel, solved on a grid of every 16th; NaN in the sky."""
    step = 16
    xs, ys = (np.arange(0, n + step, step) for n in fine)
    grid = np.stack(np.meshgrid((xs + 0.5) / _FINE - 0.5, (ys + 0.5) / _FINE - 0.5), axis=-1)
    direction = scene.camera.ray(grid)
    # homogeneous coordinates are smooth across the horizon of the wall, the points themselves are not
    x_over, y_over = (
        (scene.camera.position_m[i] * direction[..., 2] - scene.camera.position_m[2] * direction[..., i])
        for i in range(2)
    )
    maps = []
    for layer in (x_over, y_over, direction[..., 2]):
        at_x, at_y = np.meshgrid(
            np.arange(fine[0], dtype=np.float32) / step, np.arange(fine[1], dtype=np.float32) / step
        )
        maps.append(cv2.remap(layer.astype(np.float32), at_x, at_y, cv2.INTER_LINEAR))
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(maps[2] < -1e-6, maps[2], np.nan)
        return np.stack([maps[0] / depth, maps[1] / depth], axis=-1).astype(np.float32)


def _surroundings(scene: Scene, fine: tuple[int, int], rng: np.random.Generator) -> Float32:
    """Sky and ground, ``(h, w) float32``."""
    width, height = fine
    picture = np.linspace(215.0, 180.0, height, dtype=np.float32)[:, None].repeat(width, axis=1)
    clouds = cv2.resize(rng.standard_normal((6, 8)).astype(np.float32), fine, interpolation=cv2.INTER_CUBIC)
    picture += 5.0 * clouds
    below = scene.camera.ray(np.array([[(width / _FINE) / 2.0, y / _FINE] for y in range(height)]))[:, 1] < 0.0
    rows = np.flatnonzero(below)
    if len(rows):
        ground = 95.0 + 14.0 * rng.standard_normal((len(rows), width)).astype(np.float32)
        picture[rows] = cv2.GaussianBlur(ground, (0, 0), 2.5)
    return picture


def _facade_texture(scene: Scene, rng: np.random.Generator) -> tuple[Float32, float, float, float]:
    """The wall seen square-on: luma, X and Y of its top left corner, and its pixels a metre."""
    plan = scene.plan
    left_m = plan.windows[0].left_m - _MARGIN_M
    right_m = plan.windows[-1].right_m + _MARGIN_M
    top_m = float(plan.floor_edges_m[-1]) + _PARAPET_M
    middle = np.array([(left_m + right_m) / 2.0, 0.45 * top_m, 0.0])
    depth = float(np.linalg.norm(middle - scene.camera.position_m))
    scale = float(np.clip(1.5 * _FINE * scene.camera.focal_px / depth, 20.0, 90.0))
    h, w = round((top_m - float(plan.floor_edges_m[0])) * scale), round((right_m - left_m) * scale)
    base = float(rng.uniform(105.0, 165.0))
    wall = np.full((h, w), base, np.float32)
    for size, strength in ((1.0, 6.0), (0.15 * scale, 2.5), (1.5 * scale, 6.0)):
        wall += strength * _mottle(rng, (h, w), size)
    if rng.random() < 0.6:  # a darker middle bay, as many towers have
        a, b = sorted(rng.uniform(0.15, 0.85, 2))
        wall[:, int(a * w) : int(b * w)] -= float(rng.uniform(20.0, 50.0))

    def fill(x0: float, y0: float, x1: float, y1: float, value: float, keep: float = 0.1) -> None:
        a, b = round((x0 - left_m) * scale), max(round((x0 - left_m) * scale) + 1, round((x1 - left_m) * scale))
        c, d = round((top_m - y1) * scale), max(round((top_m - y1) * scale) + 1, round((top_m - y0) * scale))
        region = wall[max(0, c) : max(0, d), max(0, a) : max(0, b)]
        region *= keep
        region += (1.0 - keep) * value

    for floor in range(1, plan.floor_count + 1):
        foot, head = plan.floor_span_m(floor)
        for y in (foot, (foot + head) / 2.0):
            fill(left_m, y - 0.015, right_m, y + 0.015, base - 40.0, 0.5)  # joints of the cladding
        for column in range(len(plan.windows)):
            _window(fill, glass_of(plan, floor, column), rng, scene.night)
            if scene.panes == "mixed":
                furnish(fill, glass_of(plan, floor, column), scene.rng("panes", floor, column), scene.night)
    fill(left_m, top_m - 0.3, right_m, top_m, base + 25.0)
    return wall, left_m, top_m, scale


def _mottle(rng: np.random.Generator, shape: tuple[int, int], size_px: float) -> Float32:
    """Noise of unit deviation, smooth over ``size_px``."""
    coarse = (max(2, int(shape[1] / size_px)), max(2, int(shape[0] / size_px)))
    field = rng.standard_normal(coarse[::-1]).astype(np.float32)
    return np.asarray(cv2.resize(field, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _window(fill: object, glass: Box, rng: np.random.Generator, night: bool) -> None:
    """Frame, panes, a reflection of the sky, perhaps a curtain, perhaps light."""
    assert callable(fill)
    x0, x1, y0, y1 = glass.left_m, glass.right_m, glass.foot_m, glass.head_m
    fill(x0 - 0.1, y0 - 0.16, x1 + 0.1, y0 - 0.04, 175.0)  # sill
    fill(x0 - 0.06, y0 - 0.06, x1 + 0.06, y1 + 0.06, 190.0)
    dark = float(rng.uniform(35.0, 75.0))
    fill(x0, y0, x1, y1, dark)
    fill(x0, (y0 + y1) / 2.0, x1, y1, dark + float(rng.uniform(0.0, 28.0)))
    lit = night and rng.random() < 0.12
    if rng.random() < 0.45:
        share = float(rng.uniform(0.2, 0.6))
        fill(x0, y0, x0 + share * (x1 - x0), y1, dark + float(rng.uniform(25.0, 70.0)))
    if lit:
        fill(x0, y0, x1, y1, 640.0)  # brighter than white: the infrared picture is darkened afterwards
    middle = (x0 + x1) / 2.0
    fill(middle - 0.03, y0, middle + 0.03, y1, 180.0)


def _draw_boxes(picture: Float32, scene: Scene, rng: np.random.Generator) -> None:
    """Balconies and air conditioners in perspective, the highest first: seen from below, lower ones hide higher."""
    plan = scene.plan
    parapet = float(rng.uniform(120.0, 190.0))
    things = [(balcony_of(plan, f, c), parapet) for f in range(2, plan.floor_count + 1) for c in scene.balconies]
    things += [(air_conditioner_of(plan, f, c), 195.0) for f, c in air_conditioners(scene)]
    for box, grey in sorted(things, key=lambda thing: -thing[0].foot_m):
        x0, x1, y0, y1, z = box.left_m, box.right_m, box.foot_m, box.head_m, box.depth_m
        side_x = x0 if scene.camera.position_m[0] < (x0 + x1) / 2.0 else x1
        faces = [
            ([(x0, y0, 0), (x1, y0, 0), (x1, y0, z), (x0, y0, z)], 0.42 * grey),
            ([(side_x, y0, 0), (side_x, y1, 0), (side_x, y1, z), (side_x, y0, z)], 0.72 * grey),
            ([(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)], grey),
        ]
        for corners, value in faces:
            _face(picture, scene.camera, corners, value)
        if z > 1.0:  # the rail above the parapet, and what stands behind it
            rail = [(x0, y1 - 0.08, z), (x1, y1 - 0.08, z), (x1, y1, z), (x0, y1, z)]
            _face(picture, scene.camera, rail, 0.55 * grey)
        else:
            middle = (x0 + x1) / 2.0
            fan = [(middle - 0.2, y0 + 0.1, z), (middle + 0.2, y0 + 0.1, z)]
            _face(picture, scene.camera, [*fan, (middle + 0.2, y1 - 0.1, z), (middle - 0.2, y1 - 0.1, z)], 0.45 * grey)


def _face(picture: Float32, camera: PinholeCamera, corners_m: list[tuple[float, float, float]], grey: float) -> None:
    pixels = camera.project(np.array(corners_m, np.float64))
    if np.isfinite(pixels).all() and np.abs(pixels).max() < 30000:
        fine = np.round(((pixels + 0.5) * _FINE - 0.5) * 16).astype(np.int32)
        cv2.fillConvexPoly(picture, fine, float(grey), cv2.LINE_8, 4)


def _by_infrared(picture: Float32, scene: Scene, rng: np.random.Generator) -> Float32:
    """The picture by the camera's own lamp: a bright spot that fades, a black sky, bright windows."""
    width, height = scene.size
    spot = (rng.uniform(0.4, 0.6) * width, rng.uniform(0.5, 0.75) * height)
    xs = (np.arange(width, dtype=np.float32) - spot[0]) / (0.62 * width)
    ys = (np.arange(height, dtype=np.float32) - spot[1]) / (0.75 * height)
    lamp = 0.20 + 0.5 * np.exp(-(xs[None, :] ** 2 + ys[:, None] ** 2))
    building = _facade_share(scene)
    lit = picture > 300.0
    # the lamp's light does not come back from the sky
    dark = picture * lamp * (0.06 + 0.94 * building) + 4.0
    return np.asarray(np.where(lit, np.minimum(picture * 0.35, 225.0), dark), np.float32)


def _facade_share(scene: Scene) -> Float32:
    """Coverage of the building in the picture."""
    plan = scene.plan
    body = Box(
        plan.windows[0].left_m - _MARGIN_M,
        plan.windows[-1].right_m + _MARGIN_M,
        float(plan.floor_edges_m[0]),
        float(plan.floor_edges_m[-1]) + _PARAPET_M,
        0.0,
    )
    return fill_mask(scene.size, [outline(scene.camera, body)])
