"""The places of a fitted fall, with the distance of each."""

from __future__ import annotations

import numpy as np

from edgecv.photometry.settings import PhotometrySettings
from edgecv.photometry.stations import Stations, instants
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.model import fly
from edgecv.trajectory.size import size_of

_STEP_S = 0.002
_NEAREST_M = 0.2


def stations_of(fall: Fall, settings: PhotometrySettings) -> Stations:
    """Return where in the pictures a fall's light is to be summed."""
    fit, points = fall.fit, fall.path.points
    motion_s = np.array([p.t_s for p in points])
    media_s = np.array([p.media_s for p in points])
    shifts = np.array([p.shift_px for p in points])
    at_s = instants(motion_s, fall.track.frame_interval_s, settings)
    ends = fit.pixels_at(np.concatenate([at_s - _STEP_S, at_s, at_s + _STEP_S])).reshape(3, -1, 2)
    shift = np.stack([np.interp(at_s, motion_s, shifts[:, k]) for k in range(2)], axis=1)
    depth = np.maximum(fly(fit.view, fit.parameters[None], at_s - fit.start_s).positions_m[0, :, 2], _NEAREST_M)
    box_diameter_m = size_of(fall.path, fit).diameter_m
    typical_px = box_diameter_m * float(np.median(fit.view.focal_px / depth))
    return Stations(
        np.interp(at_s, motion_s, media_s),
        ends[1] + shift,
        (ends[2] - ends[0]) / (2.0 * _STEP_S),
        fit.view.focal_px / depth,
        fall.track.frame_interval_s,
        box_diameter_m,
        float(np.hypot(settings.box_log_sd, settings.box_sd_px / typical_px)),
    )
