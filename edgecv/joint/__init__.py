"""Two cameras, one fall: paths of partners come in; out come the falls that both saw, with one launch each.

Cameras whose calibrations are in one facade's coordinates are partners. :func:`associate` says which of their paths
are one fall, by one launch, one drag, one wind and one clock; :func:`joint_launches` is the posterior of its launch.
"""

from edgecv.joint.association import JointFall, associate
from edgecv.joint.camera_path import CameraPath
from edgecv.joint.estimate import JointPosterior, joint_launches
from edgecv.joint.settings import JointSettings

__all__ = ["CameraPath", "JointFall", "JointPosterior", "JointSettings", "associate", "joint_launches"]
