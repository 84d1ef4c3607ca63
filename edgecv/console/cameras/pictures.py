"""Live pictures: a small one, blurred, for whoever looks; a full clear one for whoever calibrates."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from edgecv.calibration.camera import solved_of
from edgecv.calibration.picture import first_picture
from edgecv.capture.picture_size import PictureError, read_picture
from edgecv.config import Box
from edgecv.config.stream_address import is_recorded
from edgecv.console.cameras.box_file_editor import BoxFileEditor
from edgecv.console.settings import STILL_FRESH_S, STILL_KEPT_S, STILL_WAIT_S
from edgecv.errors import ConfigError, EdgecvError
from edgecv.privacy import FacadeProjection, blurred, wall_mask
from edgecv.privacy.blur import Picture


class NoPictureError(EdgecvError):
    """There is no picture now; says why."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A full clear picture, held in memory only: ``jpeg`` and its size ``(width, height)``."""

    jpeg: bytes
    size: tuple[int, int]
    at_s: float


@dataclass(slots=True)
class _Sight:
    """How a camera's windows are found, for as long as its files do not change."""

    version: tuple[object, ...]
    view: FacadeProjection | None
    size: tuple[int, int]


@dataclass(slots=True)
class LivePictures:
    """Asks the daemon for pictures; one for the whole console.

    Attributes:
        desk: the box's cameras.
    """

    desk: BoxFileEditor
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _snapshots: dict[str, Snapshot] = field(default_factory=dict)
    _blurred_pictures: dict[str, tuple[float, bytes]] = field(default_factory=dict)
    _sights: dict[str, _Sight] = field(default_factory=dict)

    def small(self, camera: str) -> bytes:
        """The newest small picture as JPEG, windows blurred. Asking once keeps pictures coming for ten seconds.

        Raises:
            NoPictureError: there is none (yet).
            ConfigError: the box file is wrong or has no such camera.
        """
        box = self.desk.box()
        source = _recorded(box, camera)
        if source is not None:
            return self._blurred(box, camera, first_picture(source), 0.0)
        files = self.desk.stills(box, camera)
        try:
            files.ask("small")
            path = files.picture("small")
            at_s = path.stat().st_mtime
            if time.time() - at_s > STILL_FRESH_S:
                raise NoPictureError("the last picture is old; the next comes in a second")
            cached = self._blurred_pictures.get(camera)
            if cached is not None and cached[0] == at_s:
                return cached[1]
            picture = read_picture(path)
        except FileNotFoundError as error:
            raise NoPictureError(
                "no picture yet; one comes in a second while the daemon watches this camera"
            ) from error
        except OSError as error:
            raise NoPictureError(f"pictures cannot be asked for ({error.strerror})") from error
        except PictureError as error:
            raise NoPictureError("the picture cannot be read; the next comes in a second") from error
        return self._blurred(box, camera, picture, at_s)

    def take(self, camera: str) -> Snapshot:
        """Take a full clear picture now; who may see it and why is the caller's business.

        Raises:
            NoPictureError: none came.
            ConfigError: the box file is wrong or has no such camera.
        """
        box = self.desk.box()
        source = _recorded(box, camera)
        snapshot = _snapshot(first_picture(source)) if source is not None else self._from_daemon(box, camera)
        with self._lock:
            self._snapshots[camera] = snapshot
        return snapshot

    def last(self, camera: str) -> Snapshot | None:
        """The one that was taken last, if that was not long ago."""
        with self._lock:
            snapshot = self._snapshots.get(camera)
            if snapshot is not None and time.time() - snapshot.at_s > STILL_KEPT_S:
                snapshot = None
                del self._snapshots[camera]
            return snapshot

    def _from_daemon(self, box: Box, camera: str) -> Snapshot:
        files = self.desk.stills(box, camera)
        asked_s = time.time()
        path = files.picture("full")
        try:
            files.ask("full")
            while time.time() - asked_s < STILL_WAIT_S:
                if path.exists() and path.stat().st_mtime >= asked_s:
                    with suppress(PictureError):  # half written
                        return _snapshot(read_picture(path))
                time.sleep(0.1)
        except OSError as error:
            raise NoPictureError(f"pictures cannot be asked for ({error.strerror})") from error
        finally:
            files.wish("full").unlink(missing_ok=True)
        raise NoPictureError(f"no picture came in {STILL_WAIT_S:.0f} s: does the daemon watch this camera?")

    def _blurred(self, box: Box, camera: str, picture: Picture, at_s: float) -> bytes:
        sight = self._sight(box, camera)
        height, width = picture.shape[:2]
        view = None
        if sight.view is not None and abs(width * sight.size[1] - height * sight.size[0]) <= 2 * max(sight.size):
            view = sight.view.scaled(width / sight.size[0])
        scale = None if view is None else view.nearest_px_per_m
        hidden = blurred(picture, wall_mask((width, height), view), scale)
        if width > 960:
            hidden = np.asarray(cv2.resize(hidden, (960, round(height * 960 / width)), interpolation=cv2.INTER_AREA))
        jpeg = cv2.imencode(".jpg", hidden, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes()
        self._blurred_pictures[camera] = (at_s, jpeg)
        return jpeg

    def _sight(self, box: Box, camera: str) -> _Sight:
        """Calibration and floors, solved anew only when their files have changed."""
        file = self.desk.calibration_file(box, camera)
        version = (box.sha256, file.stat().st_mtime_ns if file.exists() else None)
        cached = self._sights.get(camera)
        if cached is None or cached.version != version:
            plan, calibration = self.desk.plan(box, camera), self.desk.calibration(box, camera)
            view, size = None, (0, 0)
            if calibration is not None and plan is not None:
                size = (int(calibration.image_size[0]), int(calibration.image_size[1]))
                try:
                    view = FacadeProjection(solved_of(calibration, plan).camera, plan)
                except ConfigError:
                    view = None  # everything is blurred then
            cached = self._sights[camera] = _Sight(version, view, size)
        return cached


def _recorded(box: Box, camera: str) -> Path | None:
    """The file of a camera that is one: a recording, or a picture to calibrate on."""
    source = box.camera(camera).settings.source
    path = box.path.parent / source
    return path if is_recorded(source) and path.is_file() else None


def _snapshot(picture: Picture) -> Snapshot:
    jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    return Snapshot(jpeg, (picture.shape[1], picture.shape[0]), time.time())
