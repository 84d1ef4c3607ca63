"""Scenes that the nuisance model is trained and tested on: random, with more animals, leaves and water than usual."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edgecv.simulation import Scene, random_scene, write_scene

SECONDS = 12.0
_OBJECTS = 6
_SIZES = ((960, 540), (1280, 720))
_MENU: tuple[Mapping[str, float] | None, ...] = (
    None,
    {"birds": 2.0, "bird_flights": 3.0, "insects": 2.0, "near_insects": 2.0},
    {"leaves": 4.0, "drips": 2.0, "birds": 1.0},
    {"trees": 1.2, "insects": 3.0, "people": 1.5},
    {"laundry": 1.5, "curtains": 1.2, "people": 2.0, "lights": 2.0},
    {"drips": 3.0, "insects": 2.0, "reflection": 1.0},
    {"bird_flights": 3.0, "leaves": 3.0, "exposure_steps": 1.0},
)
"""Strengths of what moves; None for a random handful. Weather and camera come by chance on top."""
_CONDITIONS = ("rain", "snow", "shake", "flicker", "clouds", "low_bitrate", "vfr", "repeated", "half_rate")


def training_scene(seed: int) -> Scene:
    """Return the scene of a seed: what moves in it changes from one seed to the next, everything else is by chance."""
    rng = np.random.default_rng([seed, 20])
    nuisances = _MENU[seed % len(_MENU)]
    conditions = ["night" if rng.random() < 0.3 else "day"]
    # one condition in three scenes: most falls are seen in fair weather, and rain hides what else is to be learnt
    if rng.random() < 0.33:
        conditions.append(str(rng.choice(_CONDITIONS)))
    return random_scene(
        seed,
        conditions=None if nuisances is None else conditions,
        nuisances=nuisances,
        objects=_OBJECTS,
        size=_SIZES[int(rng.random() < 0.4)],
        duration_s=SECONDS,
        codec={"preset": "ultrafast"},
        name=f"scene-{seed}",
    )


def test_scene(seed: int) -> Scene:
    """Return what ``edgecv simulate --random 1 --seed SEED`` makes."""
    return random_scene(seed, conditions=None, nuisances=None, duration_s=20.0)


def rendered(scene: Scene, work: Path) -> Path:
    """Return the video of a scene in ``work``, rendered unless it is there already."""
    work.mkdir(parents=True, exist_ok=True)
    done = work / f"{scene.name}.done"
    if not done.exists():
        write_scene(scene, work)
        done.touch()
    return work / f"{scene.name}.mp4"
