"""The objects of a scene file: those it lists, or random ones that are seen to fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgecv.errors import ConfigError
from edgecv.simulation.catalogue import USUAL, sample_object
from edgecv.simulation.facade_picture import BALCONY_DEPTH_M, glass_of
from edgecv.simulation.fall_trajectory import Air, Flutter
from edgecv.simulation.nuisances.layer import px_per_m
from edgecv.simulation.scene import FallingObject, Scene
from edgecv.simulation.settings import ObjectSettings, RandomObjects

_TRIES = 60
"""Attempts at a random fall that the camera sees, after which the scene has one fewer."""
_MIN_PATH_PX = 150.0  # a fall that crosses less of a 720-line picture is no event anyone could judge

Point = tuple[float, float, float]


def explicit_objects(scene: Scene, listed: Sequence[ObjectSettings]) -> tuple[FallingObject, ...]:
    """Return the listed objects, completed from the seed.

    Raises:
        ConfigError: a floor or window that the building does not have.
    """
    return tuple(_explicit(scene, n, settings) for n, settings in enumerate(listed))


def _explicit(scene: Scene, n: int, settings: ObjectSettings) -> FallingObject:
    rng = scene.rng("object", n)
    plan = scene.plan
    names = [window.name for window in plan.windows]
    if settings.floor is not None and settings.floor > plan.floor_count:
        raise ConfigError(
            f"objects[{n}].floor = {settings.floor}: the facade has {plan.floor_count} floors; choose one"
        )
    if settings.window is not None and settings.window not in names:
        raise ConfigError(
            f"objects[{n}].window: there is no window column '{settings.window}'; columns are {', '.join(names)}"
        )
    at_s = float(rng.uniform(0.0, 0.6)) * scene.duration_s if settings.at_s is None else settings.at_s
    floor, column, position = _release(scene, rng)
    if settings.position is not None:
        position = settings.position
        floor = plan.floor_at(position[1]) or plan.floor_count
        claimed = plan.window_at(position[0])
        name = claimed[1] if claimed else ""
    else:
        column = names.index(settings.window) if settings.window is not None else column
        floor = settings.floor or floor
        position, name = _release_point(scene, rng, floor, column), names[column]
    falling = sample_object(
        rng, settings.name, position_m=position, floor=floor, window=name, release_s=at_s, air=scene.air,
        diameter_m=settings.diameter_m, grey=settings.grey,
    )  # fmt: skip
    return replace(
        falling,
        velocity_mps=settings.velocity or falling.velocity_mps,
        mass_kg=settings.mass_kg or falling.mass_kg,
        drag_area_m2=settings.drag_area_m2 or falling.drag_area_m2,
    )


def random_objects(scene: Scene, settings: RandomObjects) -> tuple[FallingObject, ...]:
    """Return random objects whose falls the camera sees, spread over the scene; some overlap in time."""
    rng = scene.rng("objects")
    count = settings.count if settings.count is not None else max(1, round(scene.duration_s / settings.every_s))
    latest = max(0.3, scene.duration_s - 2.0)
    starts = 0.3 + (latest - 0.3) * (np.arange(count) + rng.uniform(0.1, 0.9, count)) / max(1, count)
    names = settings.names or USUAL
    objects = (_random(scene, n, str(rng.choice(names)), float(t), settings) for n, t in enumerate(starts))
    return tuple(falling for falling in objects if falling is not None)


def _random(scene: Scene, n: int, name: str, start_s: float, settings: RandomObjects) -> FallingObject | None:
    """Try until the fall is seen well; None where that never happens."""
    for attempt in range(_TRIES):
        rng = scene.rng("object", n, attempt)
        floor, column, position = _release(scene, rng)
        diameter_m, grey = None, None
        if settings.size_px is not None:
            diameter_m = float(rng.uniform(*settings.size_px)) / float(px_per_m(scene.camera, np.array(position)))
        if settings.contrast is not None:
            grey = _grey(rng, scene, settings.contrast)
        falling = sample_object(
            rng, name, position_m=position, floor=floor, window=scene.plan.windows[column].name, release_s=start_s,
            air=scene.air, diameter_m=diameter_m, grey=grey,
        )  # fmt: skip
        speed = float(np.linalg.norm(falling.velocity_mps))
        if settings.hardest_mps is not None and speed > settings.hardest_mps:
            velocity = np.array(falling.velocity_mps) * settings.hardest_mps / speed
            falling = replace(falling, velocity_mps=(float(velocity[0]), float(velocity[1]), float(velocity[2])))
        if _is_visible(scene, falling):
            return falling
    return None


def _grey(rng: np.random.Generator, scene: Scene, contrast: tuple[float, float]) -> float:
    """A grey that differs from a typical wall by day or night; what is behind a fall varies along it."""
    wall = 70.0 if scene.night else 125.0
    step = float(rng.uniform(*contrast))
    return float(np.clip(wall + step * (1.0 if scene.night else rng.choice((-1.0, 1.0))), 3.0, 250.0))


def _release(scene: Scene, rng: np.random.Generator) -> tuple[int, int, Point]:
    floor = int(rng.integers(2, scene.plan.floor_count + 1))
    column = int(rng.integers(len(scene.plan.windows)))
    return floor, column, _release_point(scene, rng, floor, column)


def _release_point(scene: Scene, rng: np.random.Generator, floor: int, column: int) -> Point:
    """Where an object leaves an open window, or a hand held over a balcony's rail."""
    pane = glass_of(scene.plan, floor, column)
    x = float(rng.uniform(pane.left_m + 0.1, pane.right_m - 0.1))
    if column in scene.balconies:
        return (x, pane.foot_m + float(rng.uniform(0.3, 0.8)), BALCONY_DEPTH_M + 0.2)
    return (x, pane.foot_m + float(rng.uniform(0.1, 0.8)) * (pane.head_m - pane.foot_m), 0.15)


def _is_visible(scene: Scene, falling: FallingObject) -> bool:
    """Whether its start is in the picture and enough of its way, before the ground and the end of the scene."""
    start = scene.camera.project(np.array(falling.position_m))
    if not ((start >= 4.0).all() and (start < np.array(scene.size) - 4.0).all()):
        return False
    # gusts and flutter change where it goes, hardly whether it is seen, and take long to work out
    falling = replace(falling, air=Air(falling.air.steady_mps), flutter=Flutter())
    times = falling.release_s + np.arange(0.0, min(6.0, scene.duration_s - falling.release_s), 0.1)
    if len(times) < 3:
        return False
    world = falling.states(times).positions_m[0]
    world = world[world[:, 1] > falling.diameter_m]
    pixels = scene.camera.project(world)
    in_picture = (pixels >= 4.0) & (pixels < np.array(scene.size) - 4.0)  # NaN, behind the camera, is not
    inside = np.asarray(in_picture[:, 0] & in_picture[:, 1], np.bool_)
    if len(pixels) < 3:
        return False
    return float(np.hypot(*np.ptp(pixels[inside], axis=0))) > _MIN_PATH_PX * scene.size[1] / 720.0
