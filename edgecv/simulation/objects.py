"""The objects of a scene file: those it lists, or random ones that are seen to fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgecv.errors import ConfigError
from edgecv.simulation.catalogue import CATALOGUE, sample_object
from edgecv.simulation.facade_picture import BALCONY_DEPTH_M, glass_of
from edgecv.simulation.fall_trajectory import Air, Flutter
from edgecv.simulation.nuisances.layer import px_per_m
from edgecv.simulation.scene import FallingObject, Scene
from edgecv.simulation.settings import ObjectSettings, RandomObjects

_TRIES = 60
_SEEN_PX = 150.0  # a fall that crosses less of a 720-line picture is no event anyone could judge

Point = tuple[float, float, float]


def explicit_objects(scene: Scene, listed: Sequence[ObjectSettings]) -> tuple[FallingObject, ...]:
    """Return the listed objects, completed from the seed.

    Raises:
        ConfigError: a floor or window that the building does not have.
    """
    return tuple(_explicit(scene, n, given) for n, given in enumerate(listed))


def _explicit(scene: Scene, n: int, given: ObjectSettings) -> FallingObject:
    rng = scene.rng("object", n)
    plan = scene.plan
    names = [window.name for window in plan.windows]
    if given.floor is not None and given.floor > plan.floor_count:
        raise ConfigError(f"objects[{n}].floor = {given.floor}: the facade has {plan.floor_count} floors; choose one")
    if given.window is not None and given.window not in names:
        raise ConfigError(
            f"objects[{n}].window: there is no window column '{given.window}'; columns are {', '.join(names)}"
        )
    at_s = float(rng.uniform(0.0, 0.6)) * scene.duration_s if given.at_s is None else given.at_s
    floor, column, position = _release(scene, rng)
    if given.position is not None:
        position = given.position
        floor = plan.floor_at(position[1]) or plan.floor_count
        claimed = plan.window_at(position[0])
        name = claimed[1] if claimed else ""
    else:
        column = names.index(given.window) if given.window is not None else column
        floor = given.floor or floor
        position, name = _leave(scene, rng, floor, column), names[column]
    thing = sample_object(
        rng, given.name, position_m=position, floor=floor, window=name, release_s=at_s, air=scene.air,
        diameter_m=given.diameter_m, grey=given.grey,
    )  # fmt: skip
    return replace(
        thing,
        velocity_mps=given.velocity or thing.velocity_mps,
        mass_kg=given.mass_kg or thing.mass_kg,
        drag_area_m2=given.drag_area_m2 or thing.drag_area_m2,
    )


def random_objects(scene: Scene, wanted: RandomObjects) -> tuple[FallingObject, ...]:
    """Return random objects whose falls the camera sees, spread over the scene; some overlap in time."""
    rng = scene.rng("objects")
    count = wanted.count if wanted.count is not None else max(1, round(scene.duration_s / wanted.every_s))
    latest = max(0.3, scene.duration_s - 2.0)
    starts = 0.3 + (latest - 0.3) * (np.arange(count) + rng.uniform(0.1, 0.9, count)) / max(1, count)
    names = wanted.names or tuple(CATALOGUE)
    things = (_random(scene, n, str(rng.choice(names)), float(t), wanted) for n, t in enumerate(starts))
    return tuple(thing for thing in things if thing is not None)


def _random(scene: Scene, n: int, name: str, start_s: float, wanted: RandomObjects) -> FallingObject | None:
    """Try until the fall is seen well; None where that never happens."""
    for attempt in range(_TRIES):
        rng = scene.rng("object", n, attempt)
        floor, column, position = _release(scene, rng)
        diameter_m, grey = None, None
        if wanted.size_px is not None:
            diameter_m = float(rng.uniform(*wanted.size_px)) / float(px_per_m(scene.camera, np.array(position)))
        if wanted.contrast is not None:
            grey = _grey(rng, scene, wanted.contrast)
        thing = sample_object(
            rng, name, position_m=position, floor=floor, window=scene.plan.windows[column].name, release_s=start_s,
            air=scene.air, diameter_m=diameter_m, grey=grey,
        )  # fmt: skip
        speed = float(np.linalg.norm(thing.velocity_mps))
        if wanted.hardest_mps is not None and speed > wanted.hardest_mps:
            velocity = np.array(thing.velocity_mps) * wanted.hardest_mps / speed
            thing = replace(thing, velocity_mps=(float(velocity[0]), float(velocity[1]), float(velocity[2])))
        if _is_seen(scene, thing):
            return thing
    return None


def _grey(rng: np.random.Generator, scene: Scene, contrast: tuple[float, float]) -> float:
    """A grey that differs from a typical wall by day or night; what is behind a fall varies along it."""
    wall = 70.0 if scene.night else 125.0
    step = float(rng.uniform(*contrast))
    return float(np.clip(wall + step * (1.0 if scene.night else rng.choice((-1.0, 1.0))), 3.0, 250.0))


def _release(scene: Scene, rng: np.random.Generator) -> tuple[int, int, Point]:
    floor = int(rng.integers(2, scene.plan.floor_count + 1))
    column = int(rng.integers(len(scene.plan.windows)))
    return floor, column, _leave(scene, rng, floor, column)


def _leave(scene: Scene, rng: np.random.Generator, floor: int, column: int) -> Point:
    """Where a thing leaves an open window, or a hand held over a balcony's rail."""
    pane = glass_of(scene.plan, floor, column)
    x = float(rng.uniform(pane.left_m + 0.1, pane.right_m - 0.1))
    if column in scene.balconies:
        return (x, pane.foot_m + float(rng.uniform(0.3, 0.8)), BALCONY_DEPTH_M + 0.2)
    return (x, pane.foot_m + float(rng.uniform(0.1, 0.8)) * (pane.head_m - pane.foot_m), 0.15)


def _is_seen(scene: Scene, thing: FallingObject) -> bool:
    """Whether its start is in the picture and enough of its way, before the ground and the end of the scene."""
    start = scene.camera.project(np.array(thing.position_m))
    if not ((start >= 4.0).all() and (start < np.array(scene.size) - 4.0).all()):
        return False
    # gusts and flutter change where it goes, hardly whether it is seen, and take long to work out
    thing = replace(thing, air=Air(thing.air.steady_mps), flutter=Flutter())
    times = thing.release_s + np.arange(0.0, min(6.0, scene.duration_s - thing.release_s), 0.1)
    if len(times) < 3:
        return False
    world = thing.states(times).positions_m[0]
    world = world[world[:, 1] > thing.diameter_m]
    pixels = scene.camera.project(world)
    shown = (pixels >= 4.0) & (pixels < np.array(scene.size) - 4.0)  # NaN, behind the camera, is not
    inside = np.asarray(shown[:, 0] & shown[:, 1], np.bool_)
    if len(pixels) < 3:
        return False
    return float(np.hypot(*np.ptp(pixels[inside], axis=0))) > _SEEN_PX * scene.size[1] / 720.0
