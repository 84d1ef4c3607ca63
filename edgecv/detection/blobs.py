"""Connected regions of the response become detections."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.detection.background import Response
from edgecv.detection.detection import Detection
from edgecv.detection.settings import DetectionSettings

_MOST_SEEDS = 6000  # a picture that is moving all over has more; its strongest are enough


def find_blobs(response: Response, binning: int, settings: DetectionSettings) -> list[Detection]:
    """Return the blobs of one frame, strongest first, in pixels of the full-resolution frame.

    A blob is a connected region above the grow threshold that contains a pixel above the seed threshold (hysteresis,
    Canny 1986), cut back to where it exceeds 30 % of its own peak so that compression halos do not count.
    """
    ys, xs = np.nonzero(response.moving > settings.seed_threshold)
    if len(ys) == 0:
        return []
    strength = response.moving[ys, xs]
    order = np.argsort(-strength, kind="stable")[:_MOST_SEEDS]
    # 0 background, 1 may be grown into, 2.. the number of a blob
    region = (response.standing > settings.grow_threshold).astype(np.uint8)
    region[ys[order], xs[order]] = 1
    untouched = np.zeros((region.shape[0] + 2, region.shape[1] + 2), np.uint8)
    limit = settings.max_area_fraction * region.size
    found: list[Detection] = []
    for n in order:
        x, y = int(xs[n]), int(ys[n])
        if region[y, x] != 1:
            continue
        number = 2 + len(found) % 254
        area, _, _, box = cv2.floodFill(region, untouched, (x, y), number, flags=8)
        if area <= limit:
            found.append(_measure(number, region, box, response, float(strength[n]), binning))
        if len(found) == 3 * settings.max_detections:
            break
    return _thin_out(found, (region.shape[1] * binning, region.shape[0] * binning), settings)


def _measure(
    number: int,
    region: NDArray[np.uint8],
    box: Sequence[int],
    response: Response,
    snr: float,
    binning: int,
) -> Detection:
    left, top, width, height = (int(v) for v in box)
    window = (slice(top, top + height), slice(left, left + width))
    inside = region[window] == number
    difference = response.difference[window]
    strength = np.where(inside, np.abs(difference), 0.0)
    core = strength > 0.3 * float(strength.max())
    ys, xs = np.nonzero(core)
    weight = strength[ys, xs]
    total = float(weight.sum())
    # the 3x3 filter widens everything by two pixels
    w = max(1.0, float(xs.max() - xs.min() + 1) - 2.0)
    h = max(1.0, float(ys.max() - ys.min() + 1) - 2.0)
    centre_x = left + float((weight * xs).sum()) / total
    centre_y = top + float((weight * ys).sum()) / total
    return Detection(
        x_px=(centre_x + 0.5) * binning - 0.5,
        y_px=(centre_y + 0.5) * binning - 0.5,
        w_px=w * binning,
        h_px=h * binning,
        area_px=float(len(xs)) * binning * binning,
        contrast=float((difference[ys, xs]).mean()),
        snr=snr,
    )


def _thin_out(found: list[Detection], size: tuple[int, int], settings: DetectionSettings) -> list[Detection]:
    """Keep the strongest, and no more than a few from any one part of the picture."""
    used: dict[tuple[int, int], int] = {}
    kept: list[Detection] = []
    for detection in found:
        cell = (int(8 * detection.x_px / size[0]), int(8 * detection.y_px / size[1]))
        if used.get(cell, 0) >= settings.max_per_cell:
            continue
        used[cell] = used.get(cell, 0) + 1
        kept.append(detection)
        if len(kept) == settings.max_detections:
            break
    return kept
