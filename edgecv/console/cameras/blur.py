"""A live picture that may be shown to anybody who may see the camera: no window can be looked into.

Until the console's common blurring (people, the origin's window left clear) takes this over, everything it needs to
know is this one function.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.calibration.overlay import drawn_width
from edgecv.geometry import FacadePlan, PinholeCamera

Picture = NDArray[np.uint8]
_BLOCKS = 90  # across the picture where everything is blurred: a tower is seen, a person is not
_WINDOW_BLOCKS = 160  # where only windows are
_MARGIN_M = 0.4  # frames, curtains, and what a calibration may be off


def blurred(picture: Picture, camera: PinholeCamera | None, plan: FacadePlan | None) -> Picture:
    """A copy ``(h, w, 3) uint8`` with windows made unrecognisable; all of it where it is not known where they are.

    Args:
        picture: ``(h, w, 3) uint8``.
        camera: the calibration for pictures of this size.
        plan: floors and windows.
    """
    if camera is None or plan is None:
        return _in_blocks(picture, _BLOCKS)
    hidden = np.zeros(picture.shape[:2], np.uint8)
    for face, seen in plan.faces(camera):
        left, right = drawn_width(face)
        # a facade whose windows are not listed is one window from end to end
        spans = [(w.left_m - _MARGIN_M, w.right_m + _MARGIN_M) for w in face.windows] or [(left, right)]
        for floor in range(1, face.floor_count + 1):
            foot_m, top_m = face.floor_span_m(floor)
            for a, b in spans:
                corners = seen.project(np.array([[a, foot_m, 0], [b, foot_m, 0], [b, top_m, 0], [a, top_m, 0]], float))
                if np.isfinite(corners).all() and np.abs(corners).max() < 1e5:
                    cv2.fillConvexPoly(hidden, np.round(corners).astype(np.int32), 1)
    made = picture.copy()
    inside = hidden > 0
    made[inside] = _in_blocks(picture, _WINDOW_BLOCKS)[inside]
    return made


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
