"""Synthetic falls drawn into copies of live frames: real physics, and no more visible than the scene allows.

A thing cannot be clearer than the picture it is in, so it is drawn as blurred as the scene's own edges are, and its
contrast is cut where the scene's edges are weak: in the dark, in fog and behind a cover nothing stands out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera, looking_at
from edgecv.simulation.drawing import smear
from edgecv.trajectory.drag import drag_from_terminal, fall_positions
from edgecv.visibility.settings import (
    ASSUMED_DISTANCE_M,
    DURATION_S,
    EXPOSURE_S,
    MARGIN_PX,
    MAX_BLUR_PX,
    MAX_PLACEMENTS,
    MIN_DURATION_S,
    MIN_HEIGHT_SHARE,
    PATH_STEP_S,
    SIZES_PX,
    SMEAR_STEPS,
)
from edgecv.visibility.sharpness import Clarity

Float64 = NDArray[np.float64]
UInt8 = NDArray[np.uint8]
Polygon = Sequence[tuple[float, float]]

_NO_CONTRAST, _FULL_CONTRAST = 6.0, 30.0  # grey levels of a scene's edges: nothing stands out; all does, as by day
_DOWN = np.array([[0.0, -1.0, 0.0]])


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFall:
    """One synthetic fall.

    Attributes:
        times_s: ``(n,)`` since its beginning.
        path_px: ``(n, 2)`` centres in the picture.
        size_px: diameter.
        contrast: signed grey levels against what is behind it, in a clear picture.
    """

    times_s: Float64
    path_px: Float64
    size_px: float
    contrast: float

    @property
    def duration_s(self) -> float:
        """How long it is in the picture."""
        return float(self.times_s[-1])

    def at(self, since_s: Float64) -> Float64:
        """Centres ``(m, 2)`` at times since its beginning."""
        return np.stack([np.interp(since_s, self.times_s, self.path_px[:, axis]) for axis in (0, 1)], axis=1)


class FallMaker:
    """Makes falls that a camera would see, outside the masks.

    Args:
        size_px: ``(width, height)`` of the picture.
        camera: the calibrated camera, or None for a plausible one: 30 m away, looking up 30 degrees.
        masks: polygons in pixels.
        rng: what is random.
    """

    def __init__(
        self,
        size_px: tuple[int, int],
        camera: PinholeCamera | None,
        masks: Sequence[Polygon],
        rng: np.random.Generator,
    ) -> None:
        self._size, self._rng = size_px, rng
        self._calibrated = camera is not None
        self._camera = camera or looking_at(
            (0.0, 1.6, ASSUMED_DISTANCE_M),
            (0.0, 1.6 + ASSUMED_DISTANCE_M * float(np.tan(np.radians(30.0))), 0.0),
            0.9 * max(size_px),
            size_px,
        )
        self._masked = np.zeros((size_px[1], size_px[0]), np.uint8)
        for polygon in masks:
            corners = np.round(np.asarray(polygon, np.float64)).astype(np.int32)
            cv2.fillPoly(self._masked, [corners.reshape(-1, 1, 2)], (255,))

    def fall(self, contrast: float) -> DrawnFall | None:
        """A fall of a contrast (its sign is random); None where the masks or the view leave no room for one."""
        size = float(self._rng.uniform(*SIZES_PX))
        signed = contrast * float(self._rng.choice((-1.0, 1.0)))
        for _ in range(MAX_PLACEMENTS):
            path = self._path()
            if path is not None:
                return DrawnFall(*path, size, signed)
        return None

    def _path(self) -> tuple[Float64, Float64] | None:
        rng, (width, height) = self._rng, self._size
        start = np.array([rng.uniform(0.05, 0.95) * width, rng.uniform(0.03, 0.5) * height])
        foot = self._camera.on_facade(start)
        if not np.isfinite(foot).all() or foot[1] < 2.0:
            return None
        begun = np.array([[foot[0], foot[1], 0.4]])
        velocity = np.array([[rng.normal(0.0, 0.8), rng.normal(0.0, 0.6), abs(rng.normal(0.0, 1.0))]])
        drag = drag_from_terminal(np.array([float(np.exp(rng.uniform(np.log(12.0), np.log(45.0))))]))
        times = np.arange(0.0, rng.uniform(*DURATION_S), PATH_STEP_S)
        world = fall_positions(begun, velocity, drag, times, _DOWN).positions_m[0]
        pixels = self._camera.project(world)
        inside = np.isfinite(pixels).all(axis=1) & (pixels >= MARGIN_PX).all(axis=1)
        inside &= (pixels < np.array([width - MARGIN_PX, height - MARGIN_PX])).all(axis=1)
        # without a calibration nobody knows where the ground is
        inside &= (world[:, 1] > 0.1) | (not self._calibrated)
        count = len(inside) if inside.all() else int(np.argmin(inside))
        if count * PATH_STEP_S < MIN_DURATION_S or pixels[count - 1, 1] - pixels[0, 1] < MIN_HEIGHT_SHARE * height:
            return None
        visible = pixels[:count]
        rows, columns = np.round(visible[:, 1]).astype(int), np.round(visible[:, 0]).astype(int)
        return None if self._masked[rows, columns].any() else (times[:count], visible)


def visible_share(clarity: Clarity) -> float:
    """Share of its contrast that a thing keeps in a picture whose own edges are as weak as measured, 0 to 1."""
    return float(np.clip((clarity.contrast - _NO_CONTRAST) / (_FULL_CONTRAST - _NO_CONTRAST), 0.0, 1.0))


def draw(luma: UInt8, fall: DrawnFall, since_s: float, contrast: float, blur_px: float) -> None:
    """Draw a fall into a picture in place.

    Args:
        luma: ``(h, w) uint8``, writable.
        fall: what to draw.
        since_s: time since its beginning.
        contrast: signed grey levels against the mean of what is behind it.
        blur_px: standard deviation of the scene's blur.
    """
    moments = since_s + np.linspace(-0.5, 0.5, SMEAR_STEPS) * EXPOSURE_S
    radius = fall.size_px / 2.0
    size = (luma.shape[1], luma.shape[0])
    patch = smear(fall.at(moments), np.array([radius, radius]), 0.0, size, min(blur_px, MAX_BLUR_PX))
    if patch is None:
        return
    under = luma[patch.place]
    behind = float(under.mean())
    # what cannot be darker than black or brighter than white is drawn the other way
    step = -contrast if not 0.0 <= behind + contrast <= 255.0 else contrast
    drawn = under + patch.cover * np.float32(behind + step - under.astype(np.float32))
    under[...] = np.clip(np.round(drawn), 0.0, 255.0).astype(np.uint8)
