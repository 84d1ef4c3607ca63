"""The check picture: the building's floors and windows drawn over what the camera sees, to be judged at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecv.calibration.overlay import glass_of
from edgecv.capture.file import pictures_between
from edgecv.capture.picture_size import is_picture, read_picture
from edgecv.errors import InputError
from edgecv.evidence.canvas import (
    FLOOR,
    ORIGIN,
    PATH,
    WHITE,
    Colour,
    Picture,
    ascii_of,
    cross_hair,
    line,
    ring,
    stamp,
    text_height_of,
    text_mask,
    unit_of,
    wrap,
)
from edgecv.geometry import FacadePlan, PinholeCamera

Float64 = NDArray[np.float64]
_FACES: tuple[Colour, ...] = (FLOOR, (150, 235, 140), (235, 160, 235))
_PIECES = 24  # of a line, which lens distortion bends


def first_picture(path: Path) -> Picture:
    """A picture file, or the first frame of a video: ``(h, w, 3) uint8``, BGR.

    Raises:
        InputError: it can be read as neither.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        if is_picture(path):
            return read_picture(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    for _, picture in pictures_between(path, 0.0, 1e9):
        return picture
    raise InputError(f"{path}: neither a picture nor a video that can be read")


def check_picture(
    frame_bgr: Picture,
    camera: PinholeCamera,
    plan: FacadePlan,
    pixels: Float64 | None = None,
    points_m: Float64 | None = None,
    caption: Sequence[str] = (),
) -> Picture:
    """Draw floors, windows and calibration points on a copy of a frame.

    Args:
        frame_bgr: ``(h, w, 3) uint8``.
        camera: the solved camera.
        plan: the facade and those beside it.
        pixels: ``(n, 2)`` where the points were marked: crosses.
        points_m: ``(n, 3)`` the same points in the world: rings where the camera sees them.
        caption: lines written in the lower left corner.
    """
    picture = frame_bgr.copy()
    unit, text_px = unit_of(picture), text_height_of(picture)
    for (face, face_camera), colour in zip(plan.faces(camera), _FACES * (1 + len(plan.beside)), strict=False):
        _draw_face(picture, face_camera, face, colour, unit, text_px)
    if pixels is not None and points_m is not None:
        for pixel, seen_at in zip(pixels, camera.project(points_m), strict=True):
            cross_hair(picture, (float(pixel[0]), float(pixel[1])), 2.0 * unit, 7.0 * unit, 1.2 * unit)
            if np.isfinite(seen_at).all():
                ring(picture, (float(seen_at[0]), float(seen_at[1])), 5.0 * unit, PATH, unit)
    if caption:
        letters = max(20, int(0.9 * picture.shape[1] / (0.78 * text_px)))
        mask = text_mask([part for text in caption for part in wrap(ascii_of(text), letters, 3)], text_px)
        stamp(picture, mask, text_px, picture.shape[0] - mask.shape[0] - text_px, WHITE, max(1, round(2.0 * unit)))
    return picture


def _draw_face(
    picture: Picture, camera: PinholeCamera, plan: FacadePlan, colour: Colour, unit: float, text_px: int
) -> None:
    left, right = plan.drawn_width_m
    for number, edge in enumerate(plan.floor_edges_m):
        foot = _line(picture, camera, [(left, edge), (right, edge)], colour, unit)
        if number < plan.floor_count and foot is not None:
            middle = camera.project(np.array([left, (edge + plan.floor_edges_m[number + 1]) / 2.0, 0.0]))
            _write(picture, plan.floor_names[number], middle, colour, unit, text_px)
    for floor in range(1, plan.floor_count + 1):
        sill, head = glass_of(plan, floor)
        for window in plan.windows:
            corners = [(window.left_m, sill), (window.right_m, sill), (window.right_m, head), (window.left_m, head)]
            _line(picture, camera, [*corners, corners[0]], colour, max(1.0, 0.6 * unit))
    lowest_seen = next((f for f in range(1, plan.floor_count + 1) if _inside(picture, camera, plan, f)), None)
    for window in plan.windows if lowest_seen is not None else ():
        foot_m, top_m = plan.floor_span_m(lowest_seen or 1)
        middle = camera.project(np.array([(window.left_m + window.right_m) / 2.0, (foot_m + top_m) / 2.0, 0.0]))
        _write(picture, window.name, middle, ORIGIN, unit, text_px)


def _inside(picture: Picture, camera: PinholeCamera, plan: FacadePlan, floor: int) -> bool:
    """Whether most of a floor's windows are in the picture."""
    foot_m, top_m = plan.floor_span_m(floor)
    middles = [[(w.left_m + w.right_m) / 2.0, (foot_m + top_m) / 2.0, 0.0] for w in plan.windows] or [[0.0, foot_m, 0]]
    at = camera.project(np.array(middles, np.float64))
    height, width = picture.shape[:2]
    inside = (at[:, 0] > 0) & (at[:, 0] < width) & (at[:, 1] > 0) & (at[:, 1] < height)
    return bool(np.mean(inside) > 0.5)


def _line(
    picture: Picture, camera: PinholeCamera, corners: Sequence[tuple[float, float]], colour: Colour, width: float
) -> Float64 | None:
    """A line on the facade as the lens bends it; None where nothing of it is before the camera."""
    drawn = None
    ends = np.array([[x, y, 0.0] for x, y in corners], np.float64)
    for a, b in pairwise(ends):
        share = np.linspace(0.0, 1.0, _PIECES)[:, None]
        pixels = camera.project(a + share * (b - a))
        for p, q in pairwise(pixels):
            if np.isfinite(p).all() and np.isfinite(q).all():
                line(picture, (float(p[0]), float(p[1])), (float(q[0]), float(q[1])), colour, width)
                drawn = pixels
    return drawn


def _write(picture: Picture, text: str, at: Float64, colour: Colour, unit: float, text_px: int) -> None:
    height, width = picture.shape[:2]
    if not np.isfinite(at).all() or not (-0.3 * width < at[0] < 1.3 * width and 0 <= at[1] < height):
        return
    mask = text_mask([ascii_of(text)], text_px)
    x = int(np.clip(at[0] - mask.shape[1] / 2.0, 2, max(2, width - mask.shape[1] - 2)))
    stamp(picture, mask, x, round(float(at[1]) - mask.shape[0] / 2.0), colour, max(1, round(1.5 * unit)))
