"""Small videos of a facade, as a camera would send them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

UInt8 = NDArray[np.uint8]


def facade(width: int = 640, height: int = 360, seed: int = 1) -> UInt8:
    """A wall with windows that are no two alike, ``(h, w) uint8``."""
    random = np.random.default_rng(seed)
    picture = np.full((height, width), 150, np.uint8)
    for y in range(20, height - 30, 45):
        for x in range(15, width - 40, 53):
            dx, dy = random.integers(0, 12, 2)
            w, h = random.integers(16, 32, 2)
            picture[y + dy : y + dy + h, x + dx : x + dx + w] = random.integers(20, 110)
    return picture


def noisy(picture: UInt8, sd: float, seed: int) -> UInt8:
    noise = np.random.default_rng(seed).normal(0.0, sd, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def blurred(picture: UInt8, sd_px: float) -> UInt8:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sd_px), np.uint8)


def write_video(
    path: Path, pictures: int = 50, fps: int = 25, gop: int = 25, b_frames: int = 0, size: tuple[int, int] = (640, 360)
) -> Path:
    still = facade(*size)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = still.shape[1], still.shape[0], "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.options = {
            "preset": "ultrafast", "crf": "18", "g": str(gop), "keyint_min": str(gop),
            "bf": str(b_frames), "sc_threshold": "0",
        }  # fmt: skip
        for number in range(pictures):
            frame = av.VideoFrame.from_ndarray(noisy(still, 2.0, number), format="gray").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
