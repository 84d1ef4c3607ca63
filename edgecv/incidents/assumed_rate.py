"""The record of a fall whose times are assumed: where it was seen stands, what follows from its speed does not."""

from __future__ import annotations

from edgecv.incidents.record import Incident, Mass, Motion, Origin, coded
from edgecv.messages import origin as messages

_CLASSES = ("light", "medium", "heavy")


def without_speed(incident: Incident) -> Incident:
    """The same incident with neither floor, weight nor velocity: all of them rest on the time between two pictures."""
    reason = messages.NO_FRAME_RATE()
    return incident.model_copy(
        update={
            "origin": Origin(pixel=incident.origin.pixel, reason=reason, reason_code=coded(reason)),
            "mass": Mass(
                class_="undetermined",
                p={name: round(1.0 / len(_CLASSES), 4) for name in _CLASSES},
                reason=reason,
                reason_code=coded(reason),
            ),
            "motion": Motion(duration_s=incident.motion.duration_s),
        }
    )
