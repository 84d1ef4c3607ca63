"""Paths without pictures: what a detector would see of a thing, with errors of known size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgecv.detection import Detection
from edgecv.evaluation.boxes import BoxPath
from edgecv.evaluation.truth import TruthEvent
from edgecv.simulation import FallingObject, Scene
from edgecv.tracking import Track, TrackPoint

_NOISE_PX, _NOISE_OF_SIZE, _TUMBLE = 0.3, 0.02, 0.05
_BLUR_PX, _INSIDE = 2.5, 0.87  # boxes of things of a known size, on rendered towers
_SMALLEST_PX = 1.5
_FEWEST = 12
_MEMORY_FRAMES = 4.0


def flights(scene: Scene) -> Iterator[tuple[Track, TruthEvent, FallingObject]]:
    """Yield what is seen of the scene's objects; those too small or too short to be found are left out."""
    for n, thing in enumerate(scene.objects):
        seen = _seen(scene, thing, np.random.default_rng([scene.seed, n]))
        if seen is not None:
            track, event = seen
            yield track, event, thing


def _seen(scene: Scene, thing: FallingObject, rng: np.random.Generator) -> tuple[Track, TruthEvent] | None:
    first = int(np.ceil(thing.release_s * scene.fps))
    frames = np.arange(first, first + round(8.0 * scene.fps))
    t_s = frames / scene.fps
    world = thing.states(t_s).positions_m[0]
    uv = scene.camera.project(world)
    inside = (world[:, 1] > thing.diameter_m) & (uv > 3.0).all(axis=1) & (uv < np.array(scene.size) - 3.0).all(axis=1)
    stop = len(frames) if inside.all() else int(np.argmin(inside))
    frames, t_s, world, uv = frames[:stop], t_s[:stop], world[:stop], uv[:stop]
    depth = ((world - scene.camera.position_m) @ scene.camera.rotation.T)[:, 2]
    size = thing.diameter_m * scene.camera.focal_px / depth
    if stop < _FEWEST or float(np.median(size)) < _SMALLEST_PX:
        return None
    white = rng.standard_normal((stop, 2)) * (_NOISE_PX + _NOISE_OF_SIZE * size)[:, None]
    tumble = np.zeros((stop, 2))
    fade = float(np.exp(-1.0 / _MEMORY_FRAMES))
    for n in range(stop):
        before = tumble[n - 1] if n else rng.standard_normal(2)
        tumble[n] = fade * before + np.sqrt(1.0 - fade**2) * rng.standard_normal(2)
    found = uv + white + tumble * (_TUMBLE * size)[:, None]
    streak = np.abs(np.gradient(uv, t_s, axis=0)) * scene.exposure_s
    sides = np.hypot(_INSIDE * size, _BLUR_PX)[:, None] * np.exp(0.08 * rng.standard_normal((stop, 2))) + streak
    points = tuple(
        TrackPoint(int(k), float(t), Detection(x, y, w, h, w * h, 30.0, 10.0), (0.0, 0.0), 1e-6)
        for k, t, (x, y), (w, h) in zip(frames, t_s, found.tolist(), sides.tolist(), strict=True)
    )
    boxes = BoxPath.of((int(k), float(t), *p, *s) for k, t, p, s in zip(frames, t_s, uv, sides, strict=True))
    event = TruthEvent(
        thing.name, boxes, float(t_s[-1]), float(np.median(size)), 30.0, thing.floor, thing.window or None,
        thing.terminal_mps, thing.mass_kg,
    )  # fmt: skip
    return Track(points, len(points), scene.size, 1.0 / scene.fps), event
