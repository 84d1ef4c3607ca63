"""The clock and the camera's name that the camera writes into the picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.simulation.scene import Parameters, Scene


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """Date, time and name, white with a black rim; not moved when the camera moves."""

    start: datetime
    name: str
    scale: float

    @classmethod
    def sample(cls, scene: Scene, parameters: Parameters) -> Clock:
        """A clock that starts at a random second of a random day; strength is its size."""
        rng = scene.rng("clock")
        start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=float(rng.uniform(0.0, 3e7)))
        name = f"CAM {rng.integers(1, 24):02d} NORTH"
        return cls(start, name, parameters["strength"] * scene.size[1] / 720.0)

    def write(self, luma: NDArray[np.uint8], t_s: float) -> None:
        """Write into the finished ``(h, w) uint8`` picture."""
        timestamp = (self.start + timedelta(seconds=t_s)).strftime("%Y-%m-%d %H:%M:%S")
        h, w = luma.shape
        font, size, thick = cv2.FONT_HERSHEY_DUPLEX, 1.0 * self.scale, max(1, round(1.5 * self.scale))
        right = w - cv2.getTextSize(self.name, font, size, thick)[0][0] - int(30 * self.scale)
        texts = (
            (timestamp, (int(40 * self.scale), int(60 * self.scale))),
            (self.name, (right, h - int(36 * self.scale))),
        )
        for text, at in texts:
            cv2.putText(luma, text, at, font, size, 20, thick + 2, cv2.LINE_AA)
            cv2.putText(luma, text, at, font, size, 240, thick, cv2.LINE_AA)
