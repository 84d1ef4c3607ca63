"""From a scene file to a scene: what was left out is sampled, each part from its own generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgecv.errors import ConfigError
from edgecv.geometry import FacadePlan, PinholeCamera, looking_at
from edgecv.simulation.fall_trajectory import Air
from edgecv.simulation.objects import explicit_objects, random_objects
from edgecv.simulation.scene import Codec, Partner, Processing, Scene, Timing, low_kbps, named_rng
from edgecv.simulation.settings import NUISANCE_NAMES, PartnerSettings, SceneFile, load_scene_file


def load_scene(path: Path) -> Scene:
    """Read a scene file; the scene is named after it.

    Raises:
        ConfigError: one line for everything that is wrong.
    """
    settings = load_scene_file(path)
    try:
        return build_scene(settings, path.name.removesuffix(".yaml").removesuffix(".yml"), path.parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def build_scene(settings: SceneFile, name: str, folder: Path, description: Mapping[str, Any] | None = None) -> Scene:
    """Sample what a scene file leaves out.

    Args:
        settings: the checked file.
        name: of the scene and its files.
        folder: against which the background's path is read.
        description: what the scene is to be written down as.

    Raises:
        ConfigError: a window or floor that the building does not have.
    """
    size = (int(settings.size[0]), int(settings.size[1]))
    seed = int(settings.seed)
    camera, plan, balconies = _view(settings, size)
    night = settings.condition == "night"
    rng = named_rng(seed, "scene")
    exposure_s = float(rng.uniform(1 / 60, 1 / 30) if night else 10 ** rng.uniform(-3.0, -2.1))
    noise_sd = float(rng.uniform(3.0, 4.5) if night else rng.uniform(2.0, 3.5))
    scene = Scene(
        size,
        float(settings.fps),
        float(settings.duration_s),
        seed,
        camera,
        plan,
        exposure_s=min(exposure_s, 0.9 / settings.fps) if settings.exposure_s is None else settings.exposure_s,
        noise_sd=noise_sd if settings.noise is None else settings.noise,
        codec=_codec(settings, size),
        name=name,
        night=night,
        timing=Timing(**settings.timing.model_dump()),
        nuisances=_nuisances(settings),
        balconies=balconies,
        background=None if settings.background is None else folder / settings.background,
        air=_air(settings),
        processing=Processing(**settings.processing.model_dump()),
        panes=settings.facade.panes,
        description=description,
        partners=tuple(_partner(partner, camera, settings, size) for partner in settings.partners),
    )
    if isinstance(settings.objects, tuple):
        return replace(scene, objects=explicit_objects(scene, settings.objects))
    return replace(scene, objects=random_objects(scene, settings.objects.random))


def _partner(partner: PartnerSettings, first: PinholeCamera, settings: SceneFile, size: tuple[int, int]) -> Partner:
    """A further camera; what is left out is as of the first one."""
    target = partner.look_at or settings.camera.look_at
    if target is None:
        # where the first one's optical axis meets the facade
        x, y = first.on_facade(np.array(first.center_px))
        target = (float(x), float(y), 0.0)
    distances = [np.linalg.norm(np.array(target) - position) for position in (first.position_m, partner.position)]
    focal = partner.focal_px or float(first.focal_px * distances[1] / distances[0])
    return Partner(looking_at(partner.position, target, focal, size), partner.clock_s, partner.drift_ppm)


def _codec(settings: SceneFile, size: tuple[int, int]) -> Codec:
    """The codec; where neither rate nor quality is given, five times a low rate, as cameras are set up."""
    values = settings.codec
    kbps, crf = values.kbps, values.crf
    if kbps is None and crf is None:
        kbps = 5 * low_kbps(size)
    return Codec(values.name, kbps, 23 if crf is None else crf, values.preset, values.gop_s)


def _nuisances(settings: SceneFile) -> dict[str, dict[str, float]]:
    values = ((name, getattr(settings.nuisances, name)) for name in NUISANCE_NAMES)
    return {name: section.model_dump() for name, section in values if section is not None and section.strength > 0}


def _air(settings: SceneFile) -> Air:
    rng = named_rng(int(settings.seed), "wind")
    speed, heading = float(rng.gamma(2.0, 0.8)), float(rng.uniform(0.0, 2.0 * np.pi))
    steady = settings.wind.steady or (speed * np.cos(heading), 0.0, 0.4 * speed * np.sin(heading))
    gust = float(rng.uniform(0.2, 0.6)) * speed if settings.wind.gust is None else settings.wind.gust
    return Air(steady, gust, float(rng.uniform(0.0, 6.3)))


def _view(settings: SceneFile, size: tuple[int, int]) -> tuple[PinholeCamera, FacadePlan, tuple[int, ...]]:
    """Camera and building that go together: the building fills the picture."""
    rng = named_rng(int(settings.seed), "view")
    floors = settings.facade.floors or int(rng.integers(10, 21))
    floor_m = float(settings.facade.floor_height)
    top_m = floors * floor_m
    camera = settings.camera
    away = float(rng.uniform(10.0, 26.0))
    position = camera.position or (float(rng.uniform(-4.0, 4.0)), 1.6, away)
    # the picture spans from some floor to some higher one; a tower's uppermost floors may be cut off
    low_m = float(rng.uniform(0.0, 0.3)) * top_m
    high_m = min(top_m + 1.5, low_m + float(rng.uniform(0.35, 0.75)) * top_m)
    low, high = (float(np.arctan2(y - position[1], position[2])) for y in (low_m, high_m))
    middle_m = position[1] + position[2] * float(np.tan((low + high) / 2.0))
    target = camera.look_at or (float(rng.uniform(-2.0, 2.0)), middle_m, 0.0)
    focal = camera.focal_px or float(
        np.clip(size[1] / 2.0 / np.tan(max(0.1, (high - low) / 2.0)), 0.5 * size[0], 1.6 * size[0])
    )
    bend = float(rng.uniform(-0.08, 0.02))
    distortion = camera.distortion or (bend, 0.3 * bend * bend, 0.0, 0.0, 0.0)
    visible = looking_at(position, target, focal, size, distortion)
    plan = _plan(settings, visible, size, floors, floor_m, rng)
    return visible, plan, _balconies(settings, plan, rng)


def _plan(
    settings: SceneFile,
    camera: PinholeCamera,
    size: tuple[int, int],
    floors: int,
    floor_m: float,
    rng: np.random.Generator,
) -> FacadePlan:
    listed = settings.facade.windows
    if isinstance(listed, tuple):
        spans = [(w.name, float(w.left), float(w.right)) for w in listed]
        return FacadePlan.of([floor_m] * floors, spans)
    pitch = float(rng.uniform(2.9, 4.0))
    width = float(rng.uniform(0.42, 0.55)) * pitch
    middle = float(camera.position_m[0])
    count = listed
    if count is None:
        # as wide as the picture is at the height of its middle row, and a little more or less
        row = camera.on_facade(np.array([[0.0, 0.45 * size[1]], [size[0] - 1.0, 0.45 * size[1]]]))
        span = float(row[1, 0] - row[0, 0]) if np.isfinite(row).all() else 24.0
        count = int(np.clip(span * rng.uniform(0.7, 1.15) / pitch, 3, 24))
        middle = float(row[:, 0].mean()) if np.isfinite(row).all() else middle
    lefts = [middle + (n - (count - 1) / 2.0) * pitch - width / 2.0 for n in range(count)]
    windows = [(f"{n + 1:02d}", round(x, 3), round(x + width, 3)) for n, x in enumerate(lefts)]
    return FacadePlan.of([floor_m] * floors, windows)


def _balconies(settings: SceneFile, plan: FacadePlan, rng: np.random.Generator) -> tuple[int, ...]:
    names = [window.name for window in plan.windows]
    share = float(rng.choice((0.0, 0.2, 0.35)))
    sampled = tuple(n for n in range(len(names)) if rng.random() < share)
    if settings.facade.balconies is None:
        return sampled
    for name in settings.facade.balconies:
        if name not in names:
            raise ConfigError(f"facade.balconies: there is no window column '{name}'; columns are {', '.join(names)}")
    return tuple(names.index(name) for name in settings.facade.balconies)
