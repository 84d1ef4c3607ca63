"""The camera moves: it trembles, sways in the wind and is bumped."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgecv.simulation.nuisances.layer import Canvas, Float64, arrivals
from edgecv.simulation.scene import Parameters, Scene


@dataclass(frozen=True, slots=True, eq=False)
class Shake:
    """A shift of the whole picture that changes with time."""

    tremble_px: float
    sway_px: float
    rates_hz: Float64  # (2, 2): tremble x, y; sway x, y
    phases: Float64
    bumps: tuple[tuple[float, float, float], ...]  # start, x, y

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Shake:
        """Amplitudes at strength 1 in pixels of the picture; one bump every ``bump_every_s``."""
        rng = scene.rng("shake")
        strength = parameters["strength"]
        bumps = tuple(
            (t, *(float(v) for v in rng.uniform(-1.0, 1.0, 2) * parameters["bump_px"] * strength))
            for t in arrivals(rng, parameters["bump_every_s"], scene.duration_s)
        )
        rates = np.stack([rng.uniform(6.0, 14.0, 2), rng.uniform(0.15, 0.7, 2)])
        return cls(
            parameters["tremble_px"] * strength, parameters["sway_px"] * strength, rates,
            rng.uniform(0.0, 6.3, (2, 2)), bumps,  # type: ignore[arg-type]
        )  # fmt: skip

    def shift(self, t_s: float) -> tuple[float, float]:
        """How far the picture has moved right and down, pixels."""
        wave = np.sin(2.0 * np.pi * self.rates_hz * t_s + self.phases)
        x, y = self.tremble_px * wave[0] + self.sway_px * wave[1]
        for start_s, bump_x, bump_y in self.bumps:
            since = t_s - start_s
            if 0.0 <= since < 1.5:
                ring = np.exp(-since / 0.25) * np.cos(2.0 * np.pi * 5.0 * since)
                x, y = x + bump_x * ring, y + bump_y * ring
        return float(x), float(y)

    def draw(self, canvas: Canvas) -> None:
        """Move the picture; the renderer moves what has been noted in it."""
        x, y = self.shift(canvas.t_s)
        matrix = np.array([[1.0, 0.0, x], [0.0, 1.0, y]])
        canvas.picture = cv2.warpAffine(  # type: ignore[assignment]
            canvas.picture, matrix, canvas.size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
