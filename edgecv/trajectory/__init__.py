"""From paths to physics: a track comes in; out comes the fall that explains it, where it came from and how heavy it is.

A fall with quadratic drag and wind is fitted to the image path; gravity gives the scale. :func:`explain` returns the
:class:`Fall` with its likelihood ratios, :func:`locate` the floor and window, :func:`estimate_mass` the class.
"""

from edgecv.trajectory.bent_track import BentTrack, bent_track
from edgecv.trajectory.explanation import explain, explain_bent
from edgecv.trajectory.fall import Fall, Likelihoods
from edgecv.trajectory.fall_signs import FallSigns, fall_signs
from edgecv.trajectory.launch import Launches, launches_of
from edgecv.trajectory.mass import MassEstimate, estimate_mass
from edgecv.trajectory.origin import Located, OriginEstimate, locate
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings
from edgecv.trajectory.steady_bound import is_steady_in_space

__all__ = [
    "BentTrack",
    "Fall",
    "FallSigns",
    "Launches",
    "Likelihoods",
    "Located",
    "MassEstimate",
    "OriginEstimate",
    "TrajectorySettings",
    "View",
    "bent_track",
    "estimate_mass",
    "explain",
    "explain_bent",
    "fall_signs",
    "is_steady_in_space",
    "launches_of",
    "locate",
]
