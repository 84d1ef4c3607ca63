"""Averaging away what is not to be seen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.privacy.settings import BLUR_M, BLUR_SHARE, FACE_M, FACE_PX, UNKNOWN_BLOCK_PX

Picture = NDArray[np.uint8]
Mask = NDArray[np.uint8]


def blurred(picture: Picture, mask: Mask, scale_px_per_m: float | None) -> Picture:
    """The picture ``(h, w, 3) uint8`` with all that the mask does not show averaged away.

    Args:
        picture: BGR.
        mask: ``(h, w) uint8``; 255 may be shown.
        scale_px_per_m: at the facade, where it is known: a block is then wider than a face.
    """
    height, width = picture.shape[:2]
    block = max(8.0, BLUR_SHARE * height, BLUR_M * (scale_px_per_m or 0.0))
    small = (max(1, round(width / block)), max(1, round(height / block)))
    coarse = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    averaged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    # a face that is sharp enough to know somebody by is made coarser, in the origin's window too
    finest = UNKNOWN_BLOCK_PX if scale_px_per_m is None else scale_px_per_m * FACE_M / FACE_PX
    visible = picture
    if finest > 1.0:
        few = (max(1, round(width / finest)), max(1, round(height / finest)))
        coarser = cv2.resize(picture, few, interpolation=cv2.INTER_AREA)
        visible = cv2.resize(coarser, (width, height)).astype(np.uint8)
    return np.where(mask[..., None] > 0, visible, averaged).astype(np.uint8)
