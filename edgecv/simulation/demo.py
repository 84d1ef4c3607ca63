"""The demo's scene: a facade of twelve floors, three falls of different mass, one bird that dives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from edgecv.geometry import FacadePlan, looking_at
from edgecv.simulation.scene import Bird, FallingObject, Scene
from edgecv.simulation.video import write_video

CAMERA_ID = "demo-1"
_FLOORS, _FLOOR_M = 12, 3.0
"""An ordinary residential block."""


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where the demo's files are."""

    video: Path
    box: Path
    truth: Path
    camera_id: str


def demo_scene() -> Scene:
    """Return the scene: 1280x720 at 25 frames a second, seen from 26 m away, looking up 37 degrees."""
    size = (1280, 720)
    windows = [(f"{n + 1:02d}", -10.6 + 3.6 * n, -8.8 + 3.6 * n) for n in range(6)]
    plan = FacadePlan.of([_FLOOR_M] * _FLOORS, windows)
    camera = looking_at((1.0, 1.6, 26.0), (0.0, 21.0, 0.0), 800.0, size)

    def leaves(floor: int, window: int) -> tuple[float, float, float]:
        name, left, right = windows[window]
        del name
        return ((left + right) / 2.0, (floor - 1) * _FLOOR_M + 1.6, 0.2)

    objects = (
        FallingObject("crumpled paper bag", 0.012, 0.0040, 0.12, 250.0, 9, "02", leaves(9, 1), (0.5, 0.6, 1.2), 2.0),
        FallingObject("bundled T-shirt", 0.15, 0.0170, 0.20, 235.0, 10, "05", leaves(10, 4), (-0.6, 0.3, 1.5), 6.2),
        FallingObject("full water bottle", 0.52, 0.0055, 0.14, 15.0, 11, "03", leaves(11, 2), (0.8, 0.5, 1.0), 10.2),
    )
    bird = Bird(
        ((-14.0, 30.0, 9.0), (-7.0, 30.5, 8.0), (0.0, 26.0, 7.0), (6.0, 21.0, 7.0), (13.0, 24.0, 8.0)), 3.0, 7.5
    )
    return Scene(size, 25, 13.5, 7, camera, plan, objects, (bird,))


def write_demo(folder: Path, scene: Scene | None = None) -> DemoFiles:
    """Render the demo, or another scene before its facade, into a folder, with box file and calibration that fit."""
    folder.mkdir(parents=True, exist_ok=True)
    scene = scene or demo_scene()
    files = DemoFiles(folder / "demo.mp4", folder / "box.yaml", folder / "truth.json", CAMERA_ID)
    write_video(scene, files.video, files.truth)
    control_points = [(x, y) for y in (12.0, 18.0, 24.0, 33.0) for x in (-8.8, 9.2)]
    pixels = scene.camera.project(np.array([[x, y, 0.0] for x, y in control_points]))
    points = [
        {"pixel": [round(float(u), 1), round(float(v), 1)], "facade": [x, y]}
        for (u, v), (x, y) in zip(pixels, control_points, strict=True)
    ]
    calibration = {"image_size": list(scene.size), "points": points}
    (folder / "calibration.yaml").write_text(yaml.safe_dump(calibration, sort_keys=False))
    box = {
        "site": "demo",
        "facades": {
            "front": {
                "floors": _FLOORS,
                "floor_height": _FLOOR_M,
                "windows": [
                    {"name": w.name, "left": round(w.left_m, 3), "right": round(w.right_m, 3)}
                    for w in scene.plan.windows
                ],
            }
        },
        "cameras": {CAMERA_ID: {"source": "demo.mp4", "facade": "front", "calibration": "calibration.yaml"}},
    }
    files.box.write_text(yaml.safe_dump(box, sort_keys=False))
    return files
