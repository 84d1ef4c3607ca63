"""What every nuisance is: something that draws itself into the picture of an instant and says where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import PinholeCamera
from edgecv.simulation.drawing import Patch, Sighting, blend, smear

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
_STEP_RADII = 0.6  # of the smaller radius between two instants: finer than the eye or a detector can tell
_MOST_INSTANTS = 96
"""Bounds the cost of one very fast object near the lens."""


@dataclass(slots=True, eq=False)
class Canvas:
    """The picture being drawn, and what has been drawn that moves.

    Attributes:
        picture: ``(h, w) float32`` luma, changed in place.
        t_s: media time, the middle of the exposure.
        exposure_s: shutter time.
        gamma: of the camera's tone curve; 1 where grey levels add up instead of light.
        tracks: label, number of the track, place.
    """

    picture: Float32
    t_s: float
    exposure_s: float
    gamma: float = 1.0
    tracks: list[tuple[str, int, Sighting]] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """``(width, height)``."""
        return self.picture.shape[1], self.picture.shape[0]

    def instants(self, motion_px: float, radius_px: float) -> Float64:
        """Instants over the exposure, dense enough for a smear of ``motion_px``."""
        count = int(np.clip(np.ceil(motion_px / max(0.4, _STEP_RADII * radius_px)) + 1, 2, _MOST_INSTANTS))
        return self.t_s + self.exposure_s * ((np.arange(count) + 0.5) / count - 0.5)

    def note(self, label: str, number: int, sighting: Sighting) -> None:
        """Remember what was drawn, where its middle is in the picture."""
        if in_picture(sighting, self.size):
            self.tracks.append((label, number, sighting))

    def put(
        self, centres_px: Float64, radii_px: Float64, angle: Float64 | float, grey: float, opacity: float, psf_px: float
    ) -> Patch | None:
        """Smear an ellipse over the picture; None where it is outside."""
        patch = smear(centres_px, radii_px, angle, self.size, psf_px)
        if patch is not None:
            blend(self.picture, patch, grey, opacity, self.gamma)
        return patch


class Layer(Protocol):
    """A nuisance."""

    def draw(self, canvas: Canvas) -> None:
        """Draw the nuisance at the canvas's time; any order of times gives the same pictures."""
        ...


def in_picture(sighting: Sighting, size: tuple[int, int]) -> bool:
    """Whether the middle of a sighting lies in the picture."""
    return 0.0 <= sighting.x < size[0] and 0.0 <= sighting.y < size[1]


def px_per_m(camera: PinholeCamera, world_m: Float64) -> Float64:
    """Pixels a metre across the line of sight, ``(...)``, at world points ``(..., 3)``."""
    depth = (world_m - camera.position_m) @ camera.rotation[2]
    return np.asarray(camera.focal_px / np.maximum(depth, 0.1), np.float64)


def behind_pixel(camera: PinholeCamera, pixel: tuple[float, float], distance_m: float) -> Float64:
    """The world point ``(3,)`` at a distance along a pixel's ray."""
    return np.asarray(camera.position_m + distance_m * camera.ray(np.array(pixel)), np.float64)


def arrivals(rng: np.random.Generator, every_s: float, duration_s: float, lead_s: float = 0.0) -> list[float]:
    """Random instants from ``-lead_s`` to the end, one every ``every_s`` on average."""
    count = rng.poisson((duration_s + lead_s) / every_s)
    return [float(t) for t in np.sort(rng.uniform(-lead_s, duration_s, count))]
