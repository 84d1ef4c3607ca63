"""The scene's falling objects and their mirror images, drawn along precomputed paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import PinholeCamera
from edgecv.simulation.drawing import Sighting, blend, blend_share, smear
from edgecv.simulation.facade_picture import fill_mask, glass_of, outline
from edgecv.simulation.nuisances.layer import Canvas, in_picture, px_per_m
from edgecv.simulation.nuisances.nuisance_registry import NUISANCES
from edgecv.simulation.scene import FallingObject, Scene

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
_GRID_S = 0.004  # straight lines between these are off by g t²/8: 0.02 mm
_LONGEST_S = 40.0
"""Paper from the roof of a tower is on the ground by then."""
_VISIBLE = 0.02  # share of a pixel's light below which nothing can be seen of a mirror image


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """What was drawn of an object in a frame.

    Attributes:
        place: centre and extent with motion blur, pixels.
        diameter_px: without motion blur.
        contrast: grey of the object less the mean grey behind it, without blur; its magnitude.
    """

    place: Sighting
    diameter_px: float
    contrast: float


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """Path of an object from its release to the ground.

    Attributes:
        object: the object.
        times_s: ``(n,)`` media times.
        world_m: ``(n, 3)``.
    """

    object: FallingObject
    times_s: Float64
    world_m: Float64

    @classmethod
    def of(cls, falling: FallingObject, end_s: float, ground_m: float) -> Flight:
        """Integrate until the ground or the end of the scene."""
        last, duration = min(end_s - falling.release_s, _LONGEST_S), 4.0
        while True:
            since = np.arange(max(2, int(min(last, duration) / _GRID_S) + 2), dtype=np.float64) * _GRID_S
            world = falling.states(falling.release_s + since).positions_m[0]
            below = np.flatnonzero(world[:, 1] < ground_m + falling.diameter_m / 2.0)
            if len(below) or duration >= last:
                break
            duration *= 2.0  # most reach the ground early: only light objects are worth a long integration
        stop = max(2, int(below[0])) if len(below) else len(since)
        return cls(falling, falling.release_s + since[:stop], world[:stop])

    def at(self, times_s: Float64) -> Float64:
        """World positions ``(m, 3)`` at those of the times at which it is under way."""
        under_way = times_s[(times_s >= self.times_s[0]) & (times_s <= self.times_s[-1])]
        return np.stack([np.interp(under_way, self.times_s, axis) for axis in self.world_m.T], axis=1)


class ObjectRenderer:
    """All objects of a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        ground = float(scene.plan.floor_edges_m[0])
        self.flights = tuple(Flight.of(falling, scene.duration_s + 0.1, ground) for falling in scene.objects)
        self._glass: Float32 | None = None
        self._share = 0.0
        if "reflection" in scene.nuisances and scene.plan.windows:
            parameters = NUISANCES["reflection"].complete(scene.nuisances["reflection"])
            self._share = min(1.0, parameters["share"] * parameters["strength"])
            places = [(f, c) for f in range(1, scene.plan.floor_count + 1) for c in range(len(scene.plan.windows))]
            panes = [outline(scene.camera, glass_of(scene.plan, floor, column)) for floor, column in places]
            self._glass = fill_mask(scene.size, panes)

    def draw(self, canvas: Canvas) -> tuple[list[RenderedObject | None], list[RenderedObject | None]]:
        """Draw mirror images, then the objects before them; return both, one entry an object."""
        mirrors = [self._mirror(canvas, flight) if self._share > 0.0 else None for flight in self.flights]
        return [self._object(canvas, flight) for flight in self.flights], mirrors

    def _object(self, canvas: Canvas, flight: Flight) -> RenderedObject | None:
        return self._place(canvas, flight, 1.0, 1.0, None)

    def _mirror(self, canvas: Canvas, flight: Flight) -> RenderedObject | None:
        return self._place(canvas, flight, -1.0, self._share, self._glass)

    def _place(
        self, canvas: Canvas, flight: Flight, side: float, opacity: float, mask: Float32 | None
    ) -> RenderedObject | None:
        """Draw at Z (side 1) or at its mirror image -Z (side -1), where ``mask`` lets it be seen."""
        scene, falling = self._scene, flight.object
        half = scene.exposure_s / 2.0
        if canvas.t_s + half < flight.times_s[0] or canvas.t_s - half > flight.times_s[-1]:
            return None
        side_sign = np.array([1.0, 1.0, side])
        ends = flight.at(canvas.t_s + np.array([-half, 0.0, half])) * side_sign
        if len(ends) == 0:
            return None
        radii, angle, grey = appearance(falling, scene.camera, ends[0], canvas.t_s, scene.night)
        pixels = scene.camera.project(ends)
        if not np.isfinite(pixels).all():
            return None
        motion = float(np.hypot(*np.ptp(pixels, axis=0)))
        world = flight.at(canvas.instants(motion, float(radii.min()))) * side_sign
        patch = smear(scene.camera.project(world), radii, angle, canvas.size) if len(world) else None
        if patch is None:
            return None
        under = canvas.picture[patch.place]
        weight = float(patch.cover.sum())
        background_grey = float((under * patch.cover).sum()) / max(weight, 1e-9)
        if mask is None:
            blend(canvas.picture, patch, grey, opacity, canvas.gamma)
        else:
            share = opacity * patch.cover * mask[patch.place]
            if share.max(initial=0.0) < _VISIBLE:
                return None
            blend_share(under, share, grey, canvas.gamma)
        rendered = RenderedObject(
            patch.sighting, float(2.0 * np.sqrt(np.prod(radii))), abs(grey - background_grey) * opacity
        )
        return rendered if in_picture(rendered.place, canvas.size) else None


def appearance(
    falling: FallingObject, camera: PinholeCamera, world_m: Float64, t_s: float, night: bool
) -> tuple[Float64, float, float]:
    """Half axes in pixels, their angle and the grey of a tumbling object at an instant."""
    turn = 2.0 * np.pi * falling.spin_hz * (t_s - falling.release_s)
    # the long side turns out of the picture and back: it is never seen shorter than the short side
    foreshortened = 1.0 + (falling.aspect - 1.0) * (0.5 + 0.5 * np.cos(0.7 * turn))
    scale = float(px_per_m(camera, world_m))
    # the diameter is that of the area seen on the average of a turn
    short = falling.diameter_m / np.sqrt((1.0 + falling.aspect) / 2.0) / 2.0
    grey = falling.grey * (1.0 + falling.shade * np.sin(turn))
    if night:
        # the lamp's light falls off with the square of the distance, and the camera's gain brings most of it back
        grey *= 0.75
    return scale * short * np.array([foreshortened, 1.0]), float(turn), float(np.clip(grey, 3.0, 250.0))
