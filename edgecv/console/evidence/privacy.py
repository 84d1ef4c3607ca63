"""What of a picture may be shown to everybody: the origin's window, bare wall, and the thing itself.

All else is blurred: what nobody has said to be harmless (other houses, the street, people) is not shown. Where a
calibration says which part of the picture is wall, wall is shown; without one nothing but the origin's surroundings
and the thing at each sighting is. Faces need no detector that may miss one: what is shown is never sharper than leaves
a face on the facade a dozen pixels, and the ground floor, before which people walk, is shown only as an origin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.console.evidence.bundle import View, quad
from edgecv.console.settings import (
    BLUR_M,
    BLUR_SHARE,
    FACE_M,
    FACE_PX,
    ORIGIN_REACH_M,
    ORIGIN_REACH_SHARE,
    THING_MARGIN,
    UNKNOWN_BLOCK_PX,
    WINDOW_MARGIN_M,
)
from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.trajectory.drag import G_MPS2

Picture = NDArray[np.uint8]
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
    mask = np.zeros((size[1], size[0]), np.uint8)
    origin = record.get("origin") or {}
    if view is not None:
        for plan, camera in view.plan.faces(view.camera):
            _show_walls(mask, plan, camera)
        for plan, camera in view.plan.faces(view.camera):
            _hide_windows(mask, plan, camera)
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


def blurred(picture: Picture, mask: Mask, scale_px_per_m: float | None) -> Picture:
    """The picture ``(h, w, 3) uint8`` with all that the mask does not show averaged away.

    Args:
        picture: BGR.
        mask: from :func:`shown_mask`.
        scale_px_per_m: at the facade, where it is known: a block is then wider than a face.
    """
    height, width = picture.shape[:2]
    block = max(8.0, BLUR_SHARE * height, BLUR_M * (scale_px_per_m or 0.0))
    small = (max(1, round(width / block)), max(1, round(height / block)))
    coarse = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    hidden = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    # a face that is sharp enough to know somebody by is made coarser, in the origin's window too
    finest = UNKNOWN_BLOCK_PX if scale_px_per_m is None else scale_px_per_m * FACE_M / FACE_PX
    shown = picture
    if finest > 1.0:
        few = (max(1, round(width / finest)), max(1, round(height / finest)))
        coarser = cv2.resize(picture, few, interpolation=cv2.INTER_AREA)
        shown = cv2.resize(coarser, (width, height)).astype(np.uint8)
    return np.where(mask[..., None] > 0, shown, hidden).astype(np.uint8)


def scale_of(record: Mapping[str, Any]) -> float | None:
    """Pixels a metre at the middle of the path, by gravity; None where the record does not say."""
    gravity = (record.get("fit") or {}).get("gravity_px_s2")
    return float(gravity) / G_MPS2 if isinstance(gravity, int | float) and gravity > 0 else None


def _show_walls(mask: Mask, plan: FacadePlan, camera: PinholeCamera) -> None:
    """The wall left and right of each window; a facade that lists no windows may be all windows."""
    if not plan.windows:
        return
    edges = [plan.windows[0].left_m - 1.0, *(x for w in plan.windows for x in (w.left_m, w.right_m))]
    edges.append(plan.windows[-1].right_m + 1.0)
    for floor in range(2, plan.floor_count + 1):
        foot, top = plan.floor_span_m(floor)
        for left, right in zip(edges[::2], edges[1::2], strict=True):
            _fill(mask, quad(camera, left, right, foot, top), 255)


def _hide_windows(mask: Mask, plan: FacadePlan, camera: PinholeCamera) -> None:
    for floor in range(1, plan.floor_count + 1):
        foot, top = plan.floor_span_m(floor)
        for window in plan.windows:
            for out in {0.0, window.balcony_m}:
                edges = window.left_m - WINDOW_MARGIN_M, window.right_m + WINDOW_MARGIN_M
                _fill(mask, quad(camera, *edges, foot, top, out), 0)


def _fill(mask: Mask, corners: NDArray[np.float64] | None, value: int) -> None:
    if corners is None:
        return
    held = np.clip(corners, -8192, 16384) * (1 << _FIXED)
    cv2.fillPoly(mask, [np.round(held).astype(np.int32)], value, shift=_FIXED)


def _whole(value: float) -> int:
    return round(max(-8192.0, min(16384.0, value)))
