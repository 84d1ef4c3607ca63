"""What the height-time plot shows: sightings, fit with its 90 % band, and the fall without air, in metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory import Fall
from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.model import ELEVATION, LOG_VT, ROLL, apparent_gravity, fly

Float64 = NDArray[np.float64]
Curve = list[tuple[float, float]]
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Heights:
    """Curves ``(t_s, height_m)``: media time, metres above the last sighting.

    Attributes:
        seen: the sightings.
        fitted: the fitted fall.
        low: 5 % quantile of the falls that the path allows, at the instants of ``fitted``.
        high: 95 % quantile.
        vacuum: the same throw without drag.
    """

    seen: Curve
    fitted: Curve
    low: Curve
    high: Curve
    vacuum: Curve


def heights_of(fall: Fall) -> Heights:
    """Return what the height-time plot shows.

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
    # what the path leaves open: drag and speed bend the curve, and the scale of all of it is that of the fit's draws
    rng = np.random.default_rng(0)
    draws = rng.multivariate_normal(fit.parameters, fit.covariance, _DRAWS, method="eigh")
    draws[:, [ELEVATION, ROLL]] = fit.parameters[[ELEVATION, ROLL]]
    many = -(fly(fit.view, draws, grid).positions_m @ down[0])
    low, high = np.quantile(many - many[:, -1:], [0.05, 0.95], axis=0)
    times = fall.path.t_s - fit.start_s
    at_sightings = heights(fit.parameters, times) - ground
    # against the physics, also where the fit follows flutter as well
    deviation = fall.path.uv_px[:, 1] - FallFit.pixels_at(fit, fall.path.t_s)[:, 1]
    scale = np.array([apparent_gravity(fit.view, fit.parameters[None], float(t))[0] / G_MPS2 for t in times])
    seen = at_sightings - deviation / scale
    t_media = fit.start_s + grid
    return Heights(
        _curve(fall.path.t_s, seen),
        _curve(t_media, fitted),
        _curve(t_media, np.asarray(low, np.float64)),
        _curve(t_media, np.asarray(high, np.float64)),
        _curve(t_media, free),
    )


def _curve(t: Float64, h: Float64) -> Curve:
    return [(float(a), float(b)) for a, b in zip(t, h, strict=True)]
