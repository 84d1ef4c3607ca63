"""The demo's scene, rendered and replayed for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgecv.cli import main
from edgecv.geometry import looking_at
from edgecv.simulation.demo import DemoFiles, demo_scene, write_demo
from edgecv.simulation.scene import Scene


def quarter_demo() -> Scene:
    """The demo in a quarter of its pixels, with things twice as wide that fall as fast, so that they look the same.

    It takes a third of the time to render and to analyse; tests do both often.
    """
    whole = demo_scene()
    size = (whole.size[0] // 2, whole.size[1] // 2)
    return replace(
        whole,
        size=size,
        camera=looking_at((1.0, 1.6, 26.0), (0.0, 21.0, 0.0), whole.camera.focal_px / 2.0, size),
        objects=tuple(replace(one, diameter_m=2.0 * one.diameter_m) for one in whole.objects),
        birds=tuple(replace(bird, span_m=2.0 * bird.span_m) for bird in whole.birds),
    )


@dataclass(frozen=True)
class DemoRun:
    """A replay of the demo's scene."""

    files: DemoFiles
    out: Path
    incidents: list[dict[str, Any]]
    truth: list[dict[str, Any]]


def replayed(folder: Path, scene: Scene) -> DemoRun:
    """A scene before the demo's facade, rendered and replayed."""
    files = write_demo(folder / "scene", scene)
    out = folder / "out"
    assert main(["replay", str(files.video), "--config", str(files.box), "--out", str(out)]) == 0
    incidents = [json.loads(line) for line in (out / "incidents.jsonl").read_text().splitlines()]
    return DemoRun(files, out, incidents, json.loads(files.truth.read_text())["events"])
