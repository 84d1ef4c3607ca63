"""The still part of a scene: sky, ground and a facade with windows, drawn once in perspective."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.simulation.scene import Scene

Float32 = NDArray[np.float32]
_PX_PER_M = 40.0
_MARGIN_M = 2.5  # wall beyond the outermost windows


def draw_background(scene: Scene) -> Float32:
    """Return the ``(h, w) float32`` luma of a scene in which nothing moves."""
    rng = np.random.default_rng(scene.seed)
    width, height = scene.size
    sky = np.linspace(205.0, 175.0, height, dtype=np.float32)[:, None].repeat(width, axis=1)
    texture, left_m, top_m = _facade_texture(scene, rng)
    inside = np.full(texture.shape, 255, np.uint8)
    # texture pixel (u, v) shows the facade point (left + u / s, top - v / s); the camera maps that to the picture
    corners_px = np.array([[0, 0], [texture.shape[1], 0], [texture.shape[1], texture.shape[0]], [0, texture.shape[0]]])
    corners_m = np.column_stack(
        [left_m + corners_px[:, 0] / _PX_PER_M, top_m - corners_px[:, 1] / _PX_PER_M, np.zeros(4)]
    )
    seen = scene.camera.project(corners_m)
    matrix = cv2.getPerspectiveTransform(corners_px.astype(np.float32), seen.astype(np.float32))
    flags = cv2.INTER_AREA
    wall = cv2.warpPerspective(texture, matrix, scene.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpPerspective(inside, matrix, scene.size, flags=cv2.INTER_LINEAR).astype(np.float32) / 255.0
    picture = share * wall + (1.0 - share) * sky
    horizon = float(seen[2:, 1].mean())
    if horizon < height:
        ground = 95.0 + 6.0 * rng.standard_normal((height - max(0, int(horizon)), width)).astype(np.float32)
        picture[max(0, int(horizon)) :] = cv2.GaussianBlur(ground, (0, 0), 1.5)
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.7), np.float32)


def _facade_texture(scene: Scene, rng: np.random.Generator) -> tuple[Float32, float, float]:
    """The wall seen square-on: ``(h, w) float32`` luma, and the facade coordinates of its top left corner."""
    plan = scene.plan
    left_m = plan.windows[0].left_m - _MARGIN_M
    right_m = plan.windows[-1].right_m + _MARGIN_M
    top_m = float(plan.floor_edges_m[-1]) + 1.0  # parapet
    h, w = round(top_m * _PX_PER_M), round((right_m - left_m) * _PX_PER_M)
    wall = np.full((h, w), 142.0, np.float32)
    for scale, strength in ((1.0, 5.0), (6.0, 14.0), (60.0, 160.0)):
        wall += strength * cv2.GaussianBlur(rng.standard_normal((h, w)).astype(np.float32), (0, 0), scale)

    def fill(x0: float, y0: float, x1: float, y1: float, value: float) -> None:
        a, b = round((x0 - left_m) * _PX_PER_M), round((x1 - left_m) * _PX_PER_M)
        c, d = round((top_m - y1) * _PX_PER_M), round((top_m - y0) * _PX_PER_M)
        wall[max(0, c) : max(0, d), max(0, a) : max(0, b)] = value

    for floor in range(plan.floor_count):
        foot, head = (float(y) for y in plan.floor_edges_m[floor : floor + 2])
        fill(left_m, foot - 0.08, right_m, foot + 0.08, 165.0)
        for window in plan.windows:
            sill, lintel = foot + 0.9, head - 0.5
            fill(window.left_m - 0.08, sill - 0.08, window.right_m + 0.08, lintel + 0.08, 205.0)
            glass = float(rng.uniform(45.0, 85.0))
            fill(window.left_m, sill, window.right_m, lintel, glass)
            if rng.random() < 0.4:  # a curtain drawn half
                fill(window.left_m, sill, window.left_m + 0.4 * (window.right_m - window.left_m), lintel, glass + 50.0)
            middle = (window.left_m + window.right_m) / 2.0
            fill(middle - 0.03, sill, middle + 0.03, lintel, 190.0)
    fill(left_m, top_m - 0.25, right_m, top_m, 175.0)
    return wall, left_m, top_m
