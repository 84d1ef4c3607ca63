"""Charts drawn on the server as SVG: bars in stacks, and a line over them. Nothing to load, prints as it is.

Colours come from the style by class, and each series has a pattern of its own besides: for print without colour, and
for those who do not see it. The page shows the same figures in a table beside each chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from markupsafe import Markup, escape

_LABEL_CHARS = 14


@dataclass(frozen=True, slots=True)
class Series:
    """One part of every bar: its class in the style, and a value for each bar."""

    css: str
    values: tuple[float, ...]


def columns(title: str, labels: Sequence[str], series: Sequence[Series], line: Sequence[float] | None = None) -> Markup:
    """Upright bars, for what follows in time.

    Args:
        title: what the chart shows, told to those who cannot see it.
        labels: below the bars; those that find no room are left out.
        series: parts of the bars, from the bottom up.
        line: a value for each of the first bars, drawn over them.
    """
    width, height, left, bottom, top = 720, 240, 40, 26, 10
    sums = [sum(part.values[n] for part in series) for n in range(len(labels))]
    ticks = _ticks(max([*sums, *(line or ()), 1.0]))
    pitch = (width - left - 8) / max(1, len(labels))
    scale = (height - bottom - top) / ticks[-1]
    base = height - bottom
    parts = [_grid_line(left, width - 8, base - tick * scale, tick) for tick in ticks]
    every = ceil(max(1, max((len(label) for label in labels), default=1)) * 7.5 / pitch)
    for n, label in enumerate(labels):
        x, y = left + n * pitch, float(base)
        bar = max(1.0, min(pitch * 0.78, 44.0))
        for part in series:
            tall = part.values[n] * scale
            if tall > 0:
                y -= tall
                parts.append(_bar(part.css, x + (pitch - bar) / 2, y, bar, tall))
        if n % every == 0 and x + pitch / 2 + 3.5 * len(label) < width:
            parts.append(_text("axis middle", x + pitch / 2, height - 8, label))
    if line:
        points = " ".join(f"{left + (n + 0.5) * pitch:.1f},{base - v * scale:.1f}" for n, v in enumerate(line))
        parts.append(f'<polyline class="trend" points="{points}"/>')
    return _picture(title, width, height, parts, "wide")


def rows(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """Lying bars, for places and kinds."""
    width, left, pitch, right = 360, 118, 24, 40
    height = pitch * max(1, len(labels)) + 6
    sums = [sum(part.values[n] for part in series) for n in range(len(labels))]
    scale = (width - left - right) / max([*sums, 1.0])
    parts: list[str] = []
    for n, label in enumerate(labels):
        x, y = float(left), 4 + n * pitch
        short = label if len(label) <= _LABEL_CHARS else label[: _LABEL_CHARS - 1] + "…"
        parts.append(_text("axis end", left - 8, y + 14, short))
        for part in series:
            wide = part.values[n] * scale
            if wide > 0:
                parts.append(_bar(part.css, x, y, wide, pitch - 6))
                x += wide
        parts.append(_text("axis", x + 6, y + 14, f"{sums[n]:g}"))
    return _picture(title, width, height, parts, "narrow-chart")


def _picture(title: str, width: int, height: int, parts: Sequence[str], css: str) -> Markup:
    return Markup(
        f'<svg class="chart {css}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def _bar(css: str, x: float, y: float, wide: float, tall: float) -> str:
    fill = ' fill="url(#hatch)"' if css == "unjudged" else ""  # the pattern of hatch.html
    return f'<rect class="{css}"{fill} x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'


def _text(css: str, x: float, y: float, text: str) -> str:
    return f'<text class="{css}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _grid_line(left: float, right: float, y: float, value: float) -> str:
    line = f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return line + _text("axis end", left - 6, y + 4, f"{value:g}")


def _ticks(most: float) -> list[float]:
    """Round values from 0 to at least ``most``, four to six of them."""
    rough = most / 4.0
    power = 10.0 ** int(log10(rough)) if rough >= 1 else 1.0
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough and (power * m).is_integer())
    return [step * n for n in range(ceil(most / step) + 1)]
