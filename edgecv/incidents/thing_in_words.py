"""What somebody who goes there should look for: how bright, how large, how heavy, and what it may be."""

from __future__ import annotations

from collections.abc import Sequence

from edgecv.incidents.record import Interval, ObjectRecord
from edgecv.incidents.summary_text import number
from edgecv.messages import joined
from edgecv.messages import mass as messages
from edgecv.messages import things as names
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
_CENTIMETRES_M, _GRAMS = 0.02, 1000.0
"""Lengths below are said in millimetres, weights below in grams."""
_LIKELY = 0.25
"""Probability from which a kind is worth looking for."""


def thing_in_words(diameter_m: Interval, kg: Interval, things: Sequence[ObjectRecord], luma: float) -> str:
    """Return one sentence; its kind is named where it holds a quarter of the probability.

    Args:
        diameter_m: as the record says it; likewise the others.
        kg: its mass.
        things: what it may be, likeliest first.
        luma: how bright it is, 0 black, 1 white.
    """
    words = _looks_like(diameter_m, kg, things, luma)
    return joined([words, messages.DROP_SIZED()]) if diameter_m.high < _DROP_M else words


def _looks_like(diameter_m: Interval, kg: Interval, things: Sequence[ObjectRecord], luma: float) -> str:
    shade = next(template() for limit, template in _SHADES if luma < limit)
    size, weight = length_in_words(diameter_m.median), weight_in_words(kg.median)
    kind = next((one.name for one in things if one.name != SOMETHING_ELSE and one.p >= _LIKELY), None)
    thing = next((template for template in names.NAMES if template.english == kind), None)
    if thing is None:
        return messages.LOOKS_LIKE_NOTHING(shade=shade, size=size, weight=weight)
    return messages.LOOKS_LIKE(shade=shade, size=size, weight=weight, thing=thing())


def length_in_words(metres: float) -> str:
    """Centimetres as people say them, with two digits."""
    return f"{number(100.0 * metres, 2)} cm" if metres >= _CENTIMETRES_M else f"{number(1000.0 * metres, 2)} mm"


def weight_in_words(kg: float) -> str:
    """Grams or kilograms with two digits."""
    grams = float(f"{1000.0 * kg:.2g}")
    return f"{number(kg, 2)} kg" if grams >= _GRAMS else f"{number(grams, 2)} g"
