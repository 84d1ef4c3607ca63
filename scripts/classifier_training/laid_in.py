"""Throws laid into real footage: real walls, skies, birds and cars, with objects of which all is known.

What is laid in obeys the simulator's physics before a camera that stands still; a clip is worth that only where its
own camera does.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal
from zlib import crc32

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edgecv.capture import VideoFile
from edgecv.simulation import Scene, write_scene
from edgecv.simulation.random_scene import checked
from edgecv.simulation.scene_builder import build_scene

Variant = Literal["reversed", "upside_down"]
VARIANTS: tuple[Variant, ...] = ("reversed",)
"""Ways to show a clip, to learn more from it: backwards, what drives or flies away comes down, as steadily."""
_SECONDS_A_THROW = 2.5
_CLOCK_HZ = 90_000
_CRF = "16"
"""x264's rate factor of a variant: hardly anything is lost beside what the camera's own encoder has left out."""


def variant_of(clip: Path, variant: Variant, video: Path) -> None:
    """Write a clip shown another way; nothing falls in it.

    Raises:
        InputError: the clip cannot be read.
    """
    with VideoFile(clip) as source:
        # cut to even sides, as 4:2:0 needs
        frames = [(f.t_s, f.luma[: f.luma.shape[0] // 2 * 2, : f.luma.shape[1] // 2 * 2].copy()) for f in source]
    if variant == "reversed":
        end_s = frames[-1][0]
        frames = [(end_s - t_s, luma) for t_s, luma in reversed(frames)]
    else:
        frames = [(t_s, np.ascontiguousarray(luma[::-1])) for t_s, luma in frames]
    _write(video, iter(frames))


def throws_before(background: Path, name: str) -> Scene:
    """Return a scene of random throws before a video; the name decides what is thrown.

    The camera is near enough, or its lens long enough, for its pixels to show what people throw: objects of 2 to 15 px
    in pictures of any size.

    Raises:
        InputError: the video cannot be read.
    """
    with VideoFile(background) as source:
        info = source.info
        seconds = info.duration_s or sum(1 for _ in source) / (info.average_fps or 25.0)
    seed = crc32(name.encode())
    rng = np.random.default_rng([seed, 7])
    width, height = info.width // 2 * 2, info.height // 2 * 2
    away_m = float(rng.uniform(9.0, 32.0))
    px_per_m = float(np.exp(rng.uniform(np.log(16.0), np.log(70.0))))
    focal_px = float(np.clip(px_per_m * away_m, 0.7 * width, 3.5 * width))
    middle_m = float(rng.uniform(0.25, 1.2)) * away_m
    top_m = 1.6 + middle_m + away_m * height / (2.0 * focal_px)
    description = {
        "seed": seed,
        "size": [width, height],
        "fps": round(info.average_fps or 25.0, 3),
        "duration_s": seconds,
        "camera": {
            "position": [0.0, 1.6, away_m],
            "look_at": [float(rng.uniform(-2.0, 2.0)), 1.6 + middle_m, 0.0],
            "focal_px": focal_px,
        },
        "facade": {"floors": int(np.clip(top_m / 3.0 + rng.uniform(0.0, 4.0), 3, 60))},
        "background": str(background.resolve()),
        "objects": {"random": {"count": max(1, round(seconds / _SECONDS_A_THROW))}},
        "noise": 0.5,
        "codec": {"crf": int(rng.integers(17, 24)), "preset": "ultrafast"},
    }
    return build_scene(checked(description, name), name, Path())


def write_throws_before(background: Path, name: str, folder: Path) -> Path:
    """Render :func:`throws_before` with its truth; return the video."""
    return write_scene(throws_before(background, name), folder).video


def _write(video: Path, frames: Iterator[tuple[float, NDArray[np.uint8]]]) -> None:
    with av.open(str(video), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": _CRF, "preset": "ultrafast", "bf": "0"})
        stream.pix_fmt = "yuv420p"
        stream.codec_context.color_range = 2  # full
        stream.time_base = stream.codec_context.time_base = Fraction(1, _CLOCK_HZ)
        stream.thread_count = 1
        for n, (t_s, luma) in enumerate(frames):
            if n == 0:
                stream.height, stream.width = luma.shape
            frame = VideoFrame.from_ndarray(luma, "gray").reformat(format="yuv420p", dst_color_range="JPEG")
            frame.pts, frame.time_base = round(t_s * _CLOCK_HZ), stream.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
