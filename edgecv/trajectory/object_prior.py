"""Everyday objects, as a prior: how large, how dense and how draggy what falls from buildings is.

Terminal velocity and apparent size of an object leave its mass open by its drag coefficient, and at three pixels its
size is open too; a prior of everyday objects closes part of that. Sizes and masses are those of shop goods and building
parts, drag coefficients those of tumbling spheres (0.4-0.6), cylinders and blocks (0.7-1.1) and sheets (0.6-1.3) after
Hoerner, "Fluid-dynamic drag" (1965). Shares follow court cases and cleaners: rubbish first, bricks seldom.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.drag import G_MPS2

Float64 = NDArray[np.float64]
Range = tuple[float, float]
AIR_KG_M3 = 1.2
_PER_SHARE = 60_000
"""Samples of a kind per unit of its share: 1,800 of the rarest."""
_WIDE = 6
"""Times more samples of what may be anything, each of a sixth of the weight: else a handful is all that fits."""


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """One kind.

    Attributes:
        name: as people say it.
        share: how often it falls, relative to the others.
        diameter_m: of the circle of the same area as it shows.
        density: kg/m³ of the sphere of that diameter; kg/m² of the circle where it is a sheet or a shell.
        drag: drag coefficient on the area shown.
        flat: whether the mass goes with the area.
        luma: how bright it is in a picture that is exposed for a facade, 0 black, 1 white.
    """

    name: str
    share: float
    diameter_m: Range
    density: Range
    drag: Range
    flat: bool = False
    luma: Range = (0.1, 0.95)


SOMETHING_ELSE = "something else"
OBJECT_KINDS = (
    ObjectKind("cigarette end", 0.07, (0.015, 0.03), (60.0, 220.0), (0.8, 1.2), luma=(0.6, 0.97)),
    ObjectKind("paper", 0.05, (0.08, 0.3), (0.06, 0.3), (0.4, 1.3), True, luma=(0.7, 1.0)),
    # crumpled: one to four sheets, from a dense ball, which is a rough sphere, to a loose one
    ObjectKind("paper", 0.04, (0.05, 0.13), (0.5, 3.2), (0.4, 0.9), True, luma=(0.7, 1.0)),
    ObjectKind("plastic bag", 0.06, (0.15, 0.4), (0.05, 0.25), (0.5, 1.3), True, luma=(0.2, 1.0)),
    ObjectKind("empty bottle, can or cup", 0.12, (0.07, 0.18), (1.0, 3.5), (0.7, 1.15), True, luma=(0.3, 0.95)),
    ObjectKind("clothing", 0.06, (0.18, 0.5), (1.0, 8.0), (0.9, 1.4), True),
    ObjectKind("shoe", 0.04, (0.12, 0.22), (90.0, 230.0), (0.7, 1.2)),
    ObjectKind("box of food", 0.07, (0.1, 0.22), (100.0, 420.0), (0.7, 1.15)),
    ObjectKind("bag of rubbish", 0.12, (0.15, 0.45), (50.0, 260.0), (0.55, 1.1), luma=(0.05, 0.9)),
    # and vegetables: a pepper is hollow, an apple floats, a potato sinks
    ObjectKind("fruit", 0.07, (0.04, 0.14), (450.0, 1050.0), (0.4, 0.65), luma=(0.2, 0.8)),
    ObjectKind("egg", 0.05, (0.04, 0.055), (850.0, 1150.0), (0.4, 0.55), luma=(0.65, 0.97)),
    ObjectKind("battery", 0.04, (0.02, 0.055), (1100.0, 2800.0), (0.65, 1.1), luma=(0.1, 0.8)),
    ObjectKind("full bottle or can", 0.09, (0.065, 0.2), (220.0, 900.0), (0.6, 1.15)),
    ObjectKind("piece of glass", 0.03, (0.03, 0.2), (7.0, 26.0), (0.7, 1.3), True),
    # masonry from plaster to granite
    ObjectKind("stone or piece of masonry", 0.06, (0.02, 0.16), (900.0, 2700.0), (0.45, 1.0), luma=(0.2, 0.7)),
    # blocks of aerated concrete (EN 771-4) and hollow bricks (EN 771-1) weigh a third of a solid one
    ObjectKind("brick", 0.03, (0.12, 0.22), (550.0, 1900.0), (0.8, 1.2), luma=(0.2, 0.6)),
    ObjectKind("flower pot", 0.03, (0.1, 0.3), (250.0, 1300.0), (0.6, 1.1), luma=(0.2, 0.7)),
    ObjectKind("metal part or tool", 0.03, (0.02, 0.12), (1500.0, 6000.0), (0.6, 1.2), luma=(0.1, 0.8)),
    ObjectKind(SOMETHING_ELSE, 0.12, (0.01, 0.5), (15.0, 5000.0), (0.45, 1.3)),
)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectSamples:
    """Objects by chance: ``(n,)`` each.

    Attributes:
        kind: number in :data:`OBJECT_KINDS`.
        log_terminal: log of the terminal velocity, m/s.
        log_diameter: log of the diameter, m.
        mass_kg: mass.
        luma: brightness in a picture, 0 to 1.
        log_weight: of each, for kinds that are wide have more samples than their share.
    """

    kind: NDArray[np.intp]
    log_terminal: Float64
    log_diameter: Float64
    mass_kg: Float64
    luma: Float64
    log_weight: Float64


@cache
def object_samples() -> ObjectSamples:
    """Return a fixed large sample of :data:`OBJECT_KINDS`; ``vt² = 2 m g / (rho Cd A)``."""
    rng = np.random.default_rng(2)
    counts = [
        round(object_kind.share * _PER_SHARE * (_WIDE if object_kind.name == SOMETHING_ELSE else 1))
        for object_kind in OBJECT_KINDS
    ]
    kind = np.repeat(np.arange(len(OBJECT_KINDS)), counts)

    def drawn(ranges: list[Range], logarithmic: bool) -> Float64:
        low, high = np.repeat(np.array(ranges), counts, axis=0).T
        at = rng.random(len(kind))
        return np.asarray(low * (high / low) ** at if logarithmic else low + at * (high - low), np.float64)

    diameter = drawn([object_kind.diameter_m for object_kind in OBJECT_KINDS], True)
    density = drawn([object_kind.density for object_kind in OBJECT_KINDS], True)
    drag = drawn([object_kind.drag for object_kind in OBJECT_KINDS], False)
    area = np.pi / 4.0 * diameter**2
    flat = np.array([object_kind.flat for object_kind in OBJECT_KINDS])[kind]
    mass = density * np.where(flat, area, np.pi / 6.0 * diameter**3)
    terminal = np.sqrt(2.0 * mass * G_MPS2 / (AIR_KG_M3 * drag * area))
    luma = drawn([object_kind.luma for object_kind in OBJECT_KINDS], False)
    log_weight = np.where(kind == len(OBJECT_KINDS) - 1, -np.log(_WIDE), 0.0)
    return ObjectSamples(kind, np.log(terminal), np.log(diameter), mass, luma, log_weight)
