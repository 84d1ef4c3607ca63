"""A quarter of an hour of a busy day, for want of another clip: a fall every forty seconds, people, birds, leaves.

It is longer than the daemon remembers paths: what falls in the same way again and again is water or a machine's doing.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import av

from edgecv.capture.packets import AnyPacket, copied
from edgecv.simulation import Scene, random_scene
from edgecv.simulation.random_scene import scene_yaml
from edgecv.simulation.site import write_box
from edgecv.simulation.video import write_part

SECONDS = 976.0
_PART_S = 61.0 * 2.0  # whole groups of pictures
_KBPS = 2800


def busy_scene(seconds: float = SECONDS, size: tuple[int, int] = (1920, 1080)) -> Scene:
    """One tower at 25 frames a second and some 2.5 Mbit/s."""
    return random_scene(
        3,
        size=size,
        duration_s=seconds,
        objects={"every_s": 40.0, "size_px": (4.0, 16.0), "contrast": (25.0, 90.0)},
        nuisances={"birds": 0.5, "people": 0.5, "curtains": 0.5, "leaves": 0.3},
        codec={"preset": "veryfast", "kbps": _KBPS},
        name="busy",
    )


def busy_clip(folder: Path, scene: Scene | None = None, part_s: float = _PART_S) -> tuple[Path, Path]:
    """Render the clip on all cores, unless it is there already; return it and its box file.

    Args:
        folder: where it is kept.
        scene: another one than :func:`busy_scene`.
        part_s: how much of it one process renders.
    """
    scene = scene or busy_scene()
    name = f"busy-{sha256(scene_yaml(scene).encode()).hexdigest()[:8]}"
    clip, box = folder / f"{name}.mp4", folder / f"{name}.box.yaml"
    if not clip.exists():
        print(f"rendering {scene.duration_s / 60.0:.1f} minutes of a busy day to {clip}, once", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        write_box(scene, clip.name, box, folder / f"{name}.calibration.yaml", scene.name)
        starts = [n * part_s for n in range(math.ceil(scene.duration_s / part_s))]
        parts = [folder / f".part-{n}.mp4" for n in range(len(starts))]
        # forked: the scene need not be pickled
        with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
            list(pool.map(write_part, [scene] * len(starts), parts, starts, [start + part_s for start in starts]))
        aside = clip.with_name(f".{clip.name}")
        _join(parts, starts, aside)
        aside.replace(clip)
        for part in parts:
            part.unlink()
    return clip, box


def _join(parts: list[Path], starts_s: list[float], target: Path) -> None:
    """One after the other, packets copied: all were compressed with the same settings."""
    with av.open(str(target), "w", format="mp4") as writer:
        out = None
        for path, start_s in zip(parts, starts_s, strict=True):
            with av.open(str(path)) as reader:
                stream = reader.streams.video[0]
                base = stream.time_base
                assert base is not None
                out = out or writer.add_stream_from_template(stream)
                for packet in reader.demux(stream):
                    if packet.size:
                        moved: AnyPacket = copied(packet, base, -round(start_s / base), out)
                        writer.mux(moved)
