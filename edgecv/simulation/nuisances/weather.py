"""Rain and snow: drops and flakes of their true size and speed, most of them too small to see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.simulation.drawing import Sighting, blend_streaks
from edgecv.simulation.nuisances.layer import Canvas, Float64
from edgecv.simulation.scene import Parameters, Scene

_APERTURE_M = 0.002
"""Of a 4 mm lens at f/2: near drops are out of focus by this size at their distance."""
_LABELLED = 0.05  # opacity from which a streak stands out of the noise and is worth a label


@dataclass(frozen=True, slots=True, eq=False)
class Precipitation:
    """Particles that leave the picture on one side and come in on the other, at another place.

    Attributes:
        scene: the scene.
        place: ``(n, 2)`` at time zero, as shares of the picture with its margins.
        depth_m: ``(n,)``.
        diameter_m: ``(n,)``.
        fall_mps: ``(n,)``.
        wobble: ``(n, 3)`` amplitude in metres, swings a second, phase.
        grey: luma.
        gain: of the opacity; what a drop refracts is brighter than its share of the pixel.
        splashes: a frame.
    """

    scene: Scene
    place: Float64
    depth_m: Float64
    diameter_m: Float64
    fall_mps: Float64
    wobble: Float64
    grey: float
    gain: float
    splashes: int

    @classmethod
    def rain(cls, scene: Scene, parameters: Parameters) -> Precipitation:
        """Drops of 1-4 mm; terminal velocity ``9.65 - 10.3 exp(-0.6 D/mm)`` (Atlas, Srivastava & Sekhon 1973)."""
        rng = scene.rng("rain")
        count = round(parameters["drops"] * parameters["strength"])
        diameter = 0.001 * np.clip(rng.exponential(0.8, count) + 0.9, 0.9, 4.5)
        depth = 0.35 + 4.0 * rng.random(count) ** 0.6
        fall = 9.65 - 10.3 * np.exp(-600.0 * diameter)
        return cls(
            scene, rng.random((count, 2)), depth, diameter, fall, np.zeros((count, 3)),
            255.0 if scene.night else 225.0, 5.0 if scene.night else 2.5, round(6 * parameters["strength"]),
        )  # fmt: skip

    @classmethod
    def snow(cls, scene: Scene, parameters: Parameters) -> Precipitation:
        """Flakes of 3-12 mm that sink at 0.8-1.8 m/s and swing."""
        rng = scene.rng("snow")
        count = round(parameters["flakes"] * parameters["strength"])
        depth = 0.6 + 9.0 * rng.random(count) ** 0.6
        wobble = np.stack([rng.uniform(0.02, 0.12, count), rng.uniform(0.4, 1.5, count), rng.uniform(0, 6.3, count)], 1)
        return cls(
            scene, rng.random((count, 2)), depth, rng.uniform(0.003, 0.012, count), rng.uniform(0.8, 1.8, count),
            wobble, 245.0 if scene.night else 235.0, 1.0, 0,
        )  # fmt: skip

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        if len(self.place) == 0:
            return
        middle, turn = self._at(canvas.t_s)
        earlier, _ = self._at(canvas.t_s - 0.004, turn)
        motion = (middle - earlier) / 0.004 * canvas.exposure_s
        px_a_m = self.scene.camera.focal_px / self.depth_m
        size, blur = px_a_m * self.diameter_m, px_a_m * _APERTURE_M * 0.6
        width = np.maximum(1.0, np.hypot(size, blur))
        length = np.hypot(*motion.T)
        opacity = np.minimum(0.85, self.gain * size * size / (width * (width + length)))
        ends = np.concatenate([middle - motion / 2.0, middle + motion / 2.0], axis=1)
        visible = opacity > 0.012
        blend_streaks(canvas.picture, ends[visible], width[visible], opacity[visible], self.grey, canvas.gamma)
        for n in np.flatnonzero(opacity > _LABELLED):
            extent = np.abs(motion[n]) + width[n]
            place = Sighting(float(middle[n, 0]), float(middle[n, 1]), float(extent[0]), float(extent[1]))
            canvas.note("rain_snow", int(n) * 100_000 + int(turn[n]), place)
        self._splash(canvas)

    def _at(self, t_s: float, turn: Float64 | None = None) -> tuple[Float64, Float64]:
        """Pixels ``(n, 2)`` and how often each has gone round; with ``turn`` given, on that round."""
        camera, size = self.scene.camera, np.array(self.scene.size, np.float64)
        air = self.scene.air.drift(np.array(t_s))
        way = np.broadcast_to(air, (len(self.place), 3)).copy()
        way[:, 1] -= self.fall_mps * t_s
        way[:, 0] += self.wobble[:, 0] * np.sin(2.0 * np.pi * self.wobble[:, 1] * t_s + self.wobble[:, 2])
        moved = (way @ camera.rotation[:2].T) * (camera.focal_px / self.depth_m)[:, None]
        span = 1.3 * size
        along = self.place + moved / span
        rounds = np.floor(along[:, 1]) if turn is None else turn
        # another place across on every round, or the same streak would come down the same way for ever
        across = np.mod(along[:, 0] - (np.floor(along[:, 0]) if turn is None else 0.0) + 0.618 * rounds, 1.0)
        if turn is not None:
            across = np.mod(along[:, 0] + 0.618 * rounds, 1.0)
        down = along[:, 1] - rounds
        return np.stack([across, down], axis=1) * span - 0.15 * size, rounds

    def _splash(self, canvas: Canvas) -> None:
        if self.splashes == 0:
            return
        rng = self.scene.rng("splashes", round(canvas.t_s * 1000.0) & 0xFFFFFFFF)
        count = int(rng.poisson(self.splashes))
        at = rng.random((count, 2)) * self.scene.size
        ends = np.concatenate([at, at + rng.uniform(-2.0, 2.0, (count, 2))], axis=1)
        blend_streaks(
            canvas.picture, ends, rng.uniform(1.0, 2.5, count), rng.uniform(0.05, 0.25, count), self.grey, canvas.gamma
        )
