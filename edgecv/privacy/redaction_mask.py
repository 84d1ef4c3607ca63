"""What of a picture may be shown to everybody: bare wall, and of an incident the origin's window and the thing itself.

All else is blurred: what nobody has said to be harmless (other houses, the street, people) is not shown. Where a
calibration says which part of the picture is wall, wall is shown; without one nothing but the origin's surroundings
and the thing at each sighting is. Faces need no detector that may miss one: what is shown is never sharper than leaves
a face on the facade a dozen pixels, and the ground floor, before which people walk, is shown only as an origin.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.privacy.facade_projection import FacadeProjection, quads
from edgecv.privacy.settings import ORIGIN_REACH_M, ORIGIN_REACH_SHARE, THING_MARGIN, WINDOW_MARGIN_M
from edgecv.trajectory.drag import G_MPS2

Corners = NDArray[np.floating[Any]]
Mask = NDArray[np.uint8]
"""``(h, w) uint8``; 255 may be shown."""
Polygon = tuple[tuple[float, float], ...]
"""Corners in pixels."""
Sighting = tuple[float, float, float, float, float]
"""Seconds, x, y, width, height in pixels."""
_FIXED = 4  # bits after the point in OpenCV's coordinates


@dataclass(frozen=True, slots=True)
class Outlines:
    """What of a calibrated camera's picture may be shown, without its calibration.

    Attributes:
        walls: what is shown...
        windows: ...less these...
        origin: ...and this, where it is known.
    """

    walls: tuple[Polygon, ...]
    windows: tuple[Polygon, ...]
    origin: Polygon | None = None


def outlines_of(view: FacadeProjection, origin: Mapping[str, Any] | None = None) -> Outlines:
    """What a camera's calibration says may be shown.

    Args:
        view: how it sees its facade.
        origin: of an incident's record: its window may be shown as well.
    """
    faces = view.plan.faces(view.camera)
    walls = [wall for plan, camera in faces for wall in _walls(plan, camera)]
    windows = [window for plan, camera in faces for window in _windows(plan, camera)]
    floor, window = (origin or {}).get("floor"), (origin or {}).get("window")
    corners = None
    if origin is not None and floor is not None and window is not None:
        corners = view.outline(origin.get("facade"), int(floor), str(window))
    return Outlines(_polygons(walls), _polygons(windows), None if corners is None else _polygons([corners])[0])


def visible_mask(
    size: tuple[int, int],
    record: Mapping[str, Any],
    view: FacadeProjection | Outlines | None,
    things: Sequence[Sighting],
) -> Mask:
    """What may be shown of a picture.

    Args:
        size: width and height, pixels.
        record: the incident's.
        view: how the camera saw the facade, or what that comes to for this record; None without a calibration.
        things: the sightings that the picture shows.

    Returns:
        ``(h, w) uint8``: 255 where it may be shown, else 0.
    """
    origin = record.get("origin") or {}
    if view is not None:
        mask = _filled(size, outlines_of(view, origin) if isinstance(view, FacadeProjection) else view)
    else:
        mask = wall_mask(size, None)
        _show_around(mask, record, origin.get("pixel"))
    for _, x, y, w, h in things:
        half_w, half_h = THING_MARGIN * w / 2 + 1, THING_MARGIN * h / 2 + 1
        corners = (_whole(x - half_w), _whole(y - half_h)), (_whole(x + half_w), _whole(y + half_h))
        cv2.rectangle(mask, *corners, 255, -1)
    return mask


def wall_mask(size: tuple[int, int], view: FacadeProjection | None) -> Mask:
    """The bare wall of every facade that the calibration knows: nothing without one.

    Args:
        size: width and height, pixels.
        view: how the camera sees the facade in pictures of this size, or None.

    Returns:
        ``(h, w) uint8``: 255 where it may be shown, else 0.
    """
    return np.zeros((size[1], size[0]), np.uint8) if view is None else _filled(size, outlines_of(view))


def sightings(record: Mapping[str, Any]) -> list[Sighting]:
    """The track; none where it is not one of numbers."""
    try:
        track = [tuple(float(point[key]) for key in ("t", "x", "y", "w", "h")) for point in record.get("track") or ()]
    except (TypeError, ValueError, KeyError, OverflowError):
        return []
    return [s for s in track if all(map(math.isfinite, s))]  # type: ignore[misc]


def scale_of(record: Mapping[str, Any]) -> float | None:
    """Pixels a metre at the middle of the path, by gravity; None where the record does not say."""
    gravity = (record.get("fit") or {}).get("gravity_px_s2")
    return float(gravity) / G_MPS2 if isinstance(gravity, int | float) and gravity > 0 else None


def _walls(plan: FacadePlan, camera: PinholeCamera) -> list[Corners]:
    """The wall between windows; what is beyond the outermost, or where none is listed, may be a neighbour's loggia."""
    rectangles = [
        (window.right_m, after.left_m, *plan.floor_span_m(floor), 0.0)
        for floor in range(2, plan.floor_count + 1)
        for window, after in pairwise(plan.windows)
        if window.right_m < after.left_m
    ]
    corners = quads(camera, np.array(rectangles))
    return list(corners[np.isfinite(corners).all(axis=(1, 2))])


def _windows(plan: FacadePlan, camera: PinholeCamera) -> Iterator[Corners]:
    """Each window's column, with all that stands on its balcony: from the wall to as far as that comes out."""
    rectangles = [
        (window.left_m - WINDOW_MARGIN_M, window.right_m + WINDOW_MARGIN_M, *plan.floor_span_m(floor), out)
        for floor in range(1, plan.floor_count + 1)
        for window in plan.windows
        for out in (0.0, window.balcony_m)
    ]
    corners = quads(camera, np.array(rectangles))
    visible = np.isfinite(corners).all(axis=(1, 2))
    for both, are_visible in zip(corners.reshape(-1, 2, 4, 2), visible.reshape(-1, 2), strict=True):
        if are_visible.any():
            outline = both[are_visible].reshape(-1, 2).astype(np.float32)
            yield np.asarray(cv2.convexHull(outline)[:, 0], np.float64)


def _polygons(outlines: Iterable[Corners]) -> tuple[Polygon, ...]:
    """As plain numbers that a file keeps, to a hundredth of a pixel."""
    corners = list(outlines)
    if not corners:
        return ()
    numbers = iter(np.clip(np.concatenate(corners), -8192, 16384).round(2).tolist())
    return tuple(tuple((x, y) for x, y in islice(numbers, len(polygon))) for polygon in corners)


def _filled(size: tuple[int, int], outlines: Outlines) -> Mask:
    mask = np.zeros((size[1], size[0]), np.uint8)
    origin = () if outlines.origin is None else (outlines.origin,)
    for polygons, value in ((outlines.walls, 255), (outlines.windows, 0), (origin, 255)):
        for polygon in polygons:
            corners = np.clip(np.array(polygon), -8192, 16384) * (1 << _FIXED)
            cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], value, shift=_FIXED)
    return mask


def _show_around(mask: Mask, record: Mapping[str, Any], pixel: Sequence[float] | None) -> None:
    """Without a calibration, the surroundings of the origin."""
    if pixel is None:
        return
    x, y = (float(value) for value in pixel)
    limit = ORIGIN_REACH_SHARE * mask.shape[0]
    reach = min(ORIGIN_REACH_M * (scale_of(record) or limit), limit)
    cv2.circle(mask, (_whole(x), _whole(y)), max(8, round(reach)), 255, -1)


def _whole(value: float) -> int:
    return round(max(-8192.0, min(16384.0, value)))
