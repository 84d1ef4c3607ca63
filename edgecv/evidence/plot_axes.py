"""The axes of a small SVG: round ticks, where a value lies, a grid with its numbers."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, FOOT = 66, 14, 40, 50
"""Of the drawing, and its margins."""
HEAD = (
    f'<svg class="plot" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {HEIGHT}" '
    'font-family="inherit" font-size="13" fill="currentColor">'
)


class Axes:
    """Maps values to the drawing's units.

    Args:
        x_ticks: two or more, in order; the first and the last are the ends of the axis.
        y_ticks: likewise.
    """

    def __init__(self, x_ticks: list[float], y_ticks: list[float]) -> None:
        self.x_ticks, self.y_ticks = x_ticks, y_ticks
        self.width, self.height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - FOOT

    def x(self, value: float) -> float:
        """Where it lies, from the left."""
        return LEFT + self.width * (value - self.x_ticks[0]) / (self.x_ticks[-1] - self.x_ticks[0])

    def y(self, value: float) -> float:
        """Where it lies, from the top."""
        return TOP + self.height * (self.y_ticks[-1] - value) / (self.y_ticks[-1] - self.y_ticks[0])

    def grid(self, x_label: str, y_label: str) -> str:
        """Lines, numbers and labels; every text escaped."""
        right, foot = WIDTH - RIGHT, HEIGHT - FOOT
        parts = []
        rule = 'stroke="currentColor" stroke-opacity="0.15"'
        x_step, y_step = self.x_ticks[1] - self.x_ticks[0], self.y_ticks[1] - self.y_ticks[0]
        for value in self.x_ticks:
            x = f"{self.x(value):.1f}"
            parts.append(f'<line class="grid" x1="{x}" y1="{TOP}" x2="{x}" y2="{foot}" {rule}/>')
            parts.append(f'<text x="{x}" y="{foot + 21}" text-anchor="middle">{tick_text(value, x_step)}</text>')
        for value in self.y_ticks:
            y = self.y(value)
            parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" {rule}/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4.5:.1f}" text-anchor="end">{tick_text(value, y_step)}</text>')
        parts.append(
            f'<path class="axis" d="M{LEFT} {TOP}V{foot}H{right}" fill="none" stroke="currentColor" '
            'stroke-opacity="0.6"/>'
        )
        middle_x, middle_y = (LEFT + right) / 2, (TOP + foot) / 2
        parts.append(f'<text x="{middle_x:.0f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(x_label)}</text>')
        turn = f'transform="rotate(-90 16 {middle_y:.0f})"'
        parts.append(f'<text x="16" y="{middle_y:.0f}" text-anchor="middle" {turn}>{escape(y_label)}</text>')
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


def tick_text(value: float, step: float) -> str:
    """A tick's number with as many decimals as its step needs; a minus sign, not a hyphen."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    text = f"{value:.{decimals}f}"
    return ("0" if float(text) == 0 else text).replace("-", "\N{MINUS SIGN}")
