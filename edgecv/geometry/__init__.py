"""The camera and the facade it sees: pinhole camera, floors and windows, and the calibration that ties them."""

from edgecv.geometry.camera import PinholeCamera, looking_at
from edgecv.geometry.facade import FacadePlan, Neighbour, WindowSpan
from edgecv.geometry.solve import SolvedCamera, solve_camera

__all__ = ["FacadePlan", "Neighbour", "PinholeCamera", "SolvedCamera", "WindowSpan", "looking_at", "solve_camera"]
