"""An incident's evidence folder as pages need it: what it says of its clip, and how its camera saw the facade."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from edgecv.audit.bundle_calibration import camera_in
from edgecv.capture.picture_size import check_size, picture_size
from edgecv.errors import EdgecvError
from edgecv.evidence.file_names import CLIPS, PICTURE_BYTES, SET_UP, TEXT_BYTES
from edgecv.evidence.manifest import blurred_name
from edgecv.evidence.sealing import RECORD
from edgecv.privacy import FacadeProjection
from edgecv.untrusted import read_json

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
    view: FacadeProjection | None


def read_bundle(folder: Path | None) -> Bundle | None:
    """The bundle in a folder, or None where there is none (yet, or any more)."""
    if folder is None or not folder.is_dir():
        return None
    marks = tuple(_mark(folder / name) for name in (RECORD, *SET_UP, *_STROBES, *CLIPS))
    return _read(folder, marks)


@lru_cache(maxsize=64)
def _read(folder: Path, _marks: tuple[int, ...]) -> Bundle:
    evidence = _evidence(folder / RECORD)
    name, start = evidence.get("clip"), evidence.get("clip_start_s")
    clip = folder / name if name in CLIPS else None
    size = next((size for name in _STROBES if (size := _size(folder / name)) is not None), None)
    return Bundle(
        folder,
        clip if clip is not None and clip.is_file() else None,
        float(start) if isinstance(start, int | float) else None,
        size,
        _view(folder, size),
    )


def _mark(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _evidence(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > TEXT_BYTES:
            return {}
        section = read_json(path.read_bytes(), max_bytes=TEXT_BYTES)["evidence"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return section if isinstance(section, dict) else {}


def _size(picture: Path) -> tuple[int, int] | None:
    """By the header alone; None where there is no picture, or one that is too large to be decoded."""
    try:
        with picture.open("rb") as file:
            size = picture_size(file.read(PICTURE_BYTES))
        if size is not None:
            check_size(size, picture.name)
    except (EdgecvError, OSError):
        return None
    return size


def _view(folder: Path, size: tuple[int, int] | None) -> FacadeProjection | None:
    try:
        camera = camera_in(folder, quick=True)
    except (EdgecvError, OSError):
        return None
    if camera is None or camera.pinhole is None or camera.plan is None or camera.image_size not in {None, size}:
        return None
    return FacadeProjection(camera.pinhole, camera.plan)
