"""One camera's map of usual motion across connections and restarts."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from edgecv.durable_files import read_plain, write_atomic
from edgecv.errors import InputError
from edgecv.motion_map import LARGEST_FILE, MotionMap, from_npz, to_npz

_log = logging.getLogger("edgecv.motion_map")
MOTION_MAPS = "motion-maps"
_SAVE_EVERY_S = 600.0
"""A power cut costs ten minutes of passages, of days that count."""


def motion_map_file(state: Path, camera: str) -> Path:
    """Where a camera's map lies."""
    return state / MOTION_MAPS / f"{camera}.npz"


def stored_motion_map(path: Path) -> MotionMap | None:
    """Read a map; None where none is stored.

    Raises:
        OSError: it cannot be read.
        InputError: it is no map, or one of another version.
    """
    try:
        content = read_plain(path, LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    if len(content) > LARGEST_FILE:
        raise InputError("the stored map of usual motion is larger than any")
    return from_npz(content)


class MotionMapStore:
    """Reads the map at the start, saves it now and then; whatever the disk does, the camera goes on.

    Args:
        state: the box's state directory.
        camera: its id.
        lasting: False keeps nothing, as for a recorded file, which shows the same each time it is read.

    Attributes:
        motion_map: the map, which the camera's pipelines go on teaching.
    """

    def __init__(self, state: Path, camera: str, *, lasting: bool = True) -> None:
        self._path = motion_map_file(state, camera)
        self._lasting = lasting
        self.motion_map = self._stored() or MotionMap()
        self._next_save = time.monotonic() + _SAVE_EVERY_S
        self._saved_age_s = self.motion_map.age_s

    def save_when_due(self) -> None:
        """Save where ten minutes have gone by since the last time."""
        if time.monotonic() >= self._next_save:
            self.save()

    def save(self) -> None:
        """Save what was learnt since the last time."""
        self._next_save = time.monotonic() + _SAVE_EVERY_S
        if not self._lasting or self.motion_map.age_s == self._saved_age_s:
            return
        self._saved_age_s = self.motion_map.age_s
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # no wait for the disk: frames come meanwhile, and a file that a power cut damages is set aside
            write_atomic(self._path, to_npz(self.motion_map), flush=False)
        except OSError as error:
            _log.warning("the map of usual motion cannot be saved (%s); what it learns is lost at a restart", error)

    def begin_anew(self, reason: str) -> None:
        """The picture shows other places than before: nothing that was learnt holds."""
        if self.motion_map.age_s > 0.0:
            _log.warning("the map of usual motion begins anew: %s", reason)
            self.motion_map.clear()
            self.save()

    def _stored(self) -> MotionMap | None:
        if not self._lasting:
            return None
        try:
            return stored_motion_map(self._path)
        except (OSError, InputError) as error:
            _log.warning("%s is set aside, and usual motion is learnt anew: %s", self._path, error)
        try:
            self._path.replace(self._path.with_suffix(".damaged"))
        except OSError as error:
            _log.warning("%s cannot be set aside: %s", self._path, error)
        return None
