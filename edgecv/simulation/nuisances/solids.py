"""Solid things in space: flat faces projected by the scene's camera, smeared over the exposure in its own light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import PinholeCamera
from edgecv.simulation.drawing import Sighting, blend_share
from edgecv.simulation.nuisances.layer import Canvas, Float32, Float64

_MOST_INSTANTS = 6
_FARTHEST_PX = 6000.0
"""Beyond this a corner is far outside every picture; a face that reaches so far is left out."""
_SHADE_OF_SHADOW = 0.5
"""Share of the light that a cast shadow takes."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A convex flat piece: corners ``(n, 3)`` in the world, its luma and how opaque it is; a shadow only darkens."""

    corners_m: Float64
    grey: float
    opacity: float = 1.0
    shadow: bool = False


def box_faces(centre_m: Float64, ahead: Float64, extent_m: tuple[float, float, float], grey: float) -> list[Face]:
    """Sides, top and underside of a box that stands on ``centre_m``, shaded by where they look.

    Args:
        centre_m: ``(3,)`` middle of its underside.
        ahead: ``(3,)`` level unit vector of its length.
        extent_m: length, height, width.
        grey: luma of its top.
    """
    length, height, width = extent_m
    side = np.array([-ahead[2], 0.0, ahead[0]])
    a, b, up = 0.5 * length * ahead, 0.5 * width * side, np.array([0.0, height, 0.0])
    c = centre_m
    corners = [c - a - b, c + a - b, c + a + b, c - a + b]
    faces = [Face(np.array([p, q, q + up, p + up]), shade * grey) for p, q, shade in (
        (corners[0], corners[1], 0.72), (corners[1], corners[2], 0.85),
        (corners[2], corners[3], 0.78), (corners[3], corners[0], 0.66),
    )]  # fmt: skip
    return [*faces, Face(np.array([p + up for p in corners]), grey), Face(np.array(corners), 0.4 * grey)]


def turned_to(camera: PinholeCamera, faces: Sequence[Face], middle_m: Float64) -> list[Face]:
    """Those faces of a convex solid around ``middle_m`` that look at the camera."""
    visible = []
    for face in faces:
        p = face.corners_m
        normal = np.cross(p[1] - p[0], p[2] - p[0])
        outward = normal if normal @ (p.mean(axis=0) - middle_m) > 0.0 else -normal
        if outward @ (camera.position_m - p.mean(axis=0)) > 0.0:
            visible.append(face)
    return visible


def draw_faces(canvas: Canvas, camera: PinholeCamera, faces_at: Callable[[float], list[Face]]) -> Sighting | None:
    """Draw faces, the first ones hidden by the last ones, averaged over the exposure; return the extent of the solid.

    ``faces_at`` gives the faces of an instant; where one turns away within an exposure, that frame is drawn as a still.
    """
    half = canvas.exposure_s / 2.0
    solid = faces_at(canvas.t_s)
    ends = [faces_at(canvas.t_s + after) for after in (-half, half)]
    if len({len(solid), *map(len, ends)}) > 1:
        return draw_faces(canvas, camera, lambda _t: solid)
    first, last = (_pixels(camera, faces) for faces in ends)
    if first is None or last is None:
        return None
    motion = max(float(np.abs(b - a).max()) for a, b in zip(first, last, strict=True))
    every = np.concatenate([*first, *last])
    x0, y0 = np.maximum(np.floor(every.min(axis=0)).astype(int) - 2, 0).tolist()
    x1, y1 = np.minimum(np.ceil(every.max(axis=0)).astype(int) + 3, canvas.size).tolist()
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    region = canvas.picture[y0:y1, x0:x1]
    count = int(np.clip(np.ceil(motion / 1.5), 1, _MOST_INSTANTS))
    gamma = np.float32(canvas.gamma)
    total = np.zeros_like(region)
    for n in range(count):
        t = canvas.t_s + canvas.exposure_s * ((n + 0.5) / count - 0.5)
        drawn = region.copy()
        faces = faces_at(t)
        pixels = _pixels(camera, faces)
        if pixels is None:
            return None
        for face, corners in zip(faces, pixels, strict=True):
            _paint(drawn, face, corners - (x0, y0), canvas.gamma)
        total += np.maximum(drawn, 0.0) ** gamma
    region[:] = (total / np.float32(count)) ** np.float32(1.0 / canvas.gamma)
    body = np.concatenate([p for ends in (first, last) for p, face in zip(ends, solid, strict=True) if not face.shadow])
    low, high = body.min(axis=0), body.max(axis=0)
    middle, extent = (low + high) / 2.0, high - low
    return Sighting(float(middle[0]), float(middle[1]), float(extent[0]), float(extent[1]))


def _pixels(camera: PinholeCamera, faces: Sequence[Face]) -> list[Float64] | None:
    """Corners ``(n, 2)`` of each face; None where the camera cannot see all of them."""
    counts = np.cumsum([len(face.corners_m) for face in faces])[:-1]
    pixels = camera.project(np.concatenate([face.corners_m for face in faces]))
    if not np.isfinite(pixels).all() or np.abs(pixels).max() > _FARTHEST_PX:
        return None
    return [np.asarray(part, np.float64) for part in np.split(pixels, counts)]


def _paint(region: Float32, face: Face, corners_px: Float64, gamma: float) -> None:
    mask: NDArray[np.uint8] = np.zeros(region.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners_px * 16.0).astype(np.int32), 255, cv2.LINE_AA, 4)
    share = mask.astype(np.float32) * np.float32(face.opacity / 255.0)
    if face.shadow:
        region *= 1.0 - np.float32(_SHADE_OF_SHADOW) * share
    else:
        blend_share(region, share, face.grey, gamma)
