"""Towers of 16-30 floors before a 1080p camera, 25 frames a second, 20-60 m away; things of their own size fall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgecv.simulation import Scene
from edgecv.simulation.random_scene import checked
from edgecv.simulation.scene_builder import build_scene

STEEP_M, STEEP_DEG = 12.0, 75.0


def tower(seed: int, falls: int, seconds: float, names: Sequence[str] | None = None, **more: Any) -> Scene:
    """Return a scene of a seed; ``more`` are keys of the scene file."""
    rng = np.random.default_rng([seed, 16, 30])
    floors, away = int(rng.integers(16, 31)), float(rng.uniform(20.0, 60.0))
    random: dict[str, Any] = {"count": falls}
    if names is not None:
        random["names"] = list(names)
    description: dict[str, Any] = {
        "seed": seed,
        "size": [1920, 1080],
        "fps": 25.0,
        "duration_s": seconds,
        "facade": {"floors": floors},
        "camera": {"position": [round(float(rng.uniform(-6.0, 6.0)), 2), 1.6, round(away, 2)]},
        "objects": {"random": random},
    }
    return _scene(description | more, seed)


def steep_tower(seed: int, falls: int) -> Scene:
    """A camera 12 m from the wall that looks up 75°."""
    high_m = 1.6 + STEEP_M * float(np.tan(np.radians(STEEP_DEG)))
    description = {
        "seed": seed,
        "size": [1920, 1080],
        "fps": 25.0,
        "duration_s": 600.0,
        "facade": {"floors": 30, "balconies": []},
        "camera": {"position": [0.0, 1.6, STEEP_M], "look_at": [0.0, high_m, 0.0], "focal_px": 2200.0},
        "objects": {"random": {"count": falls}},
    }
    return _scene(description, seed)


def _scene(description: Mapping[str, Any], seed: int) -> Scene:
    name = f"tower-{seed}"
    return build_scene(checked(description, name), name, Path(), description)
