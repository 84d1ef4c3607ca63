"""The camera as its box had it: ``box.yaml`` and ``calibration.yaml`` of a bundle, whoever wrote them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from edgecv.calibration.calibrated_camera import CalibratedCamera
from edgecv.calibration.camera import camera_of
from edgecv.config import load_box
from edgecv.config.calibration import Calibration
from edgecv.errors import ConfigError
from edgecv.evidence.file_names import SET_UP, SET_UP_BYTES

BOX_FILE, CALIBRATION_FILE = SET_UP
QUICK_POINTS = 100
"""Solved in half a second whatever they are; 1,600 points that fit nothing take minutes."""


def camera_in(folder: Path, *, quick: bool = False) -> CalibratedCamera | None:
    """The camera of a bundle; None where the folder does not tell.

    Args:
        folder: the bundle.
        quick: solve it from ``QUICK_POINTS`` of its points, which is good enough to draw with, for somebody who waits.

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
    box = load_box(path)
    if quick:
        box = replace(box, calibrations={name: _thinned(calibration) for name, calibration in box.calibrations.items()})
    return camera_of(box, None).camera


def _thinned(calibration: Calibration) -> Calibration:
    """With a part of the points, the same ones each time: any rule as simple as each tenth may pick one column."""
    fewer = {
        name: tuple(Random(0).sample(marks, min(len(marks), QUICK_POINTS)))
        for name, marks in (("points", calibration.points), ("verticals", calibration.verticals))
    }
    return (
        calibration
        if len(calibration.points) + len(calibration.verticals) <= QUICK_POINTS
        else calibration.model_copy(update=fewer)
    )
