"""Area and luminance of a small thing, from the pictures along its path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.photometry.codec_loss import possible_losses
from edgecv.photometry.crops import Crop
from edgecv.photometry.flux import Fluxes, fluxes
from edgecv.photometry.line import Line, fit_line
from edgecv.photometry.posterior import AreaPosterior, mixed, posterior_of
from edgecv.photometry.settings import PhotometrySettings
from edgecv.photometry.stations import Stations
from edgecv.photometry.tone_curve import log_likelihood, predicted_luma

Float64 = NDArray[np.float64]
_FEWEST = 5
"""Places below which two unknowns and a scatter are not known."""
_FARTHEST = 2.0
"""The aperture follows the measured size within this factor of the box's, either way."""
_LONGER = 1.12
"""Light that a longer aperture must add to be taken for the streak's, and not for its surroundings'."""
_OFF = 0.08
"""Logarithm by which a box must be off for the sums to be done again."""
_FEW = 2
"""Of the places every second tells how long the shutter was open."""
_AGREES = 0.3
"""Weight of a place from which it agrees with the line."""
_TEMPER = 0.5
"""Neighbouring places err alike, so that their log likelihoods count half."""
_MOST_LOG = 6.0
_FEWEST_BEYOND = 2
"""Places at which the thing must be brighter than the camera's white: one may be a glint."""
_CLEARLY = 4.0
"""Standard deviations by which the sums must hold more than noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Photometry:
    """What the light of a fall says of the thing.

    Attributes:
        posterior: area and luminance.
        line: the line, in the light of the likelier tone curve.
        data: what it was fitted to.
        gamma: of that tone curve.
        gamma_p: how probable it is.
        exposure: share of a picture's interval for which the shutter was open at most.
        background_sd: how much the background varied along the path, in units of white.
    """

    posterior: AreaPosterior
    line: Line
    data: Fluxes
    gamma: float
    gamma_p: float
    exposure: float
    background_sd: float


def measure(crops: Sequence[Crop], stations: Stations, settings: PhotometrySettings) -> Photometry | None:
    """Measure area and luminance; None where too few pictures show the thing before a background.

    Args:
        crops: of :class:`edgecv.photometry.crops.CropCollector`, after the last picture.
        stations: the places.
        settings: limits and priors.
    """
    exposure = _exposure(crops, stations, settings)
    gammas = [gamma for gamma, _ in settings.gammas]
    first = fluxes(crops, stations, stations.box_diameter_m, gammas, settings, exposure)
    if not _is_seen(first[0]):
        return None
    beyond_white = int(first[0].is_beyond_white.sum()) >= _FEWEST_BEYOND
    losses = possible_losses(crops, settings.losses)
    fits: list[_Fit] = []
    for (gamma, usual), data in zip(settings.gammas, first, strict=True):
        fitted = _fit(data, crops, stations, gamma, settings, exposure, losses[0][0])
        if fitted is None:
            continue
        fluxes_used, line = fitted
        posterior = _posterior(fluxes_used, line, stations, gamma, settings, losses, beyond_white)
        area, luminance = posterior.most_probable()
        predicted = predicted_luma(crops, fluxes_used, stations, area, luminance, gamma, settings, exposure)
        score = float(np.log(usual)) + _TEMPER * log_likelihood(fluxes_used, predicted)
        fits.append(_Fit(gamma, score, fluxes_used, line, posterior))
    if not fits:
        return None
    chances = _chances([fit.score for fit in fits])
    likeliest = fits[int(np.argmax(chances))]
    together = mixed([fit.posterior for fit in fits], chances)
    agrees = likeliest.line.weights > _AGREES
    spread = float(np.std(likeliest.data.background[agrees])) if agrees.any() else 0.0
    p = float(chances.max())
    return Photometry(together, likeliest.line, likeliest.data, likeliest.gamma, p, exposure, spread)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """All of one tone curve."""

    gamma: float
    score: float
    data: Fluxes
    line: Line
    posterior: AreaPosterior


def _fit(
    data: Fluxes,
    crops: Sequence[Crop],
    stations: Stations,
    gamma: float,
    settings: PhotometrySettings,
    exposure: float,
    loss: float,
) -> tuple[Fluxes, Line] | None:
    """The aperture goes with the size, and the size comes from the aperture: twice where the box was far off."""
    line = fit_line(data, settings.position_sd_px, gamma, loss) if len(data.flux_m2) >= _FEWEST else None
    if line is None:
        return None
    area, box_m = float(line.coefficients[1]), stations.box_diameter_m
    if area > 0.0:
        diameter_m = float(np.clip(np.sqrt(4.0 * area / np.pi), box_m / _FARTHEST, box_m * _FARTHEST))
        if abs(np.log(diameter_m / box_m)) > _OFF:
            (again,) = fluxes(crops, stations, diameter_m, [gamma], settings, exposure)
            refitted = fit_line(again, settings.position_sd_px, gamma, loss)
            if refitted is not None:
                return again, refitted
    return data, line


def _posterior(
    data: Fluxes,
    line: Line,
    stations: Stations,
    gamma: float,
    settings: PhotometrySettings,
    losses: Sequence[tuple[float, float]],
    beyond_white: bool,
) -> AreaPosterior:
    """Area and luminance whatever the codec took: each loss has its line, and their likelihoods weigh them."""
    posteriors, scores = [], []
    for number, (loss, usual) in enumerate(losses):
        fitted = line if number == 0 else fit_line(data, settings.position_sd_px, gamma, loss, (line.tumbling,))
        if fitted is None:
            continue
        posteriors.append(
            posterior_of(fitted, gamma, stations.box_diameter_m, stations.box_log_sd, beyond_white=beyond_white)
        )
        scores.append(float(np.log(usual)) + _TEMPER * fitted.log_likelihood)
    return mixed(posteriors, _chances(scores))


def _chances(scores: Sequence[float]) -> Float64:
    """Probabilities of logarithms, none below what a measurement can rule out."""
    relative = np.array(scores) - max(scores)
    chances = np.exp(np.maximum(relative, -_MOST_LOG))
    return np.asarray(chances / chances.sum(), np.float64)


def _is_seen(data: Fluxes) -> bool:
    """Whether the sums hold more than noise: else these are not the pictures of its path, or nothing shows in them."""
    use = ~data.is_saturated
    count = int(use.sum())
    excess = float(np.square(data.flux_m2[use] / data.sd_m2[use]).sum()) - count
    return bool(excess > _CLEARLY * np.sqrt(2.0 * count))


def _exposure(crops: Sequence[Crop], stations: Stations, settings: PhotometrySettings) -> float:
    """The shutter's time by day, unless apertures for a longer one hold clearly more light."""
    if settings.usual_exposure >= settings.longest_exposure:
        return settings.longest_exposure
    short, long = (
        fluxes(crops[::_FEW], stations, stations.box_diameter_m, [1.0], settings, exposure)[0]
        for exposure in (settings.usual_exposure, settings.longest_exposure)
    )
    if len(short.flux_m2) < _FEWEST:
        return settings.usual_exposure
    weights = 1.0 / np.square(long.sd_m2)
    ratio = float((weights * short.flux_m2 * long.flux_m2).sum() / max((weights * short.flux_m2**2).sum(), 1e-12))
    return settings.longest_exposure if ratio > _LONGER else settings.usual_exposure
