"""An incident's evidence folder as pages need it: what it says of its clip, and how its camera saw the facade."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from edgecv.calibration.camera import camera_of
from edgecv.config import load_box
from edgecv.errors import EdgecvError
from edgecv.geometry import FacadePlan, PinholeCamera
from edgecv.incidents.rerun import BOX_FILE
from edgecv.incidents.sealing import RECORD

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How a camera saw its facade, as the evidence itself says.

    Attributes:
        camera: solved from the calibration in the bundle.
        plan: floors and windows of the facade it is calibrated on, with those beside it.
    """

    camera: PinholeCamera
    plan: FacadePlan

    def face(self, name: str | None) -> tuple[FacadePlan, PinholeCamera]:
        """A facade by name, with the camera in its coordinates; the camera's own where it is not known."""
        faces = self.plan.faces(self.camera)
        return next((face for face in faces if name is not None and face[0].name == name), faces[0])

    def outline(self, facade: str | None, floor: int, window: str | None) -> Float64 | None:
        """Corners ``(4, 2)``, pixels, of a window, or of a floor from the first window to the last.

        None where it cannot be seen or is not there.
        """
        plan, camera = self.face(facade)
        if not 1 <= floor <= plan.floor_count or not plan.windows:
            return None
        spans = plan.windows if window is None else [span for span in plan.windows if span.name == window]
        if not spans:
            return None
        foot, top = plan.floor_span_m(floor)
        return quad(camera, spans[0].left_m, spans[-1].right_m, foot, top)


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
    marks = tuple(_mark(folder / name) for name in (RECORD, BOX_FILE, "strobe.jpg"))
    return _read(folder, marks)


def quad(camera: PinholeCamera, left: float, right: float, foot: float, top: float, out: float = 0.0) -> Float64 | None:
    """Corners ``(4, 2)``, pixels, of a rectangle ``out`` metres before the facade; None where it cannot be seen."""
    corners = np.array([[left, foot, out], [right, foot, out], [right, top, out], [left, top, out]])
    pixels = camera.project(corners)
    return pixels if bool(np.isfinite(pixels).all()) else None


@lru_cache(maxsize=64)
def _read(folder: Path, _marks: tuple[int, ...]) -> Bundle:
    told = _evidence(folder / RECORD)
    name, start = told.get("clip"), told.get("clip_start_s")
    clip = folder / Path(name).name if isinstance(name, str) else None
    size = _size(folder / "strobe.jpg")
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
