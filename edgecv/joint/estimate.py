"""The posterior of one launch from the paths of several cameras."""

from __future__ import annotations

from collections.abc import Sequence

from edgecv.geometry.facade import FacadePlan
from edgecv.joint.camera_path import CameraPath
from edgecv.joint.joint_problem import JointLaunchProblem
from edgecv.joint.settings import JointSettings
from edgecv.trajectory.launch import Launches, posterior_of
from edgecv.trajectory.settings import TrajectorySettings


def joint_launches(
    paths: Sequence[CameraPath],
    plan: FacadePlan,
    settings: TrajectorySettings | None = None,
    joint_settings: JointSettings | None = None,
) -> Launches | None:
    """Return the posterior of the launch that all paths began with, or None where nothing explains them.

    Args:
        paths: of one fall by one camera each; the first one's clock counts, and a single path is one camera's posterior
            with the same errors.
        plan: the facade in whose coordinates the cameras are.
        settings: priors of the launch.
        joint_settings: priors of what cameras add.
    """
    problem = JointLaunchProblem(paths, settings or TrajectorySettings(), joint_settings or JointSettings())
    return posterior_of(problem, plan)
