"""One fall, or two objects of which the second came by where the first was lost: in heavy snow one does every second.

A track with a long gap is compared with two motions that are no falls, one on either side of the gap, at the price of
how rarely an unrelated detection lies where a track goes on. A thing that falls past a wall of its own brightness pays
nothing: each of its pieces bends by itself, and one fall through both needs half of the unknowns.
"""

from __future__ import annotations

import math

import numpy as np

from edgecv.trajectory.explanation import compared_in_space
from edgecv.trajectory.fall import Fall, cut, examine
from edgecv.trajectory.settings import TrajectorySettings


def joined_log_ratio(fall: Fall, settings: TrajectorySettings) -> float | None:
    """Log ratio of one fall against two unrelated motions; None without a long gap, or where nothing else moves.

    Args:
        fall: with all of its evidence.
        settings: the limits.
    """
    s, path = settings, fall.path
    if len(path.points) < 2 * s.piece_points:
        return None
    k = int(np.diff(path.t_s).argmax()) + 1
    log_switch = float(path.log_clutter[k]) + math.log(math.pi * s.switch_radius_px**2)
    if (
        path.t_s[k] - path.t_s[k - 1] < s.switch_gap_s
        or not s.piece_points <= k <= len(path.points) - s.piece_points
        or log_switch < s.least_switch_log_probability
    ):
        return None
    picture_px = float(max(fall.track.picture_size_px))
    others = 0.0
    for points in (path.points[:k], path.points[k:]):
        piece = examine(fall.track, cut(fall.track, points, s), fall.fit.view, s, picture_px)
        piece = compared_in_space(piece, s)
        against = piece.likelihoods
        others += piece.fit.log_evidence - min(against.straight, against.wandering, against.steady_in_space)
    return fall.fit.log_evidence - others - min(0.0, log_switch)
