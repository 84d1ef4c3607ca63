"""The truth file: what moved in a video, where in every frame, and what it was."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from edgecv.simulation.drawing import Sighting
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES
from edgecv.simulation.object_renderer import RenderedObject
from edgecv.simulation.render import RenderedFrame
from edgecv.simulation.scene import Scene

Row = list[float]
_SHORTEST_TRACK = 3  # frames; what is seen less often has no path


class TruthRecorder:
    """Collects the truth of a scene while it is rendered."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._objects: list[list[tuple[Row, RenderedObject]]] = [[] for _ in scene.objects]
        self._mirrors: list[list[Row]] = [[] for _ in scene.objects]
        self._tracks: dict[tuple[str, int], list[Row]] = {}

    def add_frame(self, frame: RenderedFrame) -> None:
        """Add a frame."""
        for rendered, rows in zip(frame.objects, self._objects, strict=True):
            if rendered is not None:
                rows.append((_row(frame, rendered.place), rendered))
        for rendered, mirror in zip(frame.mirrors, self._mirrors, strict=True):
            if rendered is not None:
                mirror.append(_row(frame, rendered.place))
        for label, number, place in frame.tracks:
            self._tracks.setdefault((label, number), []).append(_row(frame, place))

    def json(self) -> str:
        """The file's text."""
        scene = self._scene
        events = [self._event(n) for n in range(len(scene.objects)) if self._objects[n]]
        tracks = [
            {"label": label, "frames": rows}
            for (label, _), rows in sorted(self._tracks.items())
            if len(rows) >= _SHORTEST_TRACK
        ]
        on = [name for name, values in scene.nuisances.items() if NUISANCES[name].complete(values)["strength"] > 0.0]
        truth = {
            "scene": scene.name,
            "seed": scene.seed,
            "size": list(scene.size),
            "fps": scene.fps,
            "duration_s": scene.duration_s,
            "conditions": list(scene.conditions),
            "nuisances": [NUISANCES[name].truth for name in NUISANCES if name in on],
            **_clock(scene),
            "events": events,
            "mirror_images": [{"frames": rows} for rows in self._mirrors if rows],
            "nuisance_tracks": tracks,
        }
        return json.dumps(truth) + "\n"

    def _event(self, n: int) -> dict[str, Any]:
        falling, rows = self._scene.objects[n], self._objects[n]
        return {
            "object": falling.name,
            "floor": falling.floor,
            "window": falling.window or None,
            "released_s": round(self._scene.media_s(falling.release_s), 4),
            "gone_s": rows[-1][0][1],
            "terminal_velocity_mps": round(falling.terminal_mps, 2),
            "mass_kg": falling.mass_kg,
            "release_m": [round(v, 3) for v in falling.position_m],
            "launch_mps": [round(float(v), 3) for v in falling.velocity_mps],
            "luma": round(falling.grey / 255.0, 3),
            "size_px": round(float(np.median([rendered.diameter_px for _, rendered in rows])), 2),
            "contrast": round(float(np.median([rendered.contrast for _, rendered in rows])), 1),
            "frames": [row for row, _ in rows],
        }


def _clock(scene: Scene) -> dict[str, float]:
    """How far the camera's clock is behind the scene's, where it is."""
    return {} if scene.clock_s == 0.0 else {"clock_s": round(scene.clock_s, 6), "drift_ppm": scene.drift_ppm}


def _row(frame: RenderedFrame, place: Sighting) -> Row:
    return [frame.index, round(frame.t_s, 4), *(round(v, 2) for v in (place.x, place.y, place.w, place.h))]
