"""How large and how heavy a thing is, in plain words and by its light, as far as a record says it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from edgecv.console.web.language import Language
from edgecv.console.web.plot_texts import plot_text
from edgecv.evidence.flux_plot import flux_line_of, flux_plot, significant
from edgecv.incidents.thing_in_words import length_in_words, weight_in_words

_INTERVAL = ("median", "low", "high")
_LARGEST = 1e6
"""Of anything that falls from a house, in its unit."""
_EVEN_BACKGROUND = 0.02
"""Of white: a background that varies by less leaves the slope of the line open."""
_UNSTEADY = 0.3
"""Share by which the light of a thing that turns varies about the line."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A value and the ends of its interval, as they are read out."""

    median: str
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class LightView:
    """What a page shows of the light.

    Attributes:
        plot: light over background.
        area_cm2: that the thing shows, or None where the record does not say it.
        disc_cm: how wide a disc of that area is.
        is_even: whether the background hardly varied, and the light says little.
        unsteady: share by which the light varies about the line, where that is much; else None.
    """

    plot: Markup
    area_cm2: Spread | None
    disc_cm: str | None
    is_even: bool
    unsteady: float | None


def light_of(record: Mapping[str, Any], spoken: Language) -> LightView | None:
    """The light of a record; None where it says nothing of it."""
    line = flux_line_of(record)
    if line is None:
        return None
    section = record["mass"]["photometry"]
    # every text in it is escaped by the plot itself
    plot = Markup(flux_plot(line, text=partial(plot_text, translate=spoken.text)))
    area, varied, scatter = _interval(section.get("area_m2")), section.get("background_sd"), section.get("scatter")
    return LightView(
        plot,
        None if area is None else Spread(*(significant(1e4 * value) for value in area)),
        None if area is None else significant(200.0 * math.sqrt(area[0] / math.pi)),
        _is_size(varied) and float(varied) < _EVEN_BACKGROUND,
        scatter if _is_size(scatter) and scatter > _UNSTEADY else None,
    )


def weight_and_size(mass: Mapping[str, Any]) -> tuple[Spread, Spread] | None:
    """Weight and diameter with their units, as the record's own sentence says them; None where it does not say both."""
    kg, diameter = _interval(mass.get("kg")), _interval(mass.get("diameter_m"))
    if kg is None or diameter is None:
        return None
    return Spread(*map(weight_in_words, kg)), Spread(*map(length_in_words, diameter))


def _interval(section: object) -> tuple[float, float, float] | None:
    """Median, low and high of an interval that a thing can have."""
    if not isinstance(section, Mapping):
        return None
    values = [section.get(name) for name in _INTERVAL]
    if not all(_is_size(value) and value != 0 for value in values):
        return None
    median, low, high = (float(value) for value in values if isinstance(value, int | float))
    return median, low, high


def _is_size(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= _LARGEST
