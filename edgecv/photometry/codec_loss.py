"""The light that a codec leaves out of a faint thing.

A quantiser sets to zero what lies within its dead zone, and a thing's light is spread over many coefficients: what is
lost of a sum S of luma is nearly the same amount c whatever S is, and all of a small one: ``c S / (S + c)``. Measured
on lossless pictures and the same coded: c is 20 to 50 grey levels times pixels for H.264 and H.265 at 2-4 Mbit/s, of
sums from 20 to 10,000; it grows as the root of the way between two pictures, for a streak crosses more blocks and is
predicted worse. Pictures that no codec touched tell themselves: their noise is white.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecv.photometry.crops import Crop
from edgecv.photometry.flux import Fluxes

Float64 = NDArray[np.float64]
_USUAL_WAY_PX = 8.0
"""Way between two pictures at which the amount is stated."""
_WAYS = (0.25, 3.0)
"""Shares of that way beyond which it no longer matters: what rests is coded as well as its surroundings."""
_DARKEST = 0.02
"""Light below which a tone curve of a power would be infinitely steep; cameras' curves are straight there."""
_WHITE = 0.02
"""Correlation of neighbouring pixels' noise at which a codec is as likely as none: 0.00-0.01 in pictures as they were
taken, 0.02-0.07 in H.265 of an encoder that hardly filters, above 0.2 in all other coded ones."""
_FEWEST_PICTURES = 5
_ENOUGH_CROPS = 12
"""Crops hold some ten thousand pixels' noise together: enough for a correlation to 0.005."""
_NOISY = 0.05
"""Variance, grey levels squared, from which noise is seen at all."""
_RULED_OUT = 0.03
"""Losses less probable than this are not worth a fit."""


def possible_losses(crops: Sequence[Crop], usual: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return losses and how probable they are before a line is fitted, the likeliest first.

    Args:
        crops: with their background.
        usual: losses of codecs, and how usual they are.
    """
    correlation = noise_correlation(crops)
    untouched = 0.0 if correlation is None else 1.0 / (1.0 + (max(correlation, 0.0) / _WHITE) ** 2)
    losses = [(0.0, untouched), *((loss, p * (1.0 - untouched)) for loss, p in usual)]
    return sorted((entry for entry in losses if entry[1] > _RULED_OUT), key=lambda entry: -entry[1])


def noise_correlation(crops: Sequence[Crop]) -> float | None:
    """Correlation of neighbouring pixels in what changes from picture to picture; None where nothing does."""
    together, alone, count = 0.0, 0.0, 0
    for crop in crops[:: max(1, len(crops) // _ENOUGH_CROPS)]:
        if len(crop.background) < _FEWEST_PICTURES:
            continue
        noise = np.stack(crop.background).astype(np.float32) - crop.behind()
        noise -= noise.mean(axis=(1, 2), keepdims=True)
        together += float((noise[:, :, 1:] * noise[:, :, :-1]).mean() + (noise[:, 1:] * noise[:, :-1]).mean()) / 2.0
        alone += float(np.square(noise).mean())
        count += 1
    return together / alone if alone > _NOISY * count else None


def lost_m2(flux_m2: Float64, data: Fluxes, gamma: float, loss: float) -> Float64:
    """Light ``(n,)`` that is missing from sums which would be ``flux_m2`` without a codec.

    Args:
        flux_m2: ``(n,)`` as a line predicts them.
        data: the places.
        gamma: of the tone curve.
        loss: what is lost at most, 1 for white, pixels, at a way of 8 px between pictures.
    """
    light = flux_m2 * data.px2_per_m2
    # the slope of the tone curve in the middle between the background and what is seen on it
    middle = np.maximum(data.background + 0.5 * light / data.covered_px2, _DARKEST)
    luma = np.abs(light) / gamma * middle ** (1.0 / gamma - 1.0)
    most = loss * np.sqrt(np.clip(data.way_px / _USUAL_WAY_PX, *_WAYS))
    return np.asarray(flux_m2 * most / np.maximum(luma + most, 1e-12), np.float64)
