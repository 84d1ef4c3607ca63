"""The light that an object adds to a picture, and the light behind it, at each place of its path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.photometry.apertures import covered, soft_disc
from edgecv.photometry.crops import FULL_RANGE, Crop
from edgecv.photometry.settings import PhotometrySettings
from edgecv.photometry.stations import Stations

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
_MAD = 1.4826
"""A normal distribution's standard deviation over its median absolute deviation."""
_LEAST_SD = 0.004
"""Grey levels of 8 bits are rounded: a mean over an aperture is not better known than this share of white a pixel."""
_CUT = 3
"""Luma by which a camera's black and white begin earlier: what is beyond is cut off."""
_INSIDE = 0.2
"""Share of the densest cover from which a pixel is the object's."""
_SATURATED = 0.1
"""Share of an object's pixels beyond that from which its light is cut off."""
_COMMON = 5
"""Numbers of a place that no tone curve changes."""
_NOT_CUT, _CUT_DARK, _CUT_BRIGHT = 0.0, 1.0, 2.0
_CLEAR = 3.0
"""Errors by which a sum of light differs clearly from none."""
_ANOTHER, _FAR = 12.0, 6.0
"""Luma, and standard deviations, by which a pixel of the ring changed for another reason than light or noise."""
_ENOUGH = 0.3
"""Share of the ring that still tells how the light changed."""
BLUR_PX = 1.0
"""Lens and codec, standard deviation: it only softens where the background is looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Fluxes:
    """``(n,)`` each, for places where there is a picture and a background.

    Attributes:
        station: number of the place.
        t_s: media time of its picture.
        flux_m2: light added, in units of white, times the area that a square metre has there: ``area (L - B)``.
        sd_m2: its error, by the same sum in pictures without the object.
        background: light behind the object, 0 black, 1 white.
        slope: how much the background changes in a pixel there.
        is_saturated: whether what is there was too bright or dark for the camera.
        is_beyond_white: whether it was the thing that was too bright.
        luma_flux: the same sum of plain luma, 1 for white, pixels: what a camera without a tone curve would give.
        luma_sd: its error.
        px2_per_m2: scale of areas.
        covered_px2: area over which the object's light is spread.
        way_px: how far it goes from one picture to the next.
    """

    station: NDArray[np.intp]
    t_s: Float64
    flux_m2: Float64
    sd_m2: Float64
    background: Float64
    slope: Float64
    is_saturated: NDArray[np.bool_]
    is_beyond_white: NDArray[np.bool_]
    luma_flux: Float64
    luma_sd: Float64
    px2_per_m2: Float64
    covered_px2: Float64
    way_px: Float64


def linear_light(gamma: float, levels: tuple[int, int]) -> Float32:
    """``(256,)`` light of each luma, 1 for white, of a camera whose tone curve is a power; blacker than black is black.

    Args:
        gamma: the power.
        levels: luma of black and of white.
    """
    black, white = levels
    return np.asarray(np.maximum((np.arange(256) - black) / (white - black), 0.0) ** gamma, np.float32)


def fluxes(
    crops: Sequence[Crop],
    stations: Stations,
    diameter_m: float,
    gammas: Sequence[float],
    settings: PhotometrySettings,
    exposure: float,
) -> tuple[Fluxes, ...]:
    """Sum the light at each place, in the light of each tone curve.

    Args:
        crops: of :class:`edgecv.photometry.crops.CropCollector`.
        stations: the places.
        diameter_m: of the object, as far as it is known.
        gammas: of the tone curves.
        settings: limits.
        exposure: share of the interval for which the shutter is open.
    """
    levels = crops[0].levels if crops else FULL_RANGE
    curves = [linear_light(gamma, levels) for gamma in (1.0, *gammas)]
    rows = [
        _sum_up(crop, stations, diameter_m, curves, settings, exposure)
        for crop in crops
        if crop.picture is not None and len(crop.background) >= settings.fewest_neighbours
    ]
    table = np.array(rows).reshape(len(rows), _COMMON + 4 * len(gammas))
    station, saturated, luma_flux, luma_sd = table[:, 0].astype(np.intp), table[:, 1] > 0.0, table[:, 2], table[:, 3]
    beyond_white = (table[:, 1] > _CUT_DARK) & (luma_flux > _CLEAR * luma_sd)
    t_s = stations.t_s[station]
    px2_per_m2 = np.square(stations.px_per_m[station])
    way_px = np.hypot(*stations.velocity_px_s[station].T) * stations.interval_s
    columns = [table[:, k : k + 4].T for k in range(_COMMON, table.shape[1], 4)]
    return tuple(
        Fluxes(
            station,
            t_s,
            flux,
            sd,
            background,
            slope,
            saturated,
            beyond_white,
            luma_flux,
            luma_sd,
            px2_per_m2,
            table[:, 4],
            way_px,
        )
        for flux, sd, background, slope in columns
    )


def _cut_off(inside: NDArray[np.uint8], levels: tuple[int, int]) -> float:
    """Whether and where the camera cut off what pixels hold."""
    dark, bright = (float(np.mean(cut)) for cut in (inside <= levels[0] + _CUT, inside >= levels[1] - _CUT))
    if dark + bright <= _SATURATED:
        return _NOT_CUT
    return _CUT_BRIGHT if bright >= dark else _CUT_DARK


def _without_neighbours(ring: Float32, picture: NDArray[np.uint8], behind: NDArray[np.uint8]) -> Float32:
    """The ring without what else moves in it: another thing beside this one, or this one where it exceeds its box."""
    within = ring > 0.0
    change = picture[within].astype(np.float32) - behind[within]
    off = np.abs(change - np.median(change))
    limit = max(_ANOTHER, _FAR * _MAD * float(np.median(off)))
    if not bool((off > limit).any()):
        return ring
    cleaned = ring.copy()
    cleaned[within] *= off <= limit
    return cleaned if float(cleaned.sum()) > _ENOUGH * float(ring.sum()) else ring


def _sum_up(
    crop: Crop,
    stations: Stations,
    diameter_m: float,
    curves: Sequence[Float32],
    settings: PhotometrySettings,
    exposure: float,
) -> list[float]:
    """Place, whether it is cut off, sum and error of plain luma; then, by curve, flux, error, background, slope."""
    assert crop.picture is not None
    scale = float(stations.px_per_m[crop.station])
    radius = diameter_m * scale / 2.0
    distance = crop.aperture.distance_px(exposure / settings.longest_exposure)
    edge = radius + settings.margin_px
    summed = soft_disc(distance, edge)
    ring = np.maximum(soft_disc(distance, edge + settings.ring_px) - soft_disc(distance, edge + 0.5), 0.0)
    total = float(summed.sum())
    pictures, behind = crop.stack(), crop.behind()
    weights = (summed - total / max(float(ring.sum()), 1e-6) * ring).ravel()
    around = _without_neighbours(ring, crop.picture, behind)
    own_weights = weights if around is ring else (summed - total / float(around.sum()) * around).ravel()
    cover = covered(distance, radius, BLUR_PX)
    inside = crop.picture[cover > _INSIDE * cover.max()]
    row = [float(crop.station), _cut_off(inside, crop.levels)]
    least_sd = _LEAST_SD * np.sqrt(total)
    for n, curve in enumerate(curves):
        background = curve[behind]
        sums = curve[pictures].reshape(len(pictures), -1) @ weights - float(background.ravel() @ weights)
        if own_weights is not weights:
            sums[0] = (curve[crop.picture] - background).ravel() @ own_weights
        others = sums[1:]
        sd = float(np.hypot(_MAD * np.median(np.abs(others - np.median(others))), least_sd))
        if n == 0:
            row += [float(sums[0]), sd, 1.0 / float(np.square(cover).sum())]
            continue
        across, along = np.gradient(background)
        slope = float((cover * np.hypot(across, along)).sum())
        row += [float(sums[0]) / scale**2, sd / scale**2, float((cover * background).sum()), slope]
    return row
