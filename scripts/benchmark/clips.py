"""The clips that are measured on: rendered once, kept in a folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from edgecv.simulation import random_scene, write_scene
from edgecv.simulation.scene import Codec

FPS = 25.0
SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160)}
_KBPS = {"1080p": 4000, "4K": 8000}  # what cameras are usually set to


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip: what it is called in the table, and its file."""

    name: str
    path: Path


def render_clips(folder: Path, seconds: float, quick: bool) -> list[Clip]:
    """Render what is not there yet; the last one is the quiet 1080p scene in heavy rain.

    Args:
        folder: where the clips are kept; those of another length are not taken.
        seconds: length of a clip.
        quick: 1080p only.
    """
    sizes = ("1080p",) if quick else tuple(SIZES)
    clips = [_clip(folder, size, codec, "quiet", seconds) for size in sizes for codec in ("h264", "h265")]
    clips.append(_clip(folder, "1080p", "h264", "rain", seconds))
    return clips


def _clip(folder: Path, size: str, codec: str, weather: str, seconds: float) -> Clip:
    name = f"bench-{size}-{codec}-{weather}-{seconds:g}s"
    clip = Clip(
        f"{size} {'H.264' if codec == 'h264' else 'H.265'}{', heavy rain' if weather == 'rain' else ''}",
        folder / f"{name}.mp4",
    )
    if clip.path.exists():
        return clip
    print(f"rendering {name}", flush=True)
    scene = random_scene(
        7,
        conditions=("day", "rain") if weather == "rain" else ("day",),
        nuisances={"rain": 3.0} if weather == "rain" else {},
        objects=max(1, round(seconds / 6.0)),
        size=SIZES[size],
        fps=FPS,
        duration_s=seconds,
        name=f".part-{name}",
    )
    scene = replace(scene, codec=Codec(codec, kbps=_KBPS[size], preset="veryfast" if codec == "h264" else "ultrafast"))
    files = write_scene(scene, folder)
    for other in (files.truth, files.box, files.calibration):
        other.unlink()
    files.video.rename(clip.path)  # last, so that a rendering that was interrupted is not taken for a clip
    return clip
