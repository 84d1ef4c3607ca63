"""Which tone curve a camera has, by how a small thing's light adds up before backgrounds of different brightness.

With a curve, what is bright and covers a small part of a pixel counts far more before a dark window than its luma says;
without one it counts in proportion. The line that was fitted in the light of each curve predicts the sums of plain
luma, and those are compared: both predict the same numbers, so that their likelihoods may be compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecv.photometry.apertures import covered
from edgecv.photometry.crops import Crop
from edgecv.photometry.flux import BLUR_PX, Fluxes, linear_light
from edgecv.photometry.settings import PhotometrySettings
from edgecv.photometry.stations import Stations

Float64 = NDArray[np.float64]
_SCATTERS = (0.05, 0.1, 0.2, 0.35, 0.5)
"""Shares by which an object's light varies that are tried."""
_STUDENT = 4.0
_ROUNDS = 10
_SMALL = 0.3
"""Errors of small sums are a share of at least this of the usual one."""


def predicted_luma(
    crops: Sequence[Crop],
    data: Fluxes,
    stations: Stations,
    area_m2: float,
    luminance: float,
    gamma: float,
    settings: PhotometrySettings,
    exposure: float,
) -> Float64:
    """Sums ``(n,)`` of plain luma, 1 for white, that a disc of that area and light gives with that tone curve."""
    by_station = {crop.station: crop for crop in crops}
    radius_m = float(np.sqrt(area_m2 / np.pi))
    sums: list[float] = []
    if not crops:
        return np.array(sums)
    luma = linear_light(1.0, crops[0].levels)
    for station in data.station:
        crop = by_station[int(station)]
        scale = float(stations.px_per_m[station])
        behind = luma[crop.behind()]
        distance = crop.aperture.distance_px(exposure / settings.longest_exposure)
        share = np.minimum(covered(distance, radius_m * scale, BLUR_PX) * area_m2 * scale**2, 1.0)
        lit = share > 0.0
        light = (1.0 - share[lit]) * behind[lit] ** gamma + share[lit] * luminance
        sums.append(float((light ** (1.0 / gamma) - behind[lit]).sum()))
    return np.array(sums)


def log_likelihood(data: Fluxes, predicted: Float64) -> float:
    """Of the sums of plain luma, up to a constant; their scale is left free, for it is the shape that tells."""
    flux = data.luma_flux
    floor = _SMALL * float(np.median(np.abs(flux)))
    best = -np.inf
    for scatter in _SCATTERS:
        sd = np.hypot(data.luma_sd, scatter * np.maximum(np.abs(flux), floor))
        weights = np.ones_like(flux)
        residual = flux / sd
        for _ in range(_ROUNDS):
            precision = weights / sd**2
            scale = float((precision * predicted * flux).sum() / max((precision * predicted**2).sum(), 1e-12))
            residual = (flux - scale * predicted) / sd
            weights = (_STUDENT + 1.0) / (_STUDENT + residual**2)
        terms = -0.5 * (_STUDENT + 1.0) * np.log1p(residual**2 / _STUDENT) - np.log(sd)
        best = max(best, float(terms.sum()))
    return best
