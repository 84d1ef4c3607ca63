"""The conditions that figures are asked for: the first third hidden, wind, bags, a steep mount, points a pixel off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from accuracy_study.figures import Measured, fitted
from accuracy_study.flights import flights
from accuracy_study.towers import steep_tower, tower
from accuracy_study.towers_replayed import Tower
from edgecv.geometry import PinholeCamera, solve_camera
from edgecv.simulation import Scene
from edgecv.simulation.site import control_points
from edgecv.tracking import Track

_HARD = ("stone", "brick", "full bottle", "egg", "fruit", "battery", "kitchen bag", "shoe", "clothes")
_CLICK_PX = 1.0
_WINDS = ([3.0, 0.0, 0.0], [-3.0, 0.0, 0.0], [3.0, 0.0, 0.0], [-3.0, 0.0, 0.0], [0.0, 0.0, 3.0], [0.0, 0.0, -3.0])


def as_seen(towers: list[Tower], baselines: bool = False) -> Iterator[Measured | None]:
    """Rendered towers as they are."""
    for it in towers:
        for case in it.cases:
            yield fitted(case.track, case.event, case.thing, it.camera, it.plan, case.scene, baselines, it.video)


def third_hidden(towers: list[Tower]) -> Iterator[Measured | None]:
    """Rendered towers, the first third of each path hidden."""
    for it in towers:
        for case in it.cases:
            yield fitted(_rest(case.track), case.event, case.thing, it.camera, it.plan, case.scene)


def clicked(towers: list[Tower], focal_known: bool) -> Iterator[Measured | None]:
    """Rendered towers, calibrated from eight points that are a pixel off."""
    for it in towers:
        camera = _clicked(it.scene, focal_known)
        for case in it.cases:
            yield fitted(case.track, case.event, case.thing, camera, it.plan, case.scene)


def paths(seeds: range, hidden: bool = False) -> Iterator[Measured | None]:
    """Paths without pictures."""
    for seed in seeds:
        scene = tower(seed, 20, 600.0)
        for track, event, thing in flights(scene):
            yield fitted(_rest(track) if hidden else track, event, thing, scene.camera, scene.plan, scene.name)


def windy(seeds: range) -> Iterator[Measured | None]:
    """Terminal velocities of 10 m/s or more in a wind of 3 m/s from either side, or from the wall or to it."""
    for seed in seeds:
        wind = _WINDS[seed % len(_WINDS)]
        scene = tower(seed, 20, 600.0, _HARD, wind={"steady": wind, "gust": 0.0})
        for track, event, thing in flights(scene):
            if thing.terminal_mps >= 10.0:
                yield fitted(track, event, thing, scene.camera, scene.plan, scene.name)


def bags(seeds: range) -> Iterator[Measured | None]:
    """Fluttering bags."""
    for seed in seeds:
        scene = tower(seed, 10, 600.0, ("plastic bag",))
        for track, event, thing in flights(scene):
            yield fitted(track, event, thing, scene.camera, scene.plan, scene.name)


def steep(seeds: range) -> Iterator[Measured | None]:
    """Things 1.5 m off the wall, seen from 12 m away at 75 degrees."""
    for seed in seeds:
        scene = steep_tower(seed, 20)
        moved = tuple(
            replace(o, position_m=(*o.position_m[:2], 1.5), velocity_mps=(o.velocity_mps[0], o.velocity_mps[1], 0.0))
            for o in scene.objects
        )
        for track, event, thing in flights(replace(scene, objects=moved)):
            yield fitted(track, event, thing, scene.camera, scene.plan, scene.name)


def _rest(track: Track) -> Track:
    points = track.points[len(track.points) // 3 :]
    return Track(points, len(points), track.picture_size_px, track.frame_interval_s)


def _clicked(scene: Scene, focal_known: bool) -> PinholeCamera:
    listed = control_points(scene)
    pixels = np.array([mark["pixel"] for mark in listed], np.float64)
    facade = np.array([mark["facade"] for mark in listed], np.float64)
    pixels += np.random.default_rng([scene.seed, 8]).normal(0.0, _CLICK_PX, pixels.shape)
    focal = float(scene.camera.focal_px) if focal_known else None
    return solve_camera(scene.size, pixels, facade, tuple(scene.camera.distortion), focal).camera
