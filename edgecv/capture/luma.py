"""The brightness of a decoded picture, without its colours."""

from __future__ import annotations

from functools import cache

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from numpy.typing import NDArray

_PLANAR_LUMA = ("yuv4", "yuvj4", "nv12", "nv21", "gray")  # 8-bit formats whose first plane is the luma


@cache
def _begins_with_luma(format_name: str) -> bool:
    return format_name.startswith(_PLANAR_LUMA) and VideoFormat(format_name).components[0].bits == 8


def luma_of(picture: VideoFrame, rotation_deg: int) -> NDArray[np.uint8]:
    """Return the upright luma ``(h, w) uint8``: a view of the decoder's memory where the format allows, else a copy."""
    if _begins_with_luma(picture.format.name):
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        luma = rows[: picture.height, : picture.width]
    else:
        luma = np.asarray(picture.to_ndarray(format="gray"), np.uint8)
    return np.ascontiguousarray(np.rot90(luma, rotation_deg // 90)) if rotation_deg else luma
