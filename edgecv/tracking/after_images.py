"""Detections of what a codec left behind: they stand where the object was, while it goes on.

A codec that saves bits leaves a fast, faint object in the picture for a frame or more. The detector compares with
earlier frames, so that it detects such an after-image as often as it looks back. A track that ends on one seems to
stop dead, which bends a fall upwards.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
_STANDING_PX = 1.0
"""Way within which an after-image stands: the error of a blob's centre."""
_MOST_STANDING = 4
"""Detections that stand: the one of the object, and one for each frame that the detector looks back. More are a thing
at rest, at which another has just passed."""
_SKIPPED_FRAMES = 2
"""Largest step of frames within a run: one may be missed."""
_MOVING_PX = 2.5
"""Way a frame before it: nothing thrown stops from there within one frame, but what hits the ground."""
_OFF_PX = 5.0
"""Distance from where the two before lead, from which the first of a run is none of the object either: twice the error
of leading on from two detections."""
_SPEED_FRAMES = 3
"""Frames over which that way is measured: one detection alone is good to a pixel."""


def after_images(frames: NDArray[np.int64], xy_px: Float64) -> NDArray[np.bool_]:
    """Which detections of a track stand where an earlier one was, at which the track arrived at speed.

    Args:
        frames: ``(n,)`` numbers of the frames, strictly increasing.
        xy_px: ``(n, 2)`` places.

    Returns:
        ``(n,)`` True for every detection of such a run but its first, and for that too where the object was not there.
    """
    is_left_behind = np.zeros(len(frames), np.bool_)
    if not (np.abs(np.diff(xy_px, axis=0)).max(axis=1) < _STANDING_PX).any():
        return is_left_behind
    first = 0
    for k in range(1, len(frames) + 1):
        if k < len(frames) and _stands_on(frames, xy_px, first, k):
            continue
        if 1 < k - first <= _MOST_STANDING and _arrives_at_speed(frames, xy_px, first):
            is_left_behind[first + 1 : k] = True
            is_left_behind[first] = _is_elsewhere(frames, xy_px, first)
        first = k
    return is_left_behind


def _stands_on(frames: NDArray[np.int64], xy_px: Float64, first: int, k: int) -> bool:
    is_near = float(np.abs(xy_px[k] - xy_px[first]).max()) < _STANDING_PX
    return is_near and bool(frames[k] - frames[k - 1] <= _SKIPPED_FRAMES)


def _arrives_at_speed(frames: NDArray[np.int64], xy_px: Float64, k: int) -> bool:
    before = k - 1
    while before > 0 and frames[k] - frames[before] < _SPEED_FRAMES:
        before -= 1
    if before < 0:
        return False
    way = float(np.linalg.norm(xy_px[k] - xy_px[before]))
    return way >= _MOVING_PX * float(frames[k] - frames[before])


def _is_elsewhere(frames: NDArray[np.int64], xy_px: Float64, k: int) -> bool:
    if k < 2:
        return False
    share = float(frames[k] - frames[k - 1]) / float(frames[k - 1] - frames[k - 2])
    ahead_px = xy_px[k - 1] + share * (xy_px[k - 1] - xy_px[k - 2])
    return float(np.linalg.norm(xy_px[k] - ahead_px)) > _OFF_PX
