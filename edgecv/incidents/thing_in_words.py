"""What somebody who goes there should look for: how bright, how large, how heavy, and what it may be."""

from __future__ import annotations

from edgecv.messages import joined, things
from edgecv.messages import mass as messages
from edgecv.trajectory.mass import MassEstimate
from edgecv.trajectory.object_prior import SOMETHING_ELSE

_SHADES = (
    (0.2, messages.BLACK),
    (0.4, messages.DARK),
    (0.65, messages.GREY),
    (0.85, messages.BRIGHT),
    (2.0, messages.WHITE),
)
"""Up to which luma, 0 to 1, people call it so beside a facade."""
_DROP_M = 0.011
"""Diameter of an area of a square centimetre: drops of water have at most half of it, and most things that are thrown
are larger."""
_LIKELY = 0.25
"""Probability from which a kind is worth looking for."""


def thing_in_words(estimate: MassEstimate, luma: float) -> str:
    """Return one sentence; its kind is named where it holds a quarter of the probability."""
    words = _looks_like(estimate, luma)
    return joined([words, messages.DROP_SIZED()]) if estimate.diameter_m.high < _DROP_M else words


def _looks_like(estimate: MassEstimate, luma: float) -> str:
    shade = next(template() for limit, template in _SHADES if luma < limit)
    size, weight = length_in_words(estimate.diameter_m.median), weight_in_words(estimate.kg.median)
    kind = next((name for name, p in estimate.things if name != SOMETHING_ELSE and p >= _LIKELY), None)
    thing = next((template for template in things.NAMES if template.english == kind), None)
    if thing is None:
        return messages.LOOKS_LIKE_NOTHING(shade=shade, size=size, weight=weight)
    return messages.LOOKS_LIKE(shade=shade, size=size, weight=weight, thing=thing())


def length_in_words(metres: float) -> str:
    """Centimetres as people say them."""
    return f"{100.0 * metres:.0f} cm" if metres >= 0.02 else f"{1000.0 * metres:.0f} mm"


def weight_in_words(kg: float) -> str:
    """Grams or kilograms with two digits."""
    if kg >= 1.0:
        return f"{kg:.1f} kg"
    grams = 1000.0 * kg
    return f"{float(f'{grams:.2g}'):g} g"
