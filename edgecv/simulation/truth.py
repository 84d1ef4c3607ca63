"""The truth file: what moved in a video, where in every frame, and what it was."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from edgecv.simulation.drawing import Sighting
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES
from edgecv.simulation.object_renderer import Drawn
from edgecv.simulation.render import RenderedFrame
from edgecv.simulation.scene import Scene

Row = list[float]
_SHORTEST_TRACK = 3  # frames; what is seen less often has no path


class TruthBook:
    """Collects the truth of a scene while it is rendered."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._objects: list[list[tuple[Row, Drawn]]] = [[] for _ in scene.objects]
        self._mirrors: list[list[Row]] = [[] for _ in scene.objects]
        self._tracks: dict[tuple[str, int], list[Row]] = {}

    def note(self, frame: RenderedFrame) -> None:
        """Add a frame."""
        for drawn, rows in zip(frame.objects, self._objects, strict=True):
            if drawn is not None:
                rows.append((_row(frame, drawn.place), drawn))
        for drawn, mirror in zip(frame.mirrors, self._mirrors, strict=True):
            if drawn is not None:
                mirror.append(_row(frame, drawn.place))
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
        on = [name for name, given in scene.nuisances.items() if NUISANCES[name].complete(given)["strength"] > 0.0]
        truth = {
            "scene": scene.name,
            "seed": scene.seed,
            "size": list(scene.size),
            "fps": scene.fps,
            "duration_s": scene.duration_s,
            "conditions": list(scene.conditions),
            "nuisances": [NUISANCES[name].truth for name in NUISANCES if name in on],
            "events": events,
            "mirror_images": [{"frames": rows} for rows in self._mirrors if rows],
            "nuisance_tracks": tracks,
        }
        return json.dumps(truth) + "\n"

    def _event(self, n: int) -> dict[str, Any]:
        thing, seen = self._scene.objects[n], self._objects[n]
        return {
            "object": thing.name,
            "floor": thing.floor,
            "window": thing.window or None,
            "released_s": round(thing.release_s, 4),
            "gone_s": seen[-1][0][1],
            "terminal_velocity_mps": round(thing.terminal_mps, 2),
            "mass_kg": thing.mass_kg,
            "size_px": round(float(np.median([drawn.diameter_px for _, drawn in seen])), 2),
            "contrast": round(float(np.median([drawn.contrast for _, drawn in seen])), 1),
            "frames": [row for row, _ in seen],
        }


def _row(frame: RenderedFrame, place: Sighting) -> Row:
    return [frame.index, round(frame.t_s, 4), *(round(v, 2) for v in (place.x, place.y, place.w, place.h))]
