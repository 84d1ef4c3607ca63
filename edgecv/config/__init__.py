"""The box file and the calibration files: in comes a path, out comes a checked ``Box`` or every problem in one go."""

from edgecv.config.box import Box, CameraSetup
from edgecv.config.calibration import Calibration
from edgecv.config.camera import Camera
from edgecv.config.facade import Facade, Floor, Window
from edgecv.config.hub import Hub
from edgecv.config.load import CheckReport, check_box, load_box, load_calibration, load_hub
from edgecv.config.problems import ConfigProblems

__all__ = [
    "Box",
    "Calibration",
    "Camera",
    "CameraSetup",
    "CheckReport",
    "ConfigProblems",
    "Facade",
    "Floor",
    "Hub",
    "Window",
    "check_box",
    "load_box",
    "load_calibration",
    "load_hub",
]
