"""Pictures of a live camera for whoever looks right now: on demand, and gone when nobody looks any more.

Whoever wants a picture touches ``live/CAMERA.SIZE.want`` in the state directory; the camera's worker then writes
``live/CAMERA.SIZE.jpg`` at most once a second, and takes it away when the wish is older than ``WANTED_S``. Nothing is
encoded, and no picture lies about, while nobody looks.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from av.video.frame import VideoFrame

_log = logging.getLogger("edgecv.worker")
WANTED_S = 10.0
"""How long a wish counts: a page asks every second, and a closed one says no goodbye."""
_EVERY_S = 1.0
_SMALL_PX = 960  # width: 40-80 KB a second, and no face can be told in it
Size = Literal["small", "full"]
_QUALITY: dict[Size, int] = {"small": 75, "full": 92}


@dataclass(frozen=True, slots=True)
class SnapshotFiles:
    """Where wish and picture of one camera lie.

    Attributes:
        state: the state directory.
        camera: its id.
    """

    state: Path
    camera: str

    def wish(self, size: Size) -> Path:
        """Touched by whoever wants a picture."""
        return self.state / "live" / f"{self.camera}.{size}.want"

    def picture(self, size: Size) -> Path:
        """The newest picture, if anybody wants one."""
        return self.state / "live" / f"{self.camera}.{size}.jpg"

    def ask(self, size: Size) -> None:
        """Want a picture for the next seconds.

        Raises:
            OSError: the state directory cannot be written.
        """
        wish = self.wish(size)
        wish.parent.mkdir(mode=0o700, exist_ok=True)
        wish.touch(mode=0o600)


class LiveSnapshots:
    """Writes a camera's pictures while somebody wants them; never fails for the disk's sake.

    Args:
        files: where.
    """

    def __init__(self, files: SnapshotFiles) -> None:
        self._files = files
        self._next_s = 0.0
        self._written: set[Size] = set()

    def offer(self, picture: VideoFrame) -> None:
        """Take a decoded picture, or leave it."""
        now = time.monotonic()
        if now < self._next_s:
            return
        self._next_s = now + _EVERY_S
        for size in _QUALITY:
            try:
                if _is_wanted(self._files.wish(size)):
                    _write(self._files.picture(size), picture, size)
                    self._written.add(size)
                elif size in self._written:
                    self._take_away(size)
            except (OSError, ValueError, cv2.error) as error:
                _log.debug("no picture for the console: %s", error)

    def close(self) -> None:
        """Leave no picture behind."""
        for size in tuple(self._written):
            self._take_away(size)

    def _take_away(self, size: Size) -> None:
        self._files.picture(size).unlink(missing_ok=True)
        self._files.wish(size).unlink(missing_ok=True)
        self._written.discard(size)


def _is_wanted(wish: Path) -> bool:
    try:
        return -1.0 < time.time() - wish.stat().st_mtime < WANTED_S
    except FileNotFoundError:
        return False


def _write(path: Path, picture: VideoFrame, size: Size) -> None:
    share = min(1.0, _SMALL_PX / picture.width) if size == "small" else 1.0
    width, height = (max(2, int(side * share) // 2 * 2) for side in (picture.width, picture.height))
    bgr = np.asarray(picture.reformat(width, height, "bgr24").to_ndarray(), np.uint8)
    turns = int(getattr(picture, "rotation", 0) or 0) % 360
    if turns % 90 == 0 and turns:
        bgr = np.asarray(np.ascontiguousarray(np.rot90(bgr, turns // 90)), np.uint8)
    encoded, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY[size]])
    if not encoded:
        return
    aside = path.with_suffix(".part")
    # not flushed to the disk: it is replaced in a second, and worth nothing after a power cut
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
        file.write(jpeg.tobytes())
    aside.replace(path)
