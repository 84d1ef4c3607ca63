"""The box file and the calibration that fit a simulated scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from edgecv.simulation.facade_picture import BALCONY_DEPTH_M
from edgecv.simulation.scene import Scene


@dataclass(frozen=True, slots=True)
class BoxCamera:
    """A camera of a box.

    Attributes:
        scene: as it takes it.
        camera_id: its name in the box file.
        video: the file's name.
        calibration: where its calibration goes.
    """

    scene: Scene
    camera_id: str
    video: str
    calibration: Path


def write_box(
    scene: Scene, video: str, box: Path, calibration: Path, camera_id: str, partners: Sequence[BoxCamera] = ()
) -> None:
    """Write both files; the calibration's points are floor lines at the outermost windows that the camera sees.

    A scene before a picture or a video of its own gets a box without a facade: its floors are not those of the scene.

    Args:
        scene: of the first camera.
        video: the file's name.
        box: where the box file goes.
        calibration: where its calibration goes.
        camera_id: its name in the box file.
        partners: further cameras before the same scene.
    """
    cameras = [_camera(each) for each in (BoxCamera(scene, camera_id, video, calibration), *partners)]
    settings: dict[str, Any] = {"site": "simulated"}
    if any("facade" in camera for camera in cameras):
        settings["facades"] = {"front": _facade(scene)}
    names = (camera_id, *(partner.camera_id for partner in partners))
    settings["cameras"] = dict(zip(names, cameras, strict=True))
    box.write_text(yaml.safe_dump(settings, sort_keys=False))


def _camera(box_camera: BoxCamera) -> dict[str, Any]:
    """A camera's section; its calibration is written."""
    scene, calibration = box_camera.scene, box_camera.calibration
    points = [] if scene.background is not None else control_points(scene)
    if not points:
        return {"source": box_camera.video}
    calibration_data: dict[str, Any] = {"image_size": list(scene.size), "points": points}
    if np.any(scene.camera.distortion):
        calibration_data["distortion"] = [float(v) for v in scene.camera.distortion]
    calibration_data["focal_px"] = round(float(scene.camera.focal_px), 2)
    calibration.write_text(yaml.safe_dump(calibration_data, sort_keys=False))
    return {"source": box_camera.video, "facade": "front", "calibration": calibration.name}


def _facade(scene: Scene) -> dict[str, Any]:
    heights = np.diff(scene.plan.floor_edges_m)
    return {
        "floors": [
            {"name": name, "height": round(float(h), 3)}
            for name, h in zip(scene.plan.floor_names, heights, strict=True)
        ],
        "ground": float(scene.plan.floor_edges_m[0]),
        "windows": [_window(scene, n) for n in range(len(scene.plan.windows))],
    }


def _window(scene: Scene, column: int) -> dict[str, Any]:
    window = scene.plan.windows[column]
    listed: dict[str, Any] = {
        "name": window.name,
        "left": round(window.left_m, 3),
        "right": round(window.right_m, 3),
    }
    if column in scene.balconies:
        listed["balcony"] = BALCONY_DEPTH_M
    return listed


def control_points(scene: Scene) -> list[dict[str, list[float]]]:
    """Points of the facade inside the picture, as a person would mark them: at most eight, well spread."""
    xs = [edge for window in scene.plan.windows for edge in (window.left_m, window.right_m)]
    spots = [(x, float(y)) for y in scene.plan.floor_edges_m for x in xs]
    pixels = scene.camera.project(np.array([[x, y, 0.0] for x, y in spots]))
    inside = [n for n, (u, v) in enumerate(pixels) if 0 <= u < scene.size[0] and 0 <= v < scene.size[1]]
    if len(inside) < 4:
        return []
    selected: list[int] = []
    for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1), (1, 0.1), (-1, 0.1), (0.1, 1), (0.1, -1)):
        best = max(inside, key=lambda n: a * pixels[n][0] + b * pixels[n][1])
        if best not in selected:
            selected.append(best)
    if len({spots[n][0] for n in selected}) < 2 or len({spots[n][1] for n in selected}) < 2 or len(selected) < 4:
        return []
    return [
        {"pixel": [round(float(v), 1) for v in pixels[n]], "facade": [round(spots[n][0], 3), round(spots[n][1], 3)]}
        for n in selected
    ]
