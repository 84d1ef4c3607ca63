"""Height over time as a small SVG: sightings, fitted fall, and what gravity alone would have done."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

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

_WIDTH, _HEIGHT = 640, 340
_LEFT, _RIGHT, _TOP, _FOOT = 66, 14, 40, 50
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
    head = (
        f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="inherit" font-size="13" fill="currentColor">'
    )
    label = escape(text(y_label))
    title = f"<title>{escape(text('%s over time') % text(y_label))}</title>"
    if not everything:
        nothing = escape(text("nothing to plot"))
        note = f'<text x="{_WIDTH / 2:.0f}" y="{_HEIGHT / 2:.0f}" text-anchor="middle">{nothing}</text>'
        return f"{head}{title}<desc>{nothing}</desc>{note}</svg>"
    t_ticks = nice_ticks(min(t for t, _ in everything), max(t for t, _ in everything), 7)
    h_ticks = nice_ticks(min(h for _, h in everything), max(h for _, h in everything), 6)
    place = _Axes(t_ticks, h_ticks)
    description = text("%d sightings from %s s on, with the fitted fall") % (len(seen), _tick(everything[0][0], 0.01))
    if pure:
        description += text(" and, dashed, a fall under gravity alone")
    parts = [head, title, f"<desc>{escape(description)}.</desc>", _grid(place, label, text)]
    clip = f'<svg x="{_LEFT}" y="{_TOP}" width="{place.width}" height="{place.height}" viewBox="{_LEFT} {_TOP} '
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


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Round values, 1, 2 or 5 times a power of ten apart, that enclose ``low`` to ``high``; about ``most`` of them."""
    span = high - low
    if span <= 1e-9 * max(abs(low), abs(high), 1.0):
        half = max(abs(low) * 0.1, 0.5)
        low, high, span = low - half, high + half, 2 * half
    rough = span / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [i * step for i in range(first, last + 1)]


class _Axes:
    """Maps seconds and heights to the drawing's units."""

    def __init__(self, t_ticks: list[float], h_ticks: list[float]) -> None:
        self.t_ticks, self.h_ticks = t_ticks, h_ticks
        self.width, self.height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _FOOT

    def x(self, t: float) -> float:
        return _LEFT + self.width * (t - self.t_ticks[0]) / (self.t_ticks[-1] - self.t_ticks[0])

    def y(self, h: float) -> float:
        return _TOP + self.height * (self.h_ticks[-1] - h) / (self.h_ticks[-1] - self.h_ticks[0])


def _grid(place: _Axes, label: str, text: Callable[[str], str]) -> str:
    right, foot = _WIDTH - _RIGHT, _HEIGHT - _FOOT
    parts = []
    rule = 'stroke="currentColor" stroke-opacity="0.15"'
    t_step, h_step = place.t_ticks[1] - place.t_ticks[0], place.h_ticks[1] - place.h_ticks[0]
    for t in place.t_ticks:
        x = f"{place.x(t):.1f}"
        parts.append(f'<line class="grid" x1="{x}" y1="{_TOP}" x2="{x}" y2="{foot}" {rule}/>')
        parts.append(f'<text x="{x}" y="{foot + 21}" text-anchor="middle">{_tick(t, t_step)}</text>')
    for h in place.h_ticks:
        y = place.y(h)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" {rule}/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4.5:.1f}" text-anchor="end">{_tick(h, h_step)}</text>')
    parts.append(
        f'<path class="axis" d="M{_LEFT} {_TOP}V{foot}H{right}" fill="none" stroke="currentColor" '
        'stroke-opacity="0.6"/>'
    )
    middle_x, middle_y = (_LEFT + right) / 2, (_TOP + foot) / 2
    parts.append(f'<text x="{middle_x:.0f}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(text("time (s)"))}</text>')
    turn = f'transform="rotate(-90 16 {middle_y:.0f})"'
    parts.append(f'<text x="16" y="{middle_y:.0f}" text-anchor="middle" {turn}>{label}</text>')
    return "".join(parts)


def _curve(place: _Axes, series: list[tuple[float, float]], look: str) -> str:
    corners = " ".join(f"{place.x(t):.1f},{place.y(h):.1f}" for t, h in series)
    return f'<polyline {look} fill="none" stroke-width="1.8" points="{corners}"/>'


def _area(place: _Axes, around: list[tuple[float, float]]) -> str:
    corners = " ".join(f"{place.x(t):.1f},{place.y(h):.1f}" for t, h in around)
    return f'<polygon class="band" fill="currentColor" fill-opacity="0.16" stroke="none" points="{corners}"/>'


def _legend(seen: bool, curve: bool, band: bool, pure: bool, text: Callable[[str], str]) -> str:
    parts, x, y = [], _LEFT, 20
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


def _tick(value: float, step: float) -> str:
    """A tick's number with as many decimals as its step needs; a minus sign, not a hyphen."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    text = f"{value:.{decimals}f}"
    return ("0" if float(text) == 0 else text).replace("-", "\N{MINUS SIGN}")


def _finite(series: Series) -> list[tuple[float, float]]:
    return [(float(t), float(h)) for t, h in series if math.isfinite(t) and math.isfinite(h)]
