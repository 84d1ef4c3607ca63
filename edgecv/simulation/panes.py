"""What is behind and in a pane: a dark room, the sky, curtains, blinds, a lamp.

A thing that falls before such windows is brighter than one and darker than the next: its sign in a difference flips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

_LIT_BY_NIGHT = (420.0, 640.0)
"""Above white, which marks a lamp for the infrared picture."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box on the facade: edges along X and Y, and how far it stands out; metres."""

    left_m: float
    right_m: float
    foot_m: float
    head_m: float
    depth_m: float


class Fill(Protocol):
    """Paints a rectangle of the facade: X and Y of two corners in metres, and its luma."""

    def __call__(self, x0: float, y0: float, x1: float, y1: float, value: float, keep: float = 0.1) -> None:
        """Paint; ``keep`` is the share of what is underneath that stays."""
        ...


def furnish(fill: Fill, glass: Box, rng: np.random.Generator, night: bool) -> None:
    """Paint one pane over, as by chance it is."""
    x0, x1, y0, y1 = glass.left_m, glass.right_m, glass.foot_m, glass.head_m
    width, height = x1 - x0, y1 - y0
    kind = str(rng.choice(("room", "sky", "curtains", "blinds", "lamp"), p=(0.30, 0.27, 0.23, 0.12, 0.08)))
    if night:
        if rng.random() < 0.3:
            fill(x0, y0, x1, y1, float(rng.uniform(*_LIT_BY_NIGHT)), 0.0)
            if rng.random() < 0.5:  # a curtain half drawn before the lamp
                fill(x0, y0, x0 + float(rng.uniform(0.2, 0.7)) * width, y1, float(rng.uniform(380.0, 460.0)), 0.0)
        return
    if kind == "sky":
        low, high = sorted(rng.uniform(135.0, 225.0, 2))
        for n in range(6):
            fill(x0, y0 + n / 6 * height, x1, y0 + (n + 1) / 6 * height, float(low + (high - low) * n / 5))
    elif kind == "curtains":
        cloth, left, right = float(rng.uniform(150.0, 225.0)), *rng.uniform(0.1, 0.5, 2)
        for a, b in ((x0, x0 + left * width), (x1 - right * width, x1)):
            for n in range(4):
                fill(a + n / 4 * (b - a), y0, a + (n + 1) / 4 * (b - a), y1, cloth - 14.0 * (n % 2))
    elif kind == "blinds":
        slat, down = float(rng.uniform(140.0, 205.0)), float(rng.uniform(0.3, 1.0))
        for n in range(int(down * height / 0.08)):
            fill(x0, y1 - 0.08 * n - 0.05, x1, y1 - 0.08 * n, slat)
    elif kind == "lamp":
        fill(x0, y0, x1, y1, float(rng.uniform(150.0, 235.0)))
    if kind != "room":
        middle = (x0 + x1) / 2.0
        fill(middle - 0.03, y0, middle + 0.03, y1, 180.0)
