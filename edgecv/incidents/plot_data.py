"""What the height-time plot shows: sightings, fit and the fall without air, in metres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory import Fall
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.model import ELEVATION, LOG_VT, ROLL, apparent_gravity, fly

Float64 = NDArray[np.float64]
Curve = list[tuple[float, float]]


def heights_of(fall: Fall) -> tuple[Curve, Curve, Curve]:
    """Return ``(t_s, height_m)`` of the sightings, the fitted fall and the same throw without drag.

    Heights are above the last sighting. A sighting's height is the fit's at that instant plus its own deviation in
    the picture, turned into metres by the apparent gravity there.
    """
    fit = fall.fit
    grid = np.linspace(0.0, fit.end_s - fit.start_s, 60)
    _, down, _ = fit.view.axes(fit.parameters[None, ELEVATION], fit.parameters[None, ROLL])
    vacuum = fit.parameters.copy()
    vacuum[LOG_VT] = 6.5

    def heights(parameters: Float64, times: Float64) -> Float64:
        return np.asarray(-(fly(fit.view, parameters[None], times).positions_m[0] @ down[0]), np.float64)

    ground = float(heights(fit.parameters, grid)[-1])
    fitted = heights(fit.parameters, grid) - ground
    free = heights(vacuum, grid) - ground
    times = fall.path.t_s - fit.start_s
    at_sightings = heights(fit.parameters, times) - ground
    deviation = fall.path.uv_px[:, 1] - fit.pixels_at(fall.path.t_s)[:, 1]
    scale = np.array([apparent_gravity(fit.view, fit.parameters[None], float(t))[0] / G_MPS2 for t in times])
    seen = at_sightings - deviation / scale
    t_media = fit.start_s + grid
    return (
        _curve(fall.path.t_s, seen),
        _curve(t_media, fitted),
        _curve(t_media, free),
    )


def _curve(t: Float64, h: Float64) -> Curve:
    return [(float(a), float(b)) for a, b in zip(t, h, strict=True)]
