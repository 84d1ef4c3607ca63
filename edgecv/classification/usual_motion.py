"""Falls that go the way that things go here all day: a street, a flight path, a drip, a lift.

Beside this stand two neighbours. :class:`~edgecv.classification.water.RepeatedPaths` knows the very paths of the last
quarter of an hour; it catches a tap at once and forgets it as fast. The map knows no path but ways, for days; it learns
a street within an hour or so. Either doubt is enough, and none takes back the other's.
"""

from __future__ import annotations

from dataclasses import replace

from edgecv.classification.verdict import Verdict
from edgecv.messages import verdict as messages
from edgecv.motion_map import MotionMap
from edgecv.trajectory.fall import Fall


def doubt_usual_motion(verdict: Verdict, fall: Fall, motion_map: MotionMap) -> Verdict:
    """Return the verdict; at most a candidate where nearly all of the fall follows usual motion.

    Ask before the fall's own track is learnt. What crosses usual motion is not touched: a brick that falls past a
    facade and over a street below it follows the street in its last metres only.

    Args:
        verdict: what physics, and whoever else was asked, say.
        fall: the fall it is about.
        motion_map: of its camera.
    """
    if verdict.tier == "rejected":
        return verdict
    usual = motion_map.usual(fall.path.points, fall.track.picture_size_px)
    if not motion_map.follows(usual):
        return verdict
    reasons = (*verdict.reasons, messages.USUAL_MOTION(rate=usual.rate_per_hour))
    if verdict.tier == "candidate":
        return replace(verdict, reasons=reasons)
    return Verdict("candidate", "thrown_object", 0.5, {"thrown_object": 0.5, "other": 0.5}, reasons)
