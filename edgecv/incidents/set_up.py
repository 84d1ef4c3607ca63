"""The camera as its box had it: ``box.yaml`` and ``calibration.yaml`` of a bundle, whoever wrote them."""

from __future__ import annotations

from pathlib import Path

from edgecv.calibration.camera import camera_of
from edgecv.config import load_box
from edgecv.errors import ConfigError
from edgecv.incidents.evidence_names import SET_UP, SET_UP_BYTES
from edgecv.replay import ReplayCamera

BOX_FILE, CALIBRATION_FILE = SET_UP


def camera_in(folder: Path) -> ReplayCamera | None:
    """The camera of a bundle; None where the folder does not tell.

    Raises:
        ConfigError: a file is wrong, is longer than any box writes, or names a file that is not in the bundle.
    """
    path = folder / BOX_FILE
    if not path.exists():
        return None
    for file in (path, folder / CALIBRATION_FILE):
        if file.exists() and (file.is_symlink() or not file.is_file() or file.stat().st_size > SET_UP_BYTES):
            raise ConfigError(f"{file}: is not a plain file of {SET_UP_BYTES // 1024} KB at most, as boxes write it")
    named = {camera.calibration for camera in load_box(path, with_calibrations=False).settings.cameras.values()}
    if named - {None, CALIBRATION_FILE}:
        raise ConfigError(f"{path}: names another calibration than the {CALIBRATION_FILE} beside it")
    return camera_of(load_box(path), None).camera
