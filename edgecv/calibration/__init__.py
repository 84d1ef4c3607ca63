"""Calibration: marked points, a still with a window grid, or a dropped ball come in; a solved camera goes out.

``camera.camera_of`` solves the calibration that a box file names and returns the :class:`CalibratedCamera` that the
daemon, replay, doctor and audit work with.
"""

from edgecv.calibration.calibrated_camera import CalibratedCamera

__all__ = ["CalibratedCamera"]
