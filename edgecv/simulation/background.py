"""What a scene plays before: the drawn facade, a picture, or a video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecv.capture import VideoFile
from edgecv.capture.picture_size import is_picture, read_picture
from edgecv.errors import InputError
from edgecv.simulation.facade_picture import draw_background
from edgecv.simulation.scene import Scene

Float32 = NDArray[np.float32]
_PICTURES = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}


class Background:
    """Gives a fresh picture to draw on for each frame, in order of time."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._still: Float32 | None = None
        self._video: Iterator[Float32] | None = None
        path = scene.background
        if path is None:
            self._still = draw_background(scene)
        elif path.suffix.lower() in _PICTURES:
            self._still = _fitted(_luma(path), scene.size)
        else:
            self._video = self._frames()

    def at(self, t_s: float) -> Float32:
        """The picture before which the frame at ``t_s`` plays, ``(h, w) float32``, to be drawn on."""
        del t_s  # a video is played frame by frame, whatever its own rate
        if self._still is not None:
            return self._still.copy()
        assert self._video is not None
        return next(self._video)

    def _frames(self) -> Iterator[Float32]:
        """The video's frames, over and over."""
        assert self._scene.background is not None
        while True:
            count = 0
            with VideoFile(self._scene.background) as video:
                for frame in video:
                    count += 1
                    yield _fitted(np.asarray(frame.luma, np.uint8), self._scene.size)
            if count == 0:
                raise InputError(f"{self._scene.background}: the background video has no frames; choose another")


def _luma(path: Path) -> NDArray[np.uint8]:
    try:
        if is_picture(path):
            return read_picture(path, grey=True)
        with VideoFile(path) as still:  # BMP, TIFF, WebP
            return np.asarray(next(iter(still)).luma, np.uint8)
    except (OSError, InputError) as error:
        raise InputError(
            f"{path}: the background is not a picture that can be read; check the path ({error})"
        ) from error


def _fitted(luma: NDArray[np.uint8], size: tuple[int, int]) -> Float32:
    """Scaled to fill ``size``, what stands over cut away evenly."""
    h, w = luma.shape
    scale = max(size[0] / w, size[1] / h)
    large = (max(size[0], round(w * scale)), max(size[1], round(h * scale)))
    kind = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    full = cv2.resize(luma, large, interpolation=kind)
    x0, y0 = (large[0] - size[0]) // 2, (large[1] - size[1]) // 2
    return np.ascontiguousarray(full[y0 : y0 + size[1], x0 : x0 + size[0]], np.float32)
