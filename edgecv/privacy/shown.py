"""What of a picture may be shown to everybody: bare wall, and of an incident the origin's window and the thing itself.

All else is blurred: what nobody has said to be harmless (other houses, the street, people) is not shown. Where a
calibration says which part of the picture is wall, wall is shown; without one nothing but the origin's surroundings
and the thing at each sighting is. Faces need no detector that may miss one: what is shown is never sharper than leaves
a face on the facade a dozen pixels, and the ground floor, before which people walk, is shown only as an origin.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.privacy.settings import ORIGIN_REACH_M, ORIGIN_REACH_SHARE, THING_MARGIN, WINDOW_MARGIN_M
from edgecv.privacy.view import View, quad
from edgecv.trajectory.drag import G_MPS2

Mask = NDArray[np.uint8]
"""``(h, w) uint8``; 255 may be shown."""
Sighting = tuple[float, float, float, float, float]
"""Seconds, x, y, width, height in pixels."""
_FIXED = 4  # bits after the point in OpenCV's coordinates


def shown_mask(size: tuple[int, int], record: Mapping[str, Any], view: View | None, things: Sequence[Sighting]) -> Mask:
    """What may be shown of a picture.

    Args:
        size: width and height, pixels.
        record: the incident's.
        view: how the camera saw the facade, or None.
        things: the sightings that the picture shows.

    Returns:
        ``(h, w) uint8``: 255 where it may be shown, else 0.
    """
    mask = shown_walls(size, view)
    origin = record.get("origin") or {}
    if view is not None:
        floor, window = origin.get("floor"), origin.get("window")
        if floor is not None and window is not None:
            _fill(mask, view.outline(origin.get("facade"), int(floor), str(window)), 255)
    elif origin.get("pixel") is not None:
        x, y = (float(value) for value in origin["pixel"])
        limit = ORIGIN_REACH_SHARE * size[1]
        reach = min(ORIGIN_REACH_M * (scale_of(record) or limit), limit)
        cv2.circle(mask, (_whole(x), _whole(y)), max(8, round(reach)), 255, -1)
    for _, x, y, w, h in things:
        half_w, half_h = THING_MARGIN * w / 2 + 1, THING_MARGIN * h / 2 + 1
        corners = (_whole(x - half_w), _whole(y - half_h)), (_whole(x + half_w), _whole(y + half_h))
        cv2.rectangle(mask, *corners, 255, -1)
    return mask


def shown_walls(size: tuple[int, int], view: View | None) -> Mask:
    """The bare wall of every facade that the calibration knows: nothing without one.

    Args:
        size: width and height, pixels.
        view: how the camera sees the facade in pictures of this size, or None.

    Returns:
        ``(h, w) uint8``: 255 where it may be shown, else 0.
    """
    mask = np.zeros((size[1], size[0]), np.uint8)
    if view is not None:
        for plan, camera in view.plan.faces(view.camera):
            _show_walls(mask, plan, camera)
        for plan, camera in view.plan.faces(view.camera):
            _hide_windows(mask, plan, camera)
    return mask


def sightings(record: Mapping[str, Any]) -> list[Sighting]:
    """The track; none where it is not one of numbers."""
    try:
        found = [tuple(float(point[key]) for key in ("t", "x", "y", "w", "h")) for point in record.get("track") or ()]
    except (TypeError, ValueError, KeyError):
        return []
    return [s for s in found if all(map(math.isfinite, s))]  # type: ignore[misc]


def scale_of(record: Mapping[str, Any]) -> float | None:
    """Pixels a metre at the middle of the path, by gravity; None where the record does not say."""
    gravity = (record.get("fit") or {}).get("gravity_px_s2")
    return float(gravity) / G_MPS2 if isinstance(gravity, int | float) and gravity > 0 else None


def _show_walls(mask: Mask, plan: FacadePlan, camera: PinholeCamera) -> None:
    """The wall between windows; what is beyond the outermost, or where none is listed, may be a neighbour's loggia."""
    for floor in range(2, plan.floor_count + 1):
        foot, top = plan.floor_span_m(floor)
        for window, after in pairwise(plan.windows):
            if window.right_m < after.left_m:
                _fill(mask, quad(camera, window.right_m, after.left_m, foot, top), 255)


def _hide_windows(mask: Mask, plan: FacadePlan, camera: PinholeCamera) -> None:
    """Each window's column, with all that stands on its balcony: from the wall to as far as that comes out."""
    for floor in range(1, plan.floor_count + 1):
        foot, top = plan.floor_span_m(floor)
        for window in plan.windows:
            edges = window.left_m - WINDOW_MARGIN_M, window.right_m + WINDOW_MARGIN_M
            seen = [quad(camera, *edges, foot, top, out) for out in sorted({0.0, window.balcony_m})]
            corners = [found for found in seen if found is not None]
            if corners:
                _fill(mask, np.asarray(cv2.convexHull(np.concatenate(corners).astype(np.float32))[:, 0], np.float64), 0)


def _fill(mask: Mask, corners: NDArray[np.floating[Any]] | None, value: int) -> None:
    if corners is None:
        return
    held = np.clip(corners, -8192, 16384) * (1 << _FIXED)
    cv2.fillPoly(mask, [np.round(held).astype(np.int32)], value, shift=_FIXED)


def _whole(value: float) -> int:
    return round(max(-8192.0, min(16384.0, value)))
