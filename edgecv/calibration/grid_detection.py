"""From a picture to the window grid in it: vanishing points, the facade seen from the front, what repeats there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.calibration.floor_periodicity import contrast_of, find_rows, repetitions
from edgecv.calibration.grid import WindowGrid, find_grid
from edgecv.calibration.rectify import rectify
from edgecv.calibration.vanishing import vanishing_points
from edgecv.errors import ConfigError


def find_in_picture(
    picture: NDArray[np.uint8],
    masks: Iterable[Sequence[tuple[float, float]]] = (),
    focal_px: float | None = None,
    part: int = 1,
) -> tuple[WindowGrid, int]:
    """The window grid of one part of the building, and how many parts there are.

    Args:
        picture: ``(h, w, 3) uint8``, BGR.
        masks: polygons in pixels that are not looked at.
        focal_px: where it is known.
        part: which part of the building; 1 is the clearest.

    Raises:
        ConfigError: no facade, no such part, or too few windows.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    hidden = np.zeros(grey.shape, np.uint8)
    for mask in masks:
        cv2.fillPoly(hidden, [np.round(np.array(mask, np.float64)).astype(np.int32)], 1)
    front = rectify(grey, vanishing_points(grey), focal_px, hidden > 0)
    contrast = contrast_of(front)
    planes = repetitions(front, contrast)
    if not 1 <= part <= len(planes):
        raise ConfigError(f"--part {part}: {len(planes)} of the building repeat; give 1 to {len(planes)}")
    plane = planes[part - 1]
    return find_grid(front, contrast, plane, find_rows(front, contrast, plane)), len(planes)
