"""Floors and windows as lines in the picture, for whoever draws them over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import FacadePlan, PinholeCamera

Float64 = NDArray[np.float64]
_SILL_M, _HEAD_M = 0.9, 2.4  # where a window's glass is assumed within its floor, for drawing only
_PIECES = 12  # of a floor's line, which lens distortion bends


@dataclass(frozen=True, slots=True, eq=False)
class FloorLine:
    """The foot of a floor, or with no name the roof's edge; ``label`` is where the floor's name belongs, or None."""

    name: str
    pixels: Float64
    label: tuple[float, float] | None


@dataclass(frozen=True, slots=True, eq=False)
class WindowFrame:
    """A window's assumed glass ``(4, 2)``: lower left, lower right, upper right, upper left."""

    name: str
    floor: int
    corners: Float64


@dataclass(frozen=True, slots=True, eq=False)
class FaceOverlay:
    """One facade."""

    name: str
    floors: tuple[FloorLine, ...]
    windows: tuple[WindowFrame, ...]


def overlay_of(camera: PinholeCamera, plan: FacadePlan) -> tuple[FaceOverlay, ...]:
    """The camera's facade and those beside it; what is not before the camera is left out."""
    return tuple(_face(face_camera, face) for face, face_camera in plan.faces(camera))


def glass_of(plan: FacadePlan, floor: int) -> tuple[float, float]:
    """Sill and head of a floor's windows as they are drawn, metres."""
    foot_m, top_m = plan.floor_span_m(floor)
    return foot_m + min(_SILL_M, 0.3 * (top_m - foot_m)), min(foot_m + _HEAD_M, top_m - 0.2)


def _face(camera: PinholeCamera, plan: FacadePlan) -> FaceOverlay:
    left, right = plan.drawn_width_m
    floors = []
    for number, edge in enumerate(plan.floor_edges_m):
        across = np.linspace(left, right, _PIECES + 1)
        pixels = _visible_pixels(camera, [(x, float(edge)) for x in across])
        if pixels is None:
            continue
        label = None
        if number < plan.floor_count:
            middle = (float(edge) + float(plan.floor_edges_m[number + 1])) / 2.0
            at = _visible_pixels(camera, [(left, middle)])
            label = None if at is None else (float(at[0, 0]), float(at[0, 1]))
        floors.append(FloorLine(plan.floor_names[number] if number < plan.floor_count else "", pixels, label))
    windows = []
    for floor in range(1, plan.floor_count + 1):
        sill, head = glass_of(plan, floor)
        for w in plan.windows:
            corners = _visible_pixels(
                camera, [(w.left_m, sill), (w.right_m, sill), (w.right_m, head), (w.left_m, head)]
            )
            if corners is not None:
                windows.append(WindowFrame(w.name, floor, corners))
    return FaceOverlay(plan.name, tuple(floors), tuple(windows))


def _visible_pixels(camera: PinholeCamera, places: Sequence[tuple[float, float]]) -> Float64 | None:
    """Pixels ``(n, 2)`` of places on the facade; None where the camera does not see all of them."""
    pixels = camera.project(np.array([[x, y, 0.0] for x, y in places], np.float64))
    return pixels if np.isfinite(pixels).all() else None
