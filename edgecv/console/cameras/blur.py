"""A live picture that may be shown to anybody who may see the camera: wall is shown, all else is blurred.

Windows, other houses, the street and who walks there cannot be looked at; where it is not known what is wall, nothing
can. The console's common blurring for evidence can take this over: everything needed is the function ``blurred``.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.calibration.overlay import drawn_width
from edgecv.geometry import FacadePlan, PinholeCamera

Picture = NDArray[np.uint8]
_BLOCKS = 90  # across the picture: a tower is seen, a person is not
_MARGIN_M = 0.4  # frames, curtains, and what a calibration may be off


def blurred(picture: Picture, camera: PinholeCamera | None, plan: FacadePlan | None) -> Picture:
    """A copy ``(h, w, 3) uint8`` in which nothing but walls is sharp; without a calibration nothing is.

    Args:
        picture: ``(h, w, 3) uint8``.
        camera: the calibration for pictures of this size.
        plan: floors and windows; a facade that lists none may be all windows.
    """
    made = _in_blocks(picture, _BLOCKS)
    if camera is None or plan is None:
        return made
    shown = np.zeros(picture.shape[:2], np.uint8)
    for face, seen in plan.faces(camera):
        if face.windows:
            left, right = drawn_width(face)
            for floor in range(2, face.floor_count + 1):  # people walk before the ground floor
                _fill(shown, seen, (left, right), face.floor_span_m(floor), 0.0, 1)
    for face, seen in plan.faces(camera):
        for floor in range(1, face.floor_count + 1):
            for w in face.windows:
                for out_m in {0.0, w.balcony_m}:
                    sides = (w.left_m - _MARGIN_M, w.right_m + _MARGIN_M)
                    _fill(shown, seen, sides, face.floor_span_m(floor), out_m, 0)
    return np.where(shown[..., None] > 0, picture, made).astype(np.uint8)


def _fill(
    shown: NDArray[np.uint8],
    camera: PinholeCamera,
    across: tuple[float, float],
    upwards: tuple[float, float],
    out_m: float,
    value: int,
) -> None:
    (a, b), (foot, top) = across, upwards
    corners = camera.project(np.array([[a, foot, out_m], [b, foot, out_m], [b, top, out_m], [a, top, out_m]]))
    if np.isfinite(corners).all() and np.abs(corners).max() < 1e5:
        cv2.fillConvexPoly(shown, np.round(corners).astype(np.int32), value)


def _in_blocks(picture: Picture, across: int) -> Picture:
    height, width = picture.shape[:2]
    size = (min(width, across), max(1, round(height * min(width, across) / width)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def scaled(camera: PinholeCamera, share: float) -> PinholeCamera:
    """The same camera for a picture ``share`` as wide."""
    cx, cy = camera.center_px
    centre = ((cx + 0.5) * share - 0.5, (cy + 0.5) * share - 0.5)
    return PinholeCamera(camera.focal_px * share, centre, camera.rotation, camera.position_m, camera.distortion)
