"""What changes the light of the whole picture: clouds, steps of the exposure, mains flicker."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgecv.simulation.nuisances.layer import Canvas, Float32, arrivals
from edgecv.simulation.scene import Parameters, Scene


@dataclass(frozen=True, slots=True, eq=False)
class Clouds:
    """Shadows of clouds: wide soft patches that drift over the picture."""

    field: Float32  # (rows, columns) gain less one, far larger than the picture
    step: float  # cells a second
    cell_px: float

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Clouds:
        """``depth`` is the share of light lost at strength 1; a shadow takes about ``pass_s`` to pass."""
        rng = scene.rng("clouds")
        cells = 8
        step = cells / parameters["pass_s"] / 2.0
        columns = cells + 8 + int(step * scene.duration_s)
        field = np.asarray(cv2.GaussianBlur(rng.standard_normal((cells, columns)), (0, 0), 1.5), np.float64)
        field *= parameters["depth"] * parameters["strength"] / max(1e-6, float(field.std())) / 2.0
        return cls(np.asarray(field, np.float32), step, scene.size[0] / cells)

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        width, height = canvas.size
        rows = len(self.field)
        matrix = np.array([[1.0 / self.cell_px, 0.0, self.step * canvas.t_s + 2.0], [0.0, (rows - 1) / height, 0.0]])
        # the gain is smooth: an eighth of the picture's size is plenty
        small = np.diag([8.0, 8.0, 1.0])
        matrix = matrix @ small
        gain = cv2.warpAffine(
            self.field, matrix, (width // 8 + 2, height // 8 + 2), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT,
        )  # fmt: skip
        large = (8 * gain.shape[1], 8 * gain.shape[0])
        full = np.asarray(cv2.resize(gain + np.float32(1.0), large, interpolation=cv2.INTER_LINEAR), np.float32)
        full = full[:height, :width]
        cv2.multiply(canvas.picture, full, dst=canvas.picture)


@dataclass(frozen=True, slots=True, eq=False)
class ExposureSteps:
    """The camera corrects its exposure: the whole picture gets brighter or darker within some frames."""

    steps: tuple[tuple[float, float, float], ...]  # start, length, gain from then on

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> ExposureSteps:
        """One step every ``every_s``, of ``depth`` at strength 1."""
        rng = scene.rng("exposure steps")
        depth = parameters["depth"] * parameters["strength"]
        starts = arrivals(rng, parameters["every_s"], scene.duration_s) or [0.4 * scene.duration_s]
        gains = 1.0 + np.clip(depth, 0.0, 0.5) * rng.uniform(-1.0, 1.0, len(starts))
        lengths = rng.uniform(0.04, 0.5, len(starts))
        return cls(tuple((t, float(s), float(g)) for t, s, g in zip(starts, lengths, gains, strict=True)))

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        gain = 1.0
        for start_s, length_s, after in self.steps:
            share = min(1.0, max(0.0, (canvas.t_s - start_s) / length_s))
            gain += share * (after - gain)
        if gain != 1.0:
            canvas.picture *= np.float32(gain)


@dataclass(frozen=True, slots=True, eq=False)
class Flicker:
    """Lamps on the mains, read row after row: bars of light that wander as the frame rate beats with 100 Hz."""

    mains_hz: float
    depth: float
    phases: Float32  # (h, 1)

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Flicker:
        """``depth`` is the share of light at strength 1; the mains is a little off 50 Hz."""
        rng = scene.rng("flicker")
        mains = 50.0 + float(rng.uniform(-0.15, 0.15))
        read_s = float(rng.choice((0.0, 0.008, 0.016)))  # global shutter or rolling
        rows = np.linspace(0.0, 2.0 * np.pi * 2.0 * mains * read_s, scene.size[1], dtype=np.float32)[:, None]
        return cls(mains, parameters["depth"] * parameters["strength"], rows)

    def draw(self, canvas: Canvas) -> None:
        """See ``Layer``."""
        angle = np.float32((2.0 * np.pi * 2.0 * self.mains_hz * canvas.t_s) % (2.0 * np.pi))
        canvas.picture *= 1.0 + np.float32(self.depth) * np.sin(self.phases + angle)
