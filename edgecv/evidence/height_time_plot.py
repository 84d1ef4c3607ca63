"""Height over time as a small SVG: sightings, fitted fall, and what gravity alone would have done."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from edgecv.evidence.plot_axes import HEAD, HEIGHT, LEFT, TOP, WIDTH, Axes, nice_ticks, tick_text

Series = Sequence[tuple[float, float]]
"""Time in seconds and height, in the unit the axis label names."""

TEXTS = (
    "nothing to plot",
    "time (s)",
    "seen",
    "fitted fall",
    "gravity alone",
    "90 % band",
    "%s over time",
    "%d sightings from %s s on, with the fitted fall",
    " and, dashed, a fall under gravity alone",
)
"""All that is written into a plot besides numbers and its height axis."""

_MARK = 3.2


def height_time_plot(
    points: Series,
    fitted: Series,
    free_fall: Series | None,
    y_label: str,
    band: tuple[Series, Series] | None = None,
    text: Callable[[str], str] = str,
) -> str:
    """Draw height over time as inline SVG.

    Colours come from ``currentColor`` and the classes ``sighting``, ``fit``, ``band``, ``gravity``, ``grid`` and
    ``axis``, which carry defaults of their own, so the page decides between light and dark.

    Args:
        points: sightings, ``(t, height)``; times in seconds.
        fitted: the fitted fall, in time order.
        free_fall: the fall without air, or None.
        y_label: the height axis with its unit, e.g. ``"height (m)"``.
        band: lower and upper bound of the fitted fall at the same instants, or None.
        text: translates :data:`TEXTS` and ``y_label``; English by default.

    Returns:
        One ``<svg>`` element, every text escaped. Values that are not finite are left out.
    """
    seen, curve, pure = _finite(points), _finite(fitted), _finite(free_fall or ())
    everything = seen + curve
    title = f"<title>{escape(text('%s over time') % text(y_label))}</title>"
    if not everything:
        nothing = escape(text("nothing to plot"))
        note = f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT / 2:.0f}" text-anchor="middle">{nothing}</text>'
        return f"{HEAD}{title}<desc>{nothing}</desc>{note}</svg>"
    t_ticks = nice_ticks(min(t for t, _ in everything), max(t for t, _ in everything), 7)
    h_ticks = nice_ticks(min(h for _, h in everything), max(h for _, h in everything), 6)
    place = Axes(t_ticks, h_ticks)
    description = text("%d sightings from %s s on, with the fitted fall") % (
        len(seen),
        tick_text(everything[0][0], 0.01),
    )
    if pure:
        description += text(" and, dashed, a fall under gravity alone")
    parts = [HEAD, title, f"<desc>{escape(description)}.</desc>", place.grid(text("time (s)"), text(y_label))]
    clip = f'<svg x="{LEFT}" y="{TOP}" width="{place.width}" height="{place.height}" viewBox="{LEFT} {TOP} '
    parts.append(f'{clip}{place.width} {place.height}" overflow="hidden">')
    around = _finite(band[0]) + _finite(band[1])[::-1] if band is not None and curve else []
    if around:
        parts.append(_area(place, around))
    if pure:
        parts.append(_curve(place, pure, 'class="gravity" stroke="currentColor" stroke-dasharray="6 5"'))
    if curve:
        parts.append(_curve(place, curve, 'class="fit" stroke="currentColor"'))
    parts.append("</svg>")
    parts.extend(
        f'<circle class="sighting" cx="{place.x(t):.1f}" cy="{place.y(h):.1f}" r="{_MARK}" fill="none" '
        'stroke="currentColor" stroke-width="1.3"/>'
        for t, h in seen
    )
    parts.extend([_legend(bool(seen), bool(curve), bool(around), bool(pure), text), "</svg>"])
    return "".join(parts)


def _curve(place: Axes, series: list[tuple[float, float]], look: str) -> str:
    corners = " ".join(f"{place.x(t):.1f},{place.y(h):.1f}" for t, h in series)
    return f'<polyline {look} fill="none" stroke-width="1.8" points="{corners}"/>'


def _area(place: Axes, around: list[tuple[float, float]]) -> str:
    corners = " ".join(f"{place.x(t):.1f},{place.y(h):.1f}" for t, h in around)
    return f'<polygon class="band" fill="currentColor" fill-opacity="0.16" stroke="none" points="{corners}"/>'


def _legend(seen: bool, curve: bool, band: bool, pure: bool, text: Callable[[str], str]) -> str:
    parts, x, y = [], LEFT, 20
    if seen:
        parts.append(
            f'<circle class="sighting" cx="{x + 12}" cy="{y - 4}" r="{_MARK}" fill="none" stroke="currentColor" '
            f'stroke-width="1.3"/><text x="{x + 30}" y="{y}">{escape(text("seen"))}</text>'
        )
        x += 90
    for shown, look, name in (
        (curve, 'class="fit"', "fitted fall"),
        (pure, 'class="gravity" stroke-dasharray="6 5"', "gravity alone"),
    ):
        if shown:
            parts.append(
                f'<line {look} x1="{x}" y1="{y - 4}" x2="{x + 24}" y2="{y - 4}" stroke="currentColor" '
                f'stroke-width="1.8"/><text x="{x + 30}" y="{y}">{escape(text(name))}</text>'
            )
            x += 130
        if shown and band and "fit" in look:
            parts.append(
                f'<rect class="band" x="{x}" y="{y - 11}" width="24" height="13" fill="currentColor" '
                f'fill-opacity="0.16"/><text x="{x + 30}" y="{y}">{escape(text("90 % band"))}</text>'
            )
            x += 120
    return "".join(parts)


def _finite(series: Series) -> list[tuple[float, float]]:
    return [(float(t), float(h)) for t, h in series if math.isfinite(t) and math.isfinite(h)]
