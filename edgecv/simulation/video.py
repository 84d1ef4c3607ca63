"""A scene as a video file with its truth beside it."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import VideoFrame

from edgecv.simulation.render import RenderedFrame, Sighting, render
from edgecv.simulation.scene import Scene


def write_scene(scene: Scene, video: Path, truth: Path) -> None:
    """Render a scene to H.264 in MP4, as a camera would compress it (no B frames), and its truth to JSON.

    The truth is ``{"events": [{"object", "floor", "window", "release_s", "terminal_velocity_mps", "mass_kg", "frames":
    [[frame, t_s, x, y, w, h], ...]}], "birds": [{"frames": ...}]}``, pixels and seconds.
    """
    objects: list[list[list[float]]] = [[] for _ in scene.objects]
    birds: list[list[list[float]]] = [[] for _ in scene.birds]
    with av.open(str(video), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=scene.fps)
        stream.width, stream.height = scene.size
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {"crf": str(scene.crf), "preset": "veryfast", "bf": "0", "g": str(2 * scene.fps)}
        stream.time_base = Fraction(1, scene.fps)
        for rendered in render(scene):
            frame = VideoFrame.from_ndarray(rendered.luma, format="gray").reformat(format="yuv420p")
            frame.pts = rendered.index
            container.mux(stream.encode(frame))
            _note(rendered, rendered.objects, objects)
            _note(rendered, rendered.birds, birds)
        container.mux(stream.encode(None))
    events: list[dict[str, Any]] = [
        {
            "object": thing.name,
            "floor": thing.floor,
            "window": thing.window,
            "release_s": thing.release_s,
            "terminal_velocity_mps": round(thing.terminal_mps, 2),
            "mass_kg": thing.mass_kg,
            "frames": frames,
        }
        for thing, frames in zip(scene.objects, objects, strict=True)
    ]
    truth.write_text(json.dumps({"events": events, "birds": [{"frames": frames} for frames in birds]}) + "\n")


def _note(rendered: RenderedFrame, sightings: tuple[Sighting | None, ...], into: list[list[list[float]]]) -> None:
    for sighting, frames in zip(sightings, into, strict=True):
        if sighting is not None:
            place = (sighting.x, sighting.y, sighting.w, sighting.h)
            frames.append([rendered.index, round(rendered.t_s, 4), *(round(v, 2) for v in place)])
