"""What people throw from windows: ranges of size, mass and drag, from which objects are sampled.

Drag coefficients: spheres 0.4-0.5, cylinders and blocks tumbling 0.8-1.2, sheets 1.1-1.4, less when crumpled (Hoerner,
"Fluid-dynamic drag", 1965). Terminal velocities follow: sheets of paper and plastic bags 1-3 m/s, cigarette ends 4-6,
empty bottles 5-7, clothes 6-10, shoes 13-21, kitchen bags 15-30, bottles, fruit, eggs, batteries and stones 22-85.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgecv.simulation.fall_trajectory import Air, Flutter
from edgecv.simulation.scene import FallingObject

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Kind:
    """Ranges of one kind of object.

    Attributes:
        diameter_m: as seen: of the circle of the same area.
        aspect: longest over shortest side.
        mass_kg: of the smallest and of the largest; between them it goes with the given power of the size.
        mass_power: 3 for solid objects, 2 for sheets.
        drag: Cd on the area seen.
        grey: luma of the surface in daylight.
        spin_hz: turns a second.
        shade: how much the brightness changes while it turns.
        flutter_mps2: side force of sheets.
        speed_mps: of a hard throw; most objects are dropped or tossed.
        spread: relative deviation of the mass among objects of one size.
    """

    diameter_m: Range
    aspect: Range
    mass_kg: Range
    mass_power: float
    drag: Range
    grey: Range = (20.0, 245.0)
    spin_hz: Range = (0.3, 4.0)
    shade: Range = (0.0, 0.2)
    flutter_mps2: Range = (0.0, 0.0)
    speed_mps: float = 8.0
    spread: float = 0.2


CATALOGUE: dict[str, Kind] = {
    "stone": Kind((0.04, 0.12), (1.0, 1.6), (0.08, 2.2), 3.0, (0.5, 0.9), (60.0, 150.0), spread=0.03),
    "brick": Kind((0.14, 0.20), (1.5, 2.2), (1.6, 3.2), 3.0, (0.9, 1.2), (60.0, 130.0),
        (0.5, 3.0), (0.1, 0.3), speed_mps=5.0),
    "full bottle": Kind((0.11, 0.17), (2.5, 3.6), (0.35, 1.6), 3.0, (0.7, 1.1), (25.0, 225.0),
        (0.5, 4.0), (0.1, 0.4)),
    "empty bottle": Kind((0.11, 0.17), (2.5, 3.6), (0.018, 0.045), 2.0, (0.8, 1.1),
        (90.0, 235.0), (1.0, 6.0), (0.2, 0.5), (0.2, 1.0), 6.0),
    "egg": Kind((0.042, 0.052), (1.2, 1.4), (0.045, 0.07), 3.0, (0.4, 0.5), (175.0, 235.0),
        (0.5, 5.0), (0.0, 0.1), spread=0.03),
    "fruit": Kind((0.06, 0.11), (1.0, 1.2), (0.09, 0.6), 3.0, (0.4, 0.55), (50.0, 190.0)),
    "battery": Kind((0.022, 0.045), (1.5, 3.5), (0.02, 0.14), 3.0, (0.7, 1.0), (30.0, 200.0),
        (1.0, 8.0), (0.1, 0.5)),
    "kitchen bag": Kind((0.18, 0.35), (1.0, 1.5), (0.4, 3.0), 3.0, (0.6, 1.0), (25.0, 225.0),
        (0.2, 1.5), (0.0, 0.2), (0.0, 0.5), 4.0),
    "cigarette": Kind((0.018, 0.028), (2.5, 5.0), (0.0003, 0.0009), 2.0, (0.9, 1.2),
        (170.0, 245.0), (3.0, 12.0), (0.2, 0.5), (0.5, 2.0), 5.0),
    "paper": Kind((0.09, 0.24), (1.0, 1.5), (0.0012, 0.006), 2.0, (0.35, 1.3), (190.0, 250.0),
        (0.5, 3.0), (0.2, 0.5), (1.5, 5.0), 3.0),
    "plastic bag": Kind((0.15, 0.35), (1.0, 1.6), (0.003, 0.010), 2.0, (0.5, 1.3),
        (60.0, 245.0), (0.2, 1.0), (0.1, 0.3), (1.0, 4.0), 2.5),
    "shoe": Kind((0.14, 0.20), (2.0, 2.8), (0.2, 0.55), 3.0, (0.8, 1.1), (20.0, 230.0),
        (0.5, 4.0), (0.1, 0.3)),
    "clothes": Kind((0.22, 0.45), (1.0, 2.2), (0.12, 0.8), 2.0, (1.0, 1.4), (20.0, 245.0),
        (0.2, 1.5), (0.1, 0.3), (0.3, 1.5), 4.0),
    "tissue": Kind((0.12, 0.20), (1.2, 2.6), (0.0012, 0.0034), 2.0, (1.0, 1.4), (200.0, 250.0),
        (0.5, 2.0), (0.1, 0.3), (6.0, 14.0), 2.0),
    "leaflet": Kind((0.17, 0.26), (1.3, 3.2), (0.0023, 0.0054), 2.0, (0.9, 1.3), (150.0, 250.0),
        (0.6, 2.0), (0.1, 0.4), (10.0, 24.0), 3.0),
    "newspaper": Kind((0.32, 0.50), (1.2, 2.4), (0.014, 0.045), 2.0, (0.9, 1.3), (120.0, 210.0),
        (0.3, 1.2), (0.1, 0.3), (6.0, 14.0), 3.0),
    "thin bag": Kind((0.22, 0.36), (1.1, 2.0), (0.004, 0.011), 2.0, (0.8, 1.2), (60.0, 245.0),
        (0.2, 1.0), (0.1, 0.3), (4.0, 10.0), 2.0),
}  # fmt: skip
SINKING = ("tissue", "leaflet", "newspaper", "thin bag")
"""Sheets that sink at 1-3 m/s and swing as fast as they sink: the side force is what that takes against their drag."""
USUAL = tuple(name for name in CATALOGUE if name not in SINKING)
"""What random objects are chosen from where a scene names no kinds; the sheets came later and are named."""


def sample_object(
    rng: np.random.Generator,
    name: str,
    *,
    position_m: tuple[float, float, float],
    floor: int,
    window: str,
    release_s: float,
    air: Air,
    diameter_m: float | None = None,
    grey: float | None = None,
) -> FallingObject:
    """Draw one object of a kind, with a launch between letting go and a hard throw.

    A given diameter beyond the kind's own range makes it look larger or smaller but fall as one of its kind.
    """
    kind = CATALOGUE[name]
    share = float(rng.random())
    own = kind.diameter_m[0] + share * (kind.diameter_m[1] - kind.diameter_m[0])
    light, heavy = kind.mass_kg
    grown = (own**kind.mass_power - kind.diameter_m[0] ** kind.mass_power) / (
        kind.diameter_m[1] ** kind.mass_power - kind.diameter_m[0] ** kind.mass_power
    )
    mass = light + grown * (heavy - light) if light else heavy
    mass *= float(np.clip(rng.lognormal(0.0, kind.spread), 0.7, 1.4))  # no two of a kind are equally dense or full
    area = np.pi / 4.0 * own * own
    drawn_grey = float(rng.uniform(*kind.grey))
    return FallingObject(
        name,
        round(float(mass), 5),
        float(rng.uniform(*kind.drag) * area),
        own if diameter_m is None else diameter_m,
        drawn_grey if grey is None else grey,
        floor,
        window,
        position_m,
        _launch(rng, kind.speed_mps),
        release_s,
        float(rng.uniform(*kind.aspect)),
        float(rng.uniform(*kind.spin_hz)),
        float(rng.uniform(*kind.shade)),
        Flutter(float(rng.uniform(*kind.flutter_mps2)), float(rng.uniform(0.8, 2.2)), float(rng.uniform(0.0, 6.3))),
        air,
    )


def _launch(rng: np.random.Generator, hardest_mps: float) -> tuple[float, float, float]:
    """Launch velocity: 40 % let go, 40 % tossed, 20 % thrown hard; always away from the wall."""
    style = rng.choice(3, p=(0.4, 0.4, 0.2))
    speed = float((rng.uniform(0.1, 0.7), rng.uniform(0.8, 3.0), rng.uniform(3.0, max(3.5, hardest_mps)))[style])
    speed = min(speed, hardest_mps)
    side = float(rng.uniform(-1.2, 1.2))
    up = float(rng.uniform(-0.3, 0.5))
    return (speed * np.sin(side) * np.cos(up), speed * np.sin(up), max(0.1, speed * np.cos(side) * np.cos(up)))
