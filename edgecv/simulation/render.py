"""Frames of a scene, one after the other, with the truth of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.simulation.facade_picture import draw_background
from edgecv.simulation.scene import Bird, FallingObject, Scene

Float64 = NDArray[np.float64]
_INSTANTS = 8  # sub-exposures that make up the motion blur
_FINE = 4  # sub-pixels a side


@dataclass(frozen=True, slots=True)
class Sighting:
    """Truth of one thing in one frame: centre and extent of what is drawn, pixels."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True, eq=False)
class RenderedFrame:
    """A frame and what is in it.

    Attributes:
        index: frame number.
        t_s: media time, the middle of the exposure.
        luma: ``(h, w) uint8``.
        objects: sighting of each of the scene's objects, None where it is not in the picture.
        birds: the same for each bird.
    """

    index: int
    t_s: float
    luma: NDArray[np.uint8]
    objects: tuple[Sighting | None, ...]
    birds: tuple[Sighting | None, ...]


def render(scene: Scene) -> Iterator[RenderedFrame]:
    """Yield the frames of a scene; the same scene gives the same frames."""
    background = draw_background(scene)
    rng = np.random.default_rng(scene.seed + 1)
    width, height = scene.size
    # one noise field, shifted from frame to frame: as random as a fresh one to a detector, and twenty times cheaper
    noise = scene.noise_sd * rng.standard_normal((height + 257, width + 257)).astype(np.float32)
    for index in range(scene.frame_count):
        t_s = index / scene.fps
        picture = background.copy()
        objects = tuple(_draw_object(picture, scene, thing, t_s) for thing in scene.objects)
        birds = tuple(_draw_bird(picture, scene, bird, t_s) for bird in scene.birds)
        dy, dx = (int(v) for v in rng.integers(0, 257, 2))
        picture += noise[dy : dy + height, dx : dx + width]
        yield RenderedFrame(index, t_s, np.clip(picture + 0.5, 0, 255).astype(np.uint8), objects, birds)


def _draw_object(picture: NDArray[np.float32], scene: Scene, thing: FallingObject, t_s: float) -> Sighting | None:
    instants = t_s + scene.exposure_s * (np.arange(_INSTANTS) / (_INSTANTS - 1) - 0.5)
    instants = instants[instants >= thing.release_s]
    if len(instants) == 0:
        return None
    world = thing.states(instants).positions_m[0]
    world = world[world[:, 1] > thing.diameter_m / 2.0]  # it stops at the ground
    if len(world) == 0:
        return None
    radius = _pixels_across(scene, world[0], thing.diameter_m) / 2.0
    return _draw(picture, scene.camera.project(world), np.array([radius, radius]), thing.grey)


def _draw_bird(picture: NDArray[np.float32], scene: Scene, bird: Bird, t_s: float) -> Sighting | None:
    world = bird.positions(np.array([t_s]))
    if np.isnan(world).any():
        return None
    span = _pixels_across(scene, world[0], bird.span_m) / 2.0
    beat = np.sin(2.0 * np.pi * bird.flaps_hz * t_s)
    return _draw(picture, scene.camera.project(world), np.array([span * (0.7 + 0.3 * beat), span * 0.3]), bird.grey)


def _pixels_across(scene: Scene, world_m: Float64, size_m: float) -> float:
    depth = float((scene.camera.rotation @ (world_m - scene.camera.position_m))[2])
    return scene.camera.focal_px * size_m / max(depth, 0.1)


def _draw(picture: NDArray[np.float32], centres: Float64, radii: Float64, grey: float) -> Sighting | None:
    """Blend an ellipse that was at ``(n, 2)`` centres during the exposure into the picture, anti-aliased."""
    height, width = picture.shape
    low, high = centres.min(axis=0) - radii - 2.0, centres.max(axis=0) + radii + 2.0
    x0, y0 = (int(v) for v in np.floor(low))
    x1, y1 = (int(v) for v in np.ceil(high))
    if not np.isfinite(centres).all() or x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
        return None
    fine = np.zeros(((y1 - y0) * _FINE, (x1 - x0) * _FINE), np.float32)
    ys, xs = np.mgrid[0 : fine.shape[0], 0 : fine.shape[1]]
    px, py = (xs + 0.5) / _FINE + x0 - 0.5, (ys + 0.5) / _FINE + y0 - 0.5
    for cx, cy in centres:
        fine += ((px - cx) / radii[0]) ** 2 + ((py - cy) / radii[1]) ** 2 <= 1.0
    cover = cv2.resize(fine / len(centres), (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    a, b, c, d = max(0, x0), min(width, x1), max(0, y0), min(height, y1)
    cover = cover[c - y0 : d - y0, a - x0 : b - x0]
    picture[c:d, a:b] += cover * (grey - picture[c:d, a:b])
    centre = centres.mean(axis=0)
    if not (0 <= centre[0] < width and 0 <= centre[1] < height):
        return None
    extent = np.ptp(centres, axis=0) + 2.0 * radii
    return Sighting(float(centre[0]), float(centre[1]), float(extent[0]), float(extent[1]))
