"""Size and weight over many events, by size and by how much the background varied."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from edgecv.evaluation.intervals import Share
from edgecv.evaluation.weighing import Weighed

_BANDS: tuple[tuple[str, Callable[[Weighed], bool]], ...] = (
    ("all", lambda _: True),
    ("below 2 px", lambda w: w.size_px < 2.0),
    ("2-4 px", lambda w: 2.0 <= w.size_px < 4.0),
    ("4-10 px", lambda w: 4.0 <= w.size_px < 10.0),
    ("above 10 px", lambda w: w.size_px >= 10.0),
    ("2-10 px, 30 sightings", lambda w: 2.0 <= w.size_px < 10.0 and w.sightings >= 30),
    ("even background", lambda w: w.background_sd is None or w.background_sd < _EVEN),
    ("varied background", lambda w: w.background_sd is not None and w.background_sd >= _EVEN),
)
_EVEN = 0.05
"""Spread of the light behind a fall below which hardly a window was passed."""
_NEAR = 0.2
"""A diameter within a fifth is near, a mass within a factor of two."""


@dataclass(frozen=True, slots=True)
class WeightBand:
    """Events of one kind; factors are those by which the median estimates are off, either way.

    Attributes:
        name: of the band.
        events: how many.
        diameter_factor: median and 90 % quantile, or None.
        box_diameter_factor: the same of the boxes alone.
        kg_factor: of the mass.
        box_kg_factor: of the mass by the boxes alone.
        diameter_near: within a fifth.
        kg_near: within a factor of two.
        named: the kind is among the first two.
        luma_error: median error of the brightness.
        covered: share of 90 % intervals that hold the truth, by quantity.
    """

    name: str
    events: int
    diameter_factor: tuple[float, float] | None
    box_diameter_factor: tuple[float, float] | None
    kg_factor: tuple[float, float] | None
    box_kg_factor: tuple[float, float] | None
    diameter_near: Share
    kg_near: Share
    named: Share
    luma_error: float | None
    covered: dict[str, Share]


def weight_bands(results: Sequence[Weighed]) -> tuple[WeightBand, ...]:
    """Add up by band; a band without events is left out."""
    chosen = ((name, [w for w in results if belongs(w)]) for name, belongs in _BANDS)
    return tuple(_band(name, events) for name, events in chosen if events)


def _band(name: str, events: Sequence[Weighed]) -> WeightBand:
    lumas = [abs(w.luma_error) for w in events if w.luma_error is not None]
    return WeightBand(
        name=name,
        events=len(events),
        diameter_factor=_factor(w.log_diameter for w in events),
        box_diameter_factor=_factor(w.log_box_diameter for w in events),
        kg_factor=_factor(w.log_kg for w in events),
        box_kg_factor=_factor(w.log_box_kg for w in events),
        diameter_near=_share(abs(math.expm1(w.log_diameter)) <= _NEAR for w in events),
        kg_near=_share(None if w.log_kg is None else abs(w.log_kg) <= math.log(2.0) for w in events),
        named=_share(w.is_named for w in events),
        luma_error=float(np.median(lumas)) if lumas else None,
        covered={
            "diameter": _share(w.diameter_covered for w in events),
            "kg": _share(w.kg_covered for w in events),
            "terminal velocity": _share(w.terminal_covered for w in events),
            "energy": _share(w.energy_covered for w in events),
            "launch speed": _share(w.launch_covered for w in events),
            "height": _share(w.height_covered for w in events),
        },
    )


def _factor(logs: Iterable[float | None]) -> tuple[float, float] | None:
    sizes = [abs(value) for value in logs if value is not None]
    if not sizes:
        return None
    median, most = np.exp(np.quantile(sizes, [0.5, 0.9]))
    return float(median), float(most)


def _share(answers: Iterable[bool | None]) -> Share:
    verdicts = [bool(value) for value in answers if value is not None]
    return Share.of(sum(verdicts), len(verdicts))
