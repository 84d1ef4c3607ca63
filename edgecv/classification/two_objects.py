"""A fall that is seen only where the tracks of two things were joined, as of two flakes in heavy snow, is doubted."""

from __future__ import annotations

from dataclasses import replace

from edgecv.classification.settings import ClassificationSettings
from edgecv.classification.verdict import Verdict
from edgecv.messages import verdict as messages
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.joined_pieces import joined_log_ratio
from edgecv.trajectory.settings import TrajectorySettings


def doubt_two_objects(
    verdict: Verdict, fall: Fall, trajectory: TrajectorySettings, settings: ClassificationSettings
) -> Verdict:
    """Return the verdict; a candidate where two unrelated motions explain an incident's path as well.

    Args:
        verdict: what physics, and whoever else was asked, say.
        fall: the fall it is about.
        trajectory: priors and limits of the comparison.
        settings: the ratio that an incident needs.
    """
    if verdict.tier != "incident":
        return verdict
    ratio = joined_log_ratio(fall, trajectory)
    if ratio is None or ratio >= settings.incident_ratio:
        return verdict
    reasons = (messages.TWO_OBJECTS(ratio=ratio),)
    return replace(verdict, tier="candidate", p=0.5, labels={"thrown_object": 0.5, "other": 0.5}, reasons=reasons)
