"""The light that a thing adds to the picture over what is behind it, as a small SVG: its slope is the thing's area.

A thing of area A and brightness L before a background B changes the picture's light by ``A (L - B)``: a straight line
that falls by the area from a black background to a white one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from edgecv.evidence.plot_axes import HEAD, LEFT, TOP, Axes, nice_ticks

TEXTS = (
    "background, 0 black to 1 white",
    "light added (cm² of white)",
    "measured",
    "left out",
    "fitted line",
    "light added over the background",
    "%d places along the path; the fitted line falls by %s cm² from black to white, which is the thing's area",
)
"""All that is written into the plot besides numbers."""
_X_LABEL, _Y_LABEL, _MEASURED, _LEFT_OUT, _LINE, _TITLE, _DESCRIPTION = TEXTS
_CM2 = 1e4
_MOST_POINTS = 1000
"""Of other makers' records; our own hold some sixty."""
_LARGEST_M2 = 1e4
_LEAST_WEIGHT = 0.5
"""Below it a place agrees with the line less than it disagrees, and is drawn hollow."""
_MARK = 3.4
_APART = 150


@dataclass(frozen=True, slots=True)
class LightPoint:
    """The light at one place of the path.

    Attributes:
        background: light behind the thing, 0 black, 1 white.
        flux_m2: light that it adds, in units of white times a square metre.
        sd_m2: standard deviation of that.
        weight: how much it counts, 0 to 1.
    """

    background: float
    flux_m2: float
    sd_m2: float
    weight: float


@dataclass(frozen=True, slots=True)
class FluxLine:
    """What the plot shows.

    Attributes:
        points: the places.
        before_black_m2: flux of the fitted line before black.
        area_m2: the fall of flux from a black background to a white one.
    """

    points: tuple[LightPoint, ...]
    before_black_m2: float
    area_m2: float

    def flux_m2(self, background: float) -> float:
        """The fitted flux before a background."""
        return self.before_black_m2 - self.area_m2 * background


def flux_line_of(record: Mapping[str, Any]) -> FluxLine | None:
    """What a record, ours or another maker's, says of the light; None where it has not the contract's form."""
    mass = record.get("mass")
    section = mass.get("photometry") if isinstance(mass, Mapping) else None
    if not isinstance(section, Mapping):
        return None
    line, listed = section.get("line_m2"), section.get("points")
    if not isinstance(line, Sequence) or not isinstance(listed, Sequence) or len(listed) > _MOST_POINTS:
        return None
    if len(line) != 2 or not all(_is_measure(value) for value in line):
        return None
    points = tuple(point for one in listed if (point := _point_of(one)) is not None)
    return FluxLine(points, float(line[0]), float(line[1])) if points else None


def flux_plot(line: FluxLine, text: Callable[[str], str] = str) -> str:
    """Draw light over background as inline SVG.

    Colours come from ``currentColor`` and the classes ``sighting``, ``left-out``, ``fit``, ``grid`` and ``axis``.

    Args:
        line: what was measured.
        text: translates :data:`TEXTS`; English by default.

    Returns:
        One ``<svg>`` element, every text escaped.
    """
    behind = [point.background for point in line.points]
    darkest, brightest = min(behind), max(behind)
    # a place that counts for nothing may lie anywhere, and is cut off there
    counting = [point for point in line.points if point.weight >= _LEAST_WEIGHT] or line.points
    lows = [(point.flux_m2 - point.sd_m2) * _CM2 for point in counting]
    highs = [(point.flux_m2 + point.sd_m2) * _CM2 for point in counting]
    ends = [line.flux_m2(darkest) * _CM2, line.flux_m2(brightest) * _CM2]
    axes = Axes(nice_ticks(darkest, brightest, 6), nice_ticks(min(*lows, *ends, 0.0), max(*highs, *ends, 0.0), 6))
    description = text(_DESCRIPTION) % (len(line.points), significant(line.area_m2 * _CM2))
    parts = [
        HEAD,
        f"<title>{escape(text(_TITLE))}</title><desc>{escape(description)}.</desc>",
        axes.grid(text(_X_LABEL), text(_Y_LABEL)),
        f'<line class="level" x1="{LEFT}" y1="{axes.y(0.0):.1f}" x2="{LEFT + axes.width}" y2="{axes.y(0.0):.1f}" '
        'stroke="currentColor" stroke-opacity="0.6" stroke-dasharray="2 4"/>',
        f'<svg x="{LEFT}" y="{TOP}" width="{axes.width}" height="{axes.height}" '
        f'viewBox="{LEFT} {TOP} {axes.width} {axes.height}" overflow="hidden">',
        *(_mark(axes, point) for point in line.points),
        "</svg>",
        f'<line class="fit" x1="{axes.x(darkest):.1f}" y1="{axes.y(ends[0]):.1f}" x2="{axes.x(brightest):.1f}" '
        f'y2="{axes.y(ends[1]):.1f}" stroke="currentColor" stroke-width="2.2"/>',
        _legend(any(point.weight < _LEAST_WEIGHT for point in line.points), text),
        "</svg>",
    ]
    return "".join(parts)


def significant(value: float) -> str:
    """Two digits: what a sum of light does not know it should not seem to."""
    if value == 0.0:
        return "0"
    decimals = max(0, 1 - math.floor(math.log10(abs(value))))
    return f"{round(value, 1 - math.floor(math.log10(abs(value)))):.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def _mark(axes: Axes, point: LightPoint) -> str:
    x, y = axes.x(point.background), axes.y(point.flux_m2 * _CM2)
    bar = axes.y(0.0) - axes.y(point.sd_m2 * _CM2)
    counts = point.weight >= _LEAST_WEIGHT
    look = 'class="sighting" fill="currentColor"' if counts else 'class="left-out" fill="none" stroke="currentColor"'
    return (
        f'<path class="error" d="M{x:.1f} {y - bar:.1f}V{y + bar:.1f}" stroke="currentColor" stroke-opacity="0.35"/>'
        f'<circle {look} cx="{x:.1f}" cy="{y:.1f}" r="{_MARK}"/>'
    )


def _legend(left_out: bool, text: Callable[[str], str]) -> str:
    y = TOP - 20
    dot, ring = 'class="sighting" fill="currentColor"', 'class="left-out" fill="none" stroke="currentColor"'
    parts = []
    for place, (look, name) in enumerate([(dot, _MEASURED), *([(ring, _LEFT_OUT)] if left_out else [])]):
        x = LEFT + place * _APART
        parts.append(
            f'<circle {look} cx="{x + 12}" cy="{y - 4}" r="{_MARK}"/>'
            f'<text x="{x + 26}" y="{y}">{escape(text(name))}</text>'
        )
    x = LEFT + len(parts) * _APART
    parts.append(
        f'<line class="fit" x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" stroke="currentColor" '
        f'stroke-width="2.2"/><text x="{x + 30}" y="{y}">{escape(text(_LINE))}</text>'
    )
    return "".join(parts)


def _point_of(one: object) -> LightPoint | None:
    if not isinstance(one, Mapping):
        return None
    values = [one.get(name) for name in ("background", "flux_m2", "sd_m2", "weight")]
    if not all(_is_measure(value) for value in values):
        return None
    background, flux, sd, weight = (float(value) for value in values if isinstance(value, int | float))
    return LightPoint(background, flux, abs(sd), weight)


def _is_measure(value: object) -> bool:
    """Whether it is a number that light, a share or an area of a thing can be."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST_M2
