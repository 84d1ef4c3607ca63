"""What is known of area and luminance together: the line, the box, and that nothing is darker than black.

The line says how A L and A vary together; where the background hardly varies it says A (L - B) alone, and then black
and white bound the area: what darkens a picture by F before a background B hides at least F / B.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.photometry.line import Line

Float64 = NDArray[np.float64]
_LOG_RANGE = 2.2
"""Areas within a factor of nine of the box's, either way: at a pixel the box is four times too large at most."""
_AREAS, _LUMAS = 161, 61
_BEYOND_WHITE = 1.6
"""Luma of what is nearly three times as bright as the camera's white: a bag in the sun before a facade in the shade."""
_STUDENT = 5.0
_SYSTEMATIC = (0.09, 0.35)
"""Share of an area that no line knows: what a codec leaves out or adds, a lens's halo, a distance: 4.5 % of a diameter,
measured on scenes of two renderers where the line's own error is below that; and a share of how much its light varies,
for what tumbles shows other sides, and not the same before windows as before walls."""


@dataclass(frozen=True, slots=True, eq=False)
class AreaPosterior:
    """Probabilities of area and luma.

    Attributes:
        log_area: ``(a,)`` logarithm of the area, m².
        luma: ``(k,)`` the thing's luma, 0 black, 1 white; beyond that where the camera cut its light off.
        p: ``(a, k)`` sums to 1.
        gamma: of the tone curve with which luma becomes light.
    """

    log_area: Float64
    luma: Float64
    p: Float64
    gamma: float

    def most_probable(self) -> tuple[float, float]:
        """Area, m², and light of the likeliest cell."""
        row, column = np.unravel_index(int(np.argmax(self.p)), self.p.shape)
        return float(np.exp(self.log_area[row])), float(self.luma[column] ** self.gamma)

    def log_area_at(self, share: float) -> float:
        """Quantile of the area's logarithm."""
        cumulative = np.cumsum(self.p.sum(axis=1))
        return float(np.interp(share, cumulative - 0.5 * self.p.sum(axis=1), self.log_area))

    def luma_at(self, share: float) -> float:
        """Quantile of the luma; white at most."""
        marginal = self.p.sum(axis=0)
        return min(1.0, float(np.interp(share, np.cumsum(marginal) - 0.5 * marginal, self.luma)))

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Float64, Float64]:
        """``(count,)`` log areas and lumas, white at most."""
        cells = rng.choice(self.p.size, count, p=self.p.ravel())
        row, column = np.unravel_index(cells, self.p.shape)
        step = self.log_area[1] - self.log_area[0]
        return self.log_area[row] + step * (rng.random(count) - 0.5), np.minimum(self.luma[column], 1.0)


def posterior_of(
    line: Line, gamma: float, box_diameter_m: float, box_log_sd: float, *, beyond_white: bool = False
) -> AreaPosterior:
    """Return what line and box say together.

    Args:
        line: fitted in the light of ``gamma``.
        gamma: of the tone curve.
        box_diameter_m: by the box of what was detected.
        box_log_sd: standard deviation of its logarithm.
        beyond_white: whether its light was cut off somewhere, so that white is no bound.
    """
    box = np.log(np.pi / 4.0 * box_diameter_m**2)
    log_area = box + np.linspace(-_LOG_RANGE, _LOG_RANGE, _AREAS)
    luma = np.linspace(0.0, _BEYOND_WHITE if beyond_white else 1.0, _LUMAS)
    area = np.exp(log_area)[:, None]
    expected = np.stack(np.broadcast_arrays(area * luma**gamma, area), axis=-1)
    covariance = line.covariance
    off = line.coefficients - expected
    # what is systematic goes with the area: it scales both numbers alike
    systematic = expected * np.hypot(_SYSTEMATIC[0], _SYSTEMATIC[1] * line.tumbling)
    precision = np.linalg.inv(covariance + systematic[..., :, None] * systematic[..., None, :])
    log_p = -0.5 * np.einsum("akm,akmn,akn->ak", off, precision, off) + 0.5 * np.linalg.slogdet(precision)[1]
    # an error of twice the usual one is not rare where the object is pale or its surroundings move: Student's tails
    squared = np.square((log_area - box) / (2.0 * box_log_sd))
    log_p += (-0.5 * (_STUDENT + 1.0) * np.log1p(squared / _STUDENT))[:, None]
    p = np.exp(log_p - log_p.max())
    return AreaPosterior(log_area, luma, p / p.sum(), gamma)


def mixed(posteriors: Sequence[AreaPosterior], chances: Float64) -> AreaPosterior:
    """Return the mixture of posteriors over the same areas and lumas; its tone curve is the likeliest one's."""
    p = sum(chance * posterior.p for chance, posterior in zip(chances, posteriors, strict=True))
    first = posteriors[int(np.argmax(chances))]
    return AreaPosterior(first.log_area, first.luma, np.asarray(p), first.gamma)
