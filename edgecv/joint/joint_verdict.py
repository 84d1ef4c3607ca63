"""What several cameras' verdicts on one fall come to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgecv.classification import ClassificationSettings
from edgecv.classification.verdict import PRIOR_LOG_ODDS, Verdict
from edgecv.messages import Message
from edgecv.messages import verdict as messages
from edgecv.trajectory.fall import Fall

_OF_ONE_VIEW = frozenset(
    template.code
    for template in (
        messages.GRAVITY_HARDLY_BETTER,
        messages.CHANCE_PATH,
        messages.SEEN_BRIEFLY,
        messages.SEEN_SELDOM,
        messages.TOO_FAR,
    )
)
"""Doubts of too little evidence and of a distance that one view does not know: a second view lifts these."""


def support(falls: Sequence[Fall], joint_ratio: float) -> float:
    """Log units by which one fall explains all views better than the best alternative of each by itself."""
    return joint_ratio + sum(fall.likelihoods.ratio for fall in falls)


def joint_verdict(
    views: Sequence[tuple[Fall, Verdict]], joint_ratio: float, settings: ClassificationSettings
) -> Verdict | None:
    """Return the verdict on a fall that several cameras saw, or None where each view's own stands.

    One view that is an incident makes it one. Where none is, all together must be likelier than every alternative, and
    nothing may be doubted but that a single view shows too little: a drop seen from two sides is a drop.

    Args:
        views: each camera's fall with its verdict.
        joint_ratio: log units by which one fall explains them better than a fall for each.
        settings: the limits of an incident.
    """
    total = support([fall for fall, _ in views], joint_ratio)
    if not any(verdict.tier == "incident" for _, verdict in views):
        doubts = [reason for _, verdict in views for reason in verdict.reasons]
        lifted = all(isinstance(reason, Message) and reason.code in _OF_ONE_VIEW for reason in doubts)
        if not lifted or total < settings.incident_ratio:
            return None
    p = float(1.0 / (1.0 + np.exp(-np.clip(total + PRIOR_LOG_ODDS, -30.0, 30.0))))
    p = max([p, *(verdict.p for _, verdict in views if verdict.tier == "incident")])
    labels = {"thrown_object": round(p, 4), "other": round(1.0 - p, 4)}
    return Verdict("incident", "thrown_object", labels["thrown_object"], labels, ())
