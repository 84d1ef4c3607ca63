"""Frames of a scene, one after the other, with the truth of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.simulation.background import Background
from edgecv.simulation.drawing import Sighting
from edgecv.simulation.nuisances.animals import draw_bird
from edgecv.simulation.nuisances.layer import Canvas, Layer, in_picture
from edgecv.simulation.nuisances.motion import Shake
from edgecv.simulation.nuisances.nuisance_registry import AIR, CAMERA, NUISANCES, WALL
from edgecv.simulation.nuisances.overlay import Clock
from edgecv.simulation.nuisances.plants import Trees
from edgecv.simulation.object_renderer import ObjectRenderer, RenderedObject
from edgecv.simulation.scene import Scene
from edgecv.simulation.sensor import Sensor
from edgecv.simulation.timing import Instant, instants

_SETTLED_S = 2.0
"""Within this a camera's temporal filter forgets how it began."""
_FIRST_SCENE_BIRD = 1_000_000  # numbers of the scene's own birds, apart from those of the nuisance


@dataclass(frozen=True, slots=True, eq=False)
class RenderedFrame:
    """A frame and what is in it.

    Attributes:
        index: number of the frame in the file.
        t_s: media time at which the file says it was taken.
        luma: ``(h, w) uint8``.
        objects: what was drawn of each of the scene's objects, None where it is not in the picture or hidden.
        mirrors: the same of its mirror image in the panes.
        tracks: label, number and place of every nuisance that moves.
    """

    index: int
    t_s: float
    luma: NDArray[np.uint8]
    objects: tuple[RenderedObject | None, ...]
    mirrors: tuple[RenderedObject | None, ...]
    tracks: tuple[tuple[str, int, Sighting], ...]


def render(scene: Scene, start_s: float = 0.0, end_s: float = float("inf")) -> Iterator[RenderedFrame]:
    """Yield the frames of a scene from one instant to before another; the same scene gives the same frames."""
    renderer = _Renderer(scene)
    last: RenderedFrame | None = None
    # a temporal filter remembers what was before the part
    lead_s = _SETTLED_S if scene.processing.noise_reduction > 0.0 else 0.0
    for index, instant in enumerate(instants(scene)):
        if not start_s - lead_s <= instant.t_s < end_s:
            continue
        if instant.repeated and last is not None:
            last = RenderedFrame(index, instant.t_s, last.luma, last.objects, last.mirrors, last.tracks)
        else:
            last = renderer.frame(index, instant)
        if instant.t_s >= start_s:
            yield last


class _Renderer:
    """Everything that stays the same from frame to frame."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._background = Background(scene)
        self._objects = ObjectRenderer(scene)
        self._sensor = Sensor(scene)
        self._layers: list[tuple[int, Layer]] = []
        parameters = {name: NUISANCES[name].complete(values) for name, values in scene.nuisances.items()}
        for name, nuisance in NUISANCES.items():
            if nuisance.make is not None and parameters.get(name, {}).get("strength", 0.0) > 0.0:
                self._layers.append((nuisance.level, nuisance.make(scene, parameters[name])))
        self._trees = [layer for _, layer in self._layers if isinstance(layer, Trees)]
        self._shakes = [layer for _, layer in self._layers if isinstance(layer, Shake)]
        has_clock = parameters.get("clock", {}).get("strength", 0.0) > 0.0
        self._clock = Clock.sample(scene, parameters["clock"]) if has_clock else None

    def frame(self, index: int, instant: Instant) -> RenderedFrame:
        """Draw one frame."""
        scene = self._scene
        scene_s = scene.scene_s(instant.t_s)
        canvas = Canvas(self._background.at(scene_s), scene_s, scene.exposure_s, scene.processing.gamma)
        self._draw(canvas, WALL, WALL)
        objects, mirrors = self._objects.draw(canvas)
        self._draw(canvas, AIR, AIR)
        for number, bird in enumerate(scene.birds):
            draw_bird(canvas, scene, bird, _FIRST_SCENE_BIRD + number)
        self._draw(canvas, AIR + 1, CAMERA)
        shift = self._shakes[0].shift(scene_s) if self._shakes else (0.0, 0.0)
        luma = self._sensor.read(canvas.picture, index)
        if self._clock is not None:
            self._clock.write(luma, instant.t_s)
        return RenderedFrame(
            index,
            instant.t_s,
            luma,
            tuple(self._visible(rendered, shift) for rendered in objects),
            tuple(self._visible(rendered, shift) for rendered in mirrors),
            tuple((label, number, _moved(place, shift)) for label, number, place in canvas.tracks),
        )

    def _draw(self, canvas: Canvas, first: int, last: int) -> None:
        for level, layer in self._layers:
            if first <= level <= last:
                layer.draw(canvas)

    def _visible(self, rendered: RenderedObject | None, shift: tuple[float, float]) -> RenderedObject | None:
        """Truth of what can be seen: not behind a tree, and in the picture after the camera has moved."""
        if rendered is None or any(tree.hides(rendered.place.x, rendered.place.y) for tree in self._trees):
            return None
        moved = RenderedObject(_moved(rendered.place, shift), rendered.diameter_px, rendered.contrast)
        return moved if in_picture(moved.place, self._scene.size) else None


def _moved(place: Sighting, shift: tuple[float, float]) -> Sighting:
    return Sighting(place.x + shift[0], place.y + shift[1], place.w, place.h)
