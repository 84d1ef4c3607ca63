"""The brightness of a decoded picture, without its colours."""

from __future__ import annotations

from functools import cache

import numpy as np
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

LIMITED, FULL = (16, 235), (0, 255)
"""Luma of black and of white: of broadcasting (ITU-R BT.709), and where all 8 bits are used."""
_OVERSHOOT, _BEYOND = 6, 0.01
"""Sharpening and codecs overshoot a limited range by a little, or in few pixels."""
_FULL_RANGE_FORMATS = ("yuvj", "gray")
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


def levels_of(picture: VideoFrame) -> tuple[int, int]:
    """Return black and white in what :func:`luma_of` gives.

    What a stream leaves open is limited, as its standard says, unless the picture goes beyond that: some cameras use
    the full range and do not say so. Formats that are converted come out with the full range.
    """
    name, stated = picture.format.name, picture.color_range
    if not _begins_with_luma(name) or stated == ColorRange.JPEG:
        return FULL
    if stated == ColorRange.MPEG:
        return LIMITED
    if name.startswith(_FULL_RANGE_FORMATS):
        return FULL
    sample = luma_of(picture, 0)[::4, ::4]
    beyond = (sample < LIMITED[0] - _OVERSHOOT) | (sample > LIMITED[1] + _OVERSHOOT)
    return FULL if float(np.mean(beyond)) > _BEYOND else LIMITED
