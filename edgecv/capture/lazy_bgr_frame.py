"""A decoded picture that is turned into colours only where somebody looks: most of one is never looked at."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edgecv.capture.luma import levels_of, luma_of

Picture = NDArray[np.uint8]
"""``(h, w, 3) uint8``, BGR."""
_CHROMA_2X2 = frozenset({"yuv420p", "yuvj420p"})


class LazyBgrFrame:
    """One picture of a video, upright.

    It holds the decoder's own memory, half of what the colours would need.

    Args:
        frame: as decoded.
        rotation_deg: how it must be turned, counter-clockwise: 0, 90, 180 or 270.
    """

    def __init__(self, frame: VideoFrame, rotation_deg: int = 0) -> None:
        self._frame = frame
        self._turns = rotation_deg // 90 % 4

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, 3."""
        height, width = self._frame.height, self._frame.width
        return (width, height, 3) if self._turns % 2 else (height, width, 3)

    def whole(self) -> Picture:
        """All of it, ``(h, w, 3) uint8`` BGR."""
        return _turned(np.asarray(self._frame.to_ndarray(format="bgr24"), np.uint8), self._turns)

    def luma(self) -> NDArray[np.uint8]:
        """``(h, w) uint8``, upright; it may be a view of the decoder's memory."""
        return luma_of(self._frame, 90 * self._turns)

    @property
    def levels(self) -> tuple[int, int]:
        """Luma of black and of white, as far as this picture tells."""
        return levels_of(self._frame)

    def part(self, left: int, top: int, right: int, bottom: int) -> Picture:
        """The same pixels as ``whole()[top:bottom, left:right]``, at the cost of those pixels."""
        frame = self._frame
        halved = frame.format.name in _CHROMA_2X2 and frame.width % 2 == 0 and frame.height % 2 == 0
        if self._turns or not halved:
            return np.ascontiguousarray(self.whole()[top:bottom, left:right])
        # whole pairs of pixels share their chroma
        x0, y0, x1, y1 = left // 2 * 2, top // 2 * 2, (right + 1) // 2 * 2, (bottom + 1) // 2 * 2
        planes = [_plane(frame, 0)[y0:y1, x0:x1]]
        planes += [_plane(frame, n)[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2] for n in (1, 2)]
        packed = np.concatenate([plane.ravel() for plane in planes]).reshape(-1, x1 - x0)
        cut = VideoFrame.from_ndarray(packed, format=frame.format.name)
        cut.colorspace, cut.color_range = frame.colorspace, frame.color_range
        bgr = np.asarray(cut.to_ndarray(format="bgr24"), np.uint8)
        return np.ascontiguousarray(bgr[top - y0 : bottom - y0, left - x0 : right - x0])


def _plane(frame: VideoFrame, number: int) -> NDArray[np.uint8]:
    plane = frame.planes[number]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: plane.height, : plane.width]


def _turned(picture: Picture, turns: int) -> Picture:
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture
