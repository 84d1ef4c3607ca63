"""What an incident's pictures show besides the frames: the fitted path, the floors around the origin, and what may be
shown to everybody, in pixels.

It is all that drawing needs from the fit, so that another process, or the next start after a crash, can draw.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from edgecv.durable_files import write_atomic
from edgecv.evidence.still_picture import FloorLine
from edgecv.evidence.weighing import WeighingSpec
from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.incidents.record import Origin, Record
from edgecv.privacy import FacadeProjection, Outlines, outlines_of, quad
from edgecv.trajectory import Fall
from edgecv.trajectory.mass import PathDraws

_log = logging.getLogger("edgecv.evidence")
OVERLAY_SPEC = ".sketch.json"
"""Beside unfinished evidence; never part of a bundle."""

Corner = tuple[float, float]


class OverlaySpec(Record):
    """Lines in pixels of the upright frames."""

    curve: tuple[Corner, ...]
    """The fitted path from the first sighting to the last."""
    floor_lines: tuple[FloorLine, ...] = ()
    """Feet of the origin's floor and its neighbours."""
    window_outline: tuple[Corner, ...] | None = None
    """Four corners of the window."""
    shown: Outlines | None = None
    """What of the facade everybody may see; None without a calibration."""
    weighing: WeighingSpec | None = None
    """What weighing by the pictures needs; None where nobody weighs."""


def with_weighing(spec: OverlaySpec, fall: Fall, path: PathDraws | None) -> OverlaySpec:
    """The same with what weighing by the pictures needs; sinking things are weighed by nothing but their path.

    A fit whose numbers cannot be handed over costs the weighing alone.
    """
    if path is None or fall.fit.model != "fall":
        return spec
    try:
        return spec.model_copy(update={"weighing": WeighingSpec.of(fall, path)})
    except Exception:
        _log.exception("a fall cannot be weighed by its pictures; its record keeps the size of its boxes")
        return spec


def overlay_spec_of(fall: Fall, origin: Origin, camera: PinholeCamera | None, plan: FacadePlan | None) -> OverlaySpec:
    """What to draw of a fall.

    Args:
        fall: its path is drawn.
        origin: where it came from.
        camera: the calibrated camera, for floors in the picture.
        plan: the facade's floors and windows.
    """
    grid = np.linspace(fall.fit.start_s, fall.fit.end_s, 80)
    shift = np.median([p.shift_px for p in fall.path.points], axis=0)
    curve = tuple((float(x), float(y)) for x, y in fall.fit.pixels_at(grid) + shift)
    if camera is None or plan is None:
        return OverlaySpec(curve=curve)
    view = FacadeProjection(camera, plan)
    shown = outlines_of(view, origin.model_dump())
    if origin.floor is None:
        return OverlaySpec(curve=curve, shown=shown)
    face, face_camera = view.face(origin.facade)
    outline = None if origin.window_index is None else _outline(origin.floor, origin.window_index, face_camera, face)
    return OverlaySpec(
        curve=curve, floor_lines=_floor_lines(origin.floor, face_camera, face), window_outline=outline, shown=shown
    )


def write_overlay_spec(spec: OverlaySpec, folder: Path, *, flush: bool = True) -> None:
    """Keep a sketch beside unfinished evidence; the very same numbers are read again.

    Raises:
        OSError: the disk is full or failed.
    """
    write_atomic(folder / OVERLAY_SPEC, spec.model_dump_json(), flush=flush)


def read_overlay_spec(folder: Path) -> OverlaySpec | None:
    """The sketch beside unfinished evidence, None where there is none that can be read.

    Raises:
        OSError: the disk failed.
    """
    try:
        return OverlaySpec.model_validate_json((folder / OVERLAY_SPEC).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _floor_lines(floor: int, camera: PinholeCamera, plan: FacadePlan) -> tuple[FloorLine, ...]:
    left, right = plan.drawn_width_m
    lines: list[FloorLine] = []
    for near in range(max(1, floor - 1), min(plan.floor_count, floor + 1) + 1):
        foot, _ = plan.floor_span_m(near)
        a, b = camera.project(np.array([[left, foot, 0.0], [right, foot, 0.0]]))
        lines.append(((float(a[0]), float(a[1])), (float(b[0]), float(b[1])), plan.floor_names[near - 1]))
    return tuple(lines)


def _outline(floor: int, window_index: int, camera: PinholeCamera, plan: FacadePlan) -> tuple[Corner, ...] | None:
    window = plan.windows[window_index]
    corners = quad(camera, window.left_m, window.right_m, *plan.floor_span_m(floor))
    return None if corners is None else tuple((float(x), float(y)) for x, y in corners)
