"""What to evaluate: videos and scenes from the paths a user names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".mov", ".m4v", ".ts", ".webm", ".flv", ".h264", ".h265", ".hevc"})
_SCENE_SUFFIXES = frozenset({".yaml", ".yml"})
_NOT_SCENES = ("box.yaml", "calibration.yaml")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What was found.

    Attributes:
        videos: in the order named, each once.
        scenes: scene files, to be rendered first.
        problems: one line for each path that gives nothing.
    """

    videos: tuple[Path, ...]
    scenes: tuple[Path, ...]
    problems: tuple[str, ...]


def collect(paths: Iterable[Path]) -> Inputs:
    """Return the videos and scenes behind paths; folders are searched through.

    In a folder, box and calibration files are no scenes, and a scene whose video ``NAME.mp4`` lies beside it is
    already rendered. A file that is named is taken whatever it is called.
    """
    videos: dict[Path, None] = {}
    scenes: dict[Path, None] = {}
    problems: list[str] = []
    for path in paths:
        if path.is_dir():
            files = [p for p in sorted(path.rglob("*")) if p.is_file() and not p.name.startswith(".")]
            new_videos = [p for p in files if p.suffix.lower() in VIDEO_SUFFIXES]
            new_scenes = [p for p in files if _is_scene(p)]
            if not new_videos and not new_scenes:
                problems.append(f"{path}: holds no video and no scene; name a folder that does")
            videos |= dict.fromkeys(new_videos)
            scenes |= dict.fromkeys(new_scenes)
        elif not path.exists():
            problems.append(f"{path}: does not exist; check the path")
        elif path.suffix.lower() in _SCENE_SUFFIXES:
            scenes[path] = None
        else:
            videos[path] = None
    return Inputs(tuple(videos), tuple(scenes), tuple(problems))


def _is_scene(path: Path) -> bool:
    if path.suffix.lower() not in _SCENE_SUFFIXES or path.name.endswith(_NOT_SCENES):
        return False
    return not path.with_suffix(".mp4").exists()
