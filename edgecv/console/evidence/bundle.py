"""An incident's evidence folder as pages need it: what it says of its clip, and how its camera saw the facade."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from edgecv.calibration.camera import camera_of
from edgecv.config import load_box
from edgecv.errors import EdgecvError
from edgecv.incidents.manifest import blurred_name
from edgecv.incidents.rerun import BOX_FILE
from edgecv.incidents.sealing import RECORD
from edgecv.privacy import View

_STROBES = ("strobe.jpg", blurred_name("strobe.jpg"))
"""A hub may have the second alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """What lies in the folder.

    Attributes:
        folder: where.
        clip: the clip's path, None where there is none.
        clip_start_s: media time of the clip's first picture.
        size: width and height of its pictures, pixels; None where there are none.
        view: None without a calibration that fits these pictures.
    """

    folder: Path
    clip: Path | None
    clip_start_s: float | None
    size: tuple[int, int] | None
    view: View | None


def read_bundle(folder: Path | None) -> Bundle | None:
    """The bundle in a folder, or None where there is none (yet, or any more)."""
    if folder is None or not folder.is_dir():
        return None
    marks = tuple(_mark(folder / name) for name in (RECORD, BOX_FILE, *_STROBES))
    return _read(folder, marks)


@lru_cache(maxsize=64)
def _read(folder: Path, _marks: tuple[int, ...]) -> Bundle:
    told = _evidence(folder / RECORD)
    name, start = told.get("clip"), told.get("clip_start_s")
    clip = folder / Path(name).name if isinstance(name, str) else None
    size = next((size for name in _STROBES if (size := _size(folder / name)) is not None), None)
    return Bundle(
        folder,
        clip if clip is not None and clip.is_file() else None,
        float(start) if isinstance(start, int | float) else None,
        size,
        _view(folder / BOX_FILE, size),
    )


def _mark(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _evidence(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())["evidence"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _size(picture: Path) -> tuple[int, int] | None:
    try:
        with av.open(str(picture)) as file:  # reads the header alone
            stream = file.streams.video[0]
            return stream.width, stream.height
    except (FFmpegError, OSError, IndexError):
        return None


def _view(path: Path, size: tuple[int, int] | None) -> View | None:
    if not path.is_file():
        return None
    try:
        found = camera_of(load_box(path), None).camera
    except EdgecvError:
        return None
    if found.camera is None or found.plan is None or found.image_size not in {None, size}:
        return None
    return View(found.camera, found.plan)
