"""A shop's floor at night on video: rats and cockroaches that run, and what must not be taken for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import yaml
from av.video.frame import VideoFrame
from numpy.typing import NDArray

WIDTH, HEIGHT, FPS = 640, 360, 25
FLOOR_Y = 200
"""Above it is the wall."""
SLOT_S = 4.0
_QUIET_S = 2.0
_SHARPNESS = 8  # OpenCV draws with three bits below the pixel
Image = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Act:
    """What happens in one slot of four seconds; ``is_animal`` is the truth."""

    what: str
    is_animal: bool


ANIMALS = (Act("rat", True), Act("cockroach", True), Act("mouse along the wall", True))
OTHERS = (
    Act("flickering lamp", False),
    Act("falling tin", False),
    Act("watchman", False),
    Act("moth about the lamp", False),
    Act("plant in a draught", False),
    Act("nothing", False),
)


def acts_of(count: int, seed: int) -> list[Act]:
    """An animal, something else, an animal, ...: so many of each."""
    rng = np.random.default_rng(seed)
    acts: list[Act] = []
    for number in range(count):
        acts += [ANIMALS[number % len(ANIMALS)], OTHERS[int(rng.integers(0, 97) + number) % len(OTHERS)]]
    return acts


def write_floor(folder: Path, acts: list[Act], seed: int) -> Path:
    """Write ``floor.mp4``, ``truth.jsonl`` and ``box.yaml``; the video's path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "floor.mp4"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "23", "preset": "veryfast", "g": str(2 * FPS)}
        for number, image in enumerate(_frames(acts, seed)):
            frame = VideoFrame.from_ndarray(image, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    truth = [{"what": act.what, "start_s": SLOT_S * (1 + n), "animal": act.is_animal} for n, act in enumerate(acts)]
    (folder / "truth.jsonl").write_text("".join(json.dumps(line) + "\n" for line in truth))
    box = {"site": "simulated", "devices": {"simulated": settings_of(path)}}
    (folder / "box.yaml").write_text(yaml.safe_dump(box, sort_keys=False))
    return path


def settings_of(video: Path) -> dict[str, Any]:
    """The box file's section for such a video, closed all day."""
    return {
        "kind": "animals",
        "source": str(video.absolute()),
        "floor": [[0, FLOOR_Y], [WIDTH - 1, FLOOR_Y], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]],
        "closed": {"begins": "00:00", "ends": "00:00"},
        "quiet_s": _QUIET_S,
        "alarms_per_hour": 1000,
    }


def _frames(acts: list[Act], seed: int) -> Iterator[NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    room: Image = np.asarray(
        cv2.GaussianBlur(rng.uniform(60.0, 120.0, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 2.0), np.float32
    )
    room[FLOOR_Y:] = room[FLOOR_Y:] - np.float32(15.0)
    shot = cv2.GaussianBlur(rng.normal(0.0, 4.0, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 0.7)
    phase = rng.uniform(0.0, 6.28, len(acts) + 1)
    for number in range(round(FPS * SLOT_S * (len(acts) + 1))):
        t_s = number / FPS
        slot = int(t_s // SLOT_S)
        image: Image = room.astype(np.float32)
        if slot >= 1:
            _draw(image, acts[slot - 1].what, t_s - slot * SLOT_S, float(phase[slot]))
        noise = np.roll(shot, tuple(rng.integers(0, 300, 2)), (0, 1))
        yield np.clip(image + noise, 0.0, 255.0).astype(np.uint8)


def _draw(image: Image, what: str, t_s: float, phase: float) -> None:
    """One picture of an act, ``t_s`` seconds into it."""
    wander = 6.0 * np.sin(2.0 * t_s + phase)
    if what == "rat":
        _blob(image, 30.0 + 150.0 * t_s, 290.0 + wander, 9.0, 4.5, -40.0)
    elif what == "cockroach":
        _blob(image, 600.0 - 70.0 * t_s, 330.0 + 2.0 * wander, 3.0, 2.0, -45.0)
    elif what == "mouse along the wall":
        _blob(image, 620.0 - 110.0 * t_s, FLOOR_Y + 14.0, 5.0, 3.0, 35.0)
    elif what == "flickering lamp":
        image += 14.0 * np.sin(9.0 * t_s + phase)
        _blob(image, 320.0, 300.0, 20.0, 8.0, 30.0 * np.sin(40.0 * t_s))
    elif what == "falling tin" and t_s < 1.0:
        _blob(image, 300.0, 20.0 + 320.0 * t_s * t_s, 6.0, 6.0, 50.0)
    elif what == "watchman":
        _blob(image, 40.0 + 90.0 * t_s, 190.0, 35.0, 110.0, -35.0)
    elif what == "moth about the lamp":
        x, y = 320.0 + 14.0 * np.sin(11.0 * t_s), 260.0 + 10.0 * np.sin(17.0 * t_s + phase)
        _blob(image, x, y, 3.0, 3.0, 40.0)
    elif what == "plant in a draught":
        for leaf in range(5):
            sway = 5.0 * np.sin(3.0 * t_s + leaf)
            _blob(image, 500.0 + 15.0 * leaf + sway, 230.0 + 8.0 * leaf, 7.0, 3.0, -30.0)


def _blob(image: Image, x: float, y: float, a: float, b: float, level: float) -> None:
    """Add an ellipse of some brightness; half axes in pixels."""
    left, right = max(0, int(x - a) - 2), min(WIDTH, int(x + a) + 3)
    top, bottom = max(0, int(y - b) - 2), min(HEIGHT, int(y + b) + 3)
    if left >= right or top >= bottom:
        return
    shape = np.zeros((bottom - top, right - left), np.uint8)
    centre = (round((x - left) * _SHARPNESS), round((y - top) * _SHARPNESS))
    axes = (max(1, round(a * _SHARPNESS)), max(1, round(b * _SHARPNESS)))
    cv2.ellipse(shape, centre, axes, 0.0, 0.0, 360.0, 255.0, -1, cv2.LINE_AA, 3)
    image[top:bottom, left:right] += level / 255.0 * shape
