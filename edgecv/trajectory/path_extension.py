"""A fluttering object's whole path: the fall explains a stretch of it, but it was in sight before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgecv.trajectory.fall import Fall
from edgecv.trajectory.fit import fit_fall
from edgecv.trajectory.model import LOG_VT
from edgecv.trajectory.path import path_of
from edgecv.trajectory.settings import TrajectorySettings

LIGHT_MPS = 8.0
"""What is slower flutters and drifts; a stone's path that is only explained in part began with something else."""
_FEWEST_BEFORE = 4
"""With fewer earlier sightings the fit has nothing to gain from them."""


def extended_to_first_sighting(fall: Fall, settings: TrajectorySettings) -> Fall | None:
    """The same fall, its path from the track's first sighting on; None where there is nothing to add.

    Only for light objects whose earlier sightings join on without a gap, above, in the same size: a fit without flutter
    explains a stretch of these, the launch with flutter the whole.
    """
    earlier, points = fall.before, fall.path.points
    if len(earlier) < _FEWEST_BEFORE or float(np.exp(fall.fit.parameters[LOG_VT])) > LIGHT_MPS:
        return None
    gap_s = points[0].t_s - earlier[-1].t_s
    areas = [np.median([np.log(p.detection.area_px) for p in part]) for part in (earlier, points)]
    if gap_s > settings.largest_gap_s(fall.track.frame_interval_s):
        return None
    if abs(float(areas[1] - areas[0])) > settings.max_log_area_step:
        return None
    if earlier[0].detection.y_px > points[0].detection.y_px:
        return None
    joined = earlier + points
    looked_at = round((joined[-1].t_s - joined[0].t_s) / max(fall.track.frame_interval_s, 1e-3)) + 1
    path = path_of(joined, min(looked_at, fall.track.scan_count), settings, fall.track.picture_size_px)
    fit = fit_fall(path, fall.fit.view, settings, float(max(fall.track.picture_size_px)))
    return replace(fall, path=path, fit=fit, before=())
