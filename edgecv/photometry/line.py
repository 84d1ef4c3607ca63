"""Flux over background is a straight line of slope -area; its fit, with what a codec takes from faint sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.photometry.codec_loss import lost_m2
from edgecv.photometry.flux import Fluxes

Float64 = NDArray[np.float64]
_STUDENT = 4.0
"""Degrees of freedom of the errors' tails: one sighting in twenty is beside something else, cut or hidden."""
_ROUNDS = 25
_SETTLED = 1e-3
"""Share by which another round changes the line no more: a hundredth of its error."""
_TUMBLINGS = (0.03, 0.06, 0.1, 0.15, 0.22, 0.32, 0.45)
_SHADED = 0.5
"""What turns shows other sides, and they are not equally bright: its light varies even before a background of the same
brightness, by this share of what it varies by otherwise."""
_UNEVEN = 0.5
"""What a codec leaves out differs from sighting to sighting by this share of it."""
_MOST_LASTING = 0.8
"""Correlation of neighbours from which a path holds hardly more than one sighting."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """``F = A L - A B``, fitted.

    Attributes:
        coefficients: ``(2,)`` A L and A, m².
        covariance: ``(2, 2)`` of them.
        tumbling: how much the object's light varies, share of it.
        log_likelihood: of the fluxes at the best line, up to a constant.
        weights: ``(n,)`` 1 for a place that agrees, towards 0 for one that does not.
        sd_m2: ``(n,)`` error of each flux as the fit takes it.
    """

    coefficients: Float64
    covariance: Float64
    tumbling: float
    log_likelihood: float
    weights: Float64
    sd_m2: Float64


def fit_line(
    data: Fluxes, position_sd_px: float, gamma: float, loss: float, tumblings: tuple[float, ...] = _TUMBLINGS
) -> Line | None:
    """Fit; None where fewer than three places can be used.

    Args:
        data: the places.
        position_sd_px: error of the path.
        gamma: of the tone curve of ``data``.
        loss: what a codec takes, as of :func:`edgecv.photometry.codec_loss.lost_m2`.
        tumblings: shares by which the object's light may vary.
    """
    use = ~data.is_saturated
    if int(use.sum()) < 3:
        return None
    lines = [_fit(data, use, position_sd_px, tumbling, gamma, loss) for tumbling in tumblings]
    return max(lines, key=lambda line: line.log_likelihood)


def _fit(
    data: Fluxes, use: NDArray[np.bool_], position_sd_px: float, tumbling: float, gamma: float, loss: float
) -> Line:
    flux, background = data.flux_m2, data.background
    design = np.stack([np.ones_like(background), -background], axis=1)
    beta = np.array([0.0, 0.0])
    sd, lost, residual = data.sd_m2.copy(), np.zeros_like(flux), flux
    weights = use.astype(np.float64)
    for _ in range(_ROUNDS):
        model = design @ beta
        lost = lost_m2(model, data, gamma, loss)
        sd = np.sqrt(
            data.sd_m2**2
            + (_UNEVEN * lost) ** 2
            + (tumbling * np.hypot(model, _SHADED * beta[0])) ** 2
            + (beta[1] * data.slope * position_sd_px) ** 2
        )
        weighted = design * (weights / sd**2)[:, None]
        before, beta = beta, np.linalg.solve(weighted.T @ design + 1e-12 * np.eye(2), weighted.T @ (flux + lost))
        residual = (flux + lost - design @ beta) / sd
        weights = use * (_STUDENT + 1.0) / (_STUDENT + residual**2)
        if float(np.abs(beta - before).max()) < _SETTLED * float(np.abs(beta).max()):
            break
    log_likelihood = float(
        (use * (-0.5 * (_STUDENT + 1.0) * np.log1p(residual**2 / _STUDENT) - np.log(sd / data.sd_m2))).sum()
    )
    normal = (design * (weights / sd**2)[:, None]).T @ design
    covariance = np.linalg.inv(normal + 1e-9 * np.trace(normal) * np.eye(2)) * _lasting(
        residual[use] * np.sqrt(weights[use])
    )
    return Line(beta, covariance, tumbling, log_likelihood, weights, sd)


def _lasting(residual: Float64) -> float:
    """Factor by which errors that last for several pictures say less: (1 + r) / (1 - r) of their correlation r."""
    centred = residual - residual.mean()
    r = float((centred[1:] * centred[:-1]).sum() / max((centred**2).sum(), 1e-12))
    r = float(np.clip(r, 0.0, _MOST_LASTING))
    return (1.0 + r) / (1.0 - r)
