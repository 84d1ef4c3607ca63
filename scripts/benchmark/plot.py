"""Costs as bars on a logarithmic axis, as SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping
from xml.sax.saxutils import escape

_WIDTH, _LEFT, _RIGHT, _BAR, _GAP = 760, 190, 90, 16, 26
_COLOURS = {"decoding": "#8a8f98", "edgecv": "#1f77b4", "MOG2 on grey": "#f2b56b", "MOG2 on BGR": "#e8833a"}
_OTHER = "#c44e52"


def bars(costs: Mapping[str, Mapping[str, float]]) -> str:
    """Draw milliseconds a frame: a group a clip, a bar a contender."""
    values = [ms for group in costs.values() for ms in group.values() if ms > 0]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)) + 1e-9)
    span = (_WIDTH - _LEFT - _RIGHT) / max(high - low, 1)

    def x(ms: float) -> float:
        return _LEFT + span * (math.log10(max(ms, 10.0**low)) - low)

    rows, y = [], 44
    for clip, group in costs.items():
        rows.append(f'<text x="10" y="{y + 12}" font-weight="bold">{escape(clip)}</text>')
        y += 20
        for name, ms in sorted(group.items(), key=lambda item: item[1]):
            colour = _COLOURS.get(name, _OTHER)
            rows.append(f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(name)}</text>')
            rows.append(f'<rect x="{_LEFT}" y="{y}" width="{x(ms) - _LEFT:.1f}" height="{_BAR - 3}" fill="{colour}"/>')
            rows.append(f'<text x="{x(ms) + 6:.1f}" y="{y + 12}">{ms:.2f} ms</text>')
            y += _BAR
        y += _GAP - _BAR
    grid = [
        f'<line x1="{x(10.0**k):.1f}" y1="36" x2="{x(10.0**k):.1f}" y2="{y}" stroke="#999" stroke-opacity="0.35"/>'
        f'<text x="{x(10.0**k):.1f}" y="{y + 16}" text-anchor="middle">{10.0**k:g}</text>'
        for k in range(low, high + 1)
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 28}" font-family="sans-serif" '
        'font-size="12"><rect width="100%" height="100%" fill="white"/>'
        '<text x="10" y="22" font-size="15">CPU time a frame, ms, one thread (logarithmic)</text>'
    )
    return "".join([head, *grid, *rows, "</svg>\n"])
