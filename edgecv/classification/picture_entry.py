"""What comes into the picture from its side was not seen leaving the building: a bird, a plane, a car.

What enters through the top edge may have fallen from above the picture, so only the sides and the foot count.
"""

from __future__ import annotations

import numpy as np

from edgecv.classification.settings import ClassificationSettings
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import RIGHT, apparent_gravity

_FIRST_S = 0.25
"""Time over which the speed at first sight is measured."""
_FEWEST = 4  # sightings that give a speed


def entered_from_side(fall: Fall, settings: ClassificationSettings) -> bool:
    """True where the track came in from the left or right at speed, and its path does not lead back to the facade.

    With a calibration, the speed along the facade tells where it came from: what a hand throws along the facade is no
    faster than ``thrown_aside_mps``, so it left the building a second or two before at most some windows away.
    """
    s = settings
    width, height = fall.track.picture_size_px
    points = [p for p in fall.track.points if p.t_s <= fall.track.start_s + max(_FIRST_S, 4.0 * _frame_s(fall))]
    if len(points) < _FEWEST:
        return False
    t = np.array([p.t_s for p in points])
    uv = np.array([[p.detection.x_px + p.shift_px[0], p.detection.y_px + p.shift_px[1]] for p in points])
    aside_px_s = float(np.polyfit(t - t[0], uv[:, 0], 1)[0])
    reach_px = s.entry_side * width + points[0].detection.w_px / 2.0 + 2.0 * abs(aside_px_s) * _frame_s(fall)
    from_left = uv[0, 0] < reach_px and aside_px_s > 0.0
    from_right = uv[0, 0] > width - 1.0 - reach_px and aside_px_s < 0.0
    if not (from_left or from_right) or uv[0, 1] < s.entry_side * height + points[0].detection.h_px:
        return False
    fit = fall.fit
    if fit.view.camera is not None:
        sd = float(np.sqrt(fit.covariance[RIGHT, RIGHT]))
        return abs(float(fit.parameters[RIGHT])) > s.thrown_aside_mps + sd
    scale_px_per_m = float(apparent_gravity(fit.view, fit.parameters[None], 0.0)[0]) / G_MPS2
    return abs(aside_px_s) > s.entry_speed_mps * scale_px_per_m


def _frame_s(fall: Fall) -> float:
    return fall.track.frame_interval_s
