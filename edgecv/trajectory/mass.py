"""How heavy: terminal velocity from the acceleration profile, class from that, kilograms only as an interval.

A path gives m/(Cd·A), never m alone: ``vt² = 2 m g / (rho Cd A)``. Size and terminal velocity weigh a large sample of
everyday objects (:mod:`edgecv.trajectory.object_prior`); those that fit give the mass, the energy and what it may be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgecv.messages import mass as messages
from edgecv.trajectory.fall import Fall
from edgecv.trajectory.impact import Impact, impact_at_end, impact_on_people
from edgecv.trajectory.launch import Launches
from edgecv.trajectory.model import LOG_DEPTH, LOG_VT
from edgecv.trajectory.object_prior import OBJECT_KINDS, SOMETHING_ELSE, object_samples
from edgecv.trajectory.quantiles import Quantiles
from edgecv.trajectory.size import size_of

Float64 = NDArray[np.float64]
MassClass = Literal["light", "medium", "heavy", "undetermined"]
CLASSES: tuple[MassClass, ...] = ("light", "medium", "heavy")
_BOUNDS_MPS = (8.0, 20.0)
"""Terminal velocities between light, medium and heavy: the classes of the incident record."""
_NAMING_PROBABILITY = 0.6
"""A class that holds less is not named: the record then says ``undetermined``."""
_DRAWS = 1000
"""Draws of the posterior: class probabilities to about 0.015."""
_MIN_LISTED_PROBABILITY = 0.05
_MAX_NAMED = 4
"""A person reads a few likely kinds of object; one below 0.05 would only suggest a certainty that is not there."""


@dataclass(frozen=True, slots=True)
class MassEstimate:
    """How heavy an object is, by what its path says.

    Attributes:
        mass_class: one of the classes where it holds 0.6, else ``undetermined``.
        p: probability of each class.
        terminal_velocity: m/s.
        kg: mass.
        diameter_m: of the disc of the same area.
        things: what it may be and how probable, likeliest first.
        impact: how fast it arrives.
        impact_energy_j: kinetic energy there.
        reason: why the class is undetermined.
    """

    mass_class: MassClass
    p: dict[str, float]
    terminal_velocity: Quantiles
    kg: Quantiles
    diameter_m: Quantiles
    things: tuple[tuple[str, float], ...]
    impact: Impact
    impact_energy_j: Quantiles
    reason: str | None


def estimate_mass(fall: Fall, launches: Launches | None = None, ground_m: float = 0.0) -> MassEstimate:
    """Return class, kilograms and energy.

    Args:
        fall: the fitted fall.
        launches: the posterior of its launch, which knows more of its drag than the fit alone and how fast the object
            reaches people; without it the speed at the last sighting is taken.
        ground_m: height of the ground, world.
    """
    draws = fall.fit.samples(_DRAWS)
    if launches is not None:
        draws[:, LOG_VT] = np.log(np.resize(launches.terminal_mps, _DRAWS))
    draws[:, LOG_VT] = np.clip(draws[:, LOG_VT], -1.0, 6.5)
    vt = np.exp(draws[:, LOG_VT])
    p = {
        "light": float(np.mean(vt < _BOUNDS_MPS[0])),
        "medium": float(np.mean((vt >= _BOUNDS_MPS[0]) & (vt <= _BOUNDS_MPS[1]))),
        "heavy": float(np.mean(vt > _BOUNDS_MPS[1])),
    }
    best = max(CLASSES, key=lambda name: p[name])
    determined = p[best] >= _NAMING_PROBABILITY
    size = size_of(fall.path, fall.fit)
    nearer = draws[:, LOG_DEPTH] - fall.fit.parameters[LOG_DEPTH]
    log_diameter = np.log(size.diameter_m) + nearer
    log_diameter += size.log_sd * np.random.default_rng(1).standard_normal(_DRAWS)
    drawn = _draw_alike(draws[:, LOG_VT], log_diameter)
    samples = object_samples()
    kg = samples.mass_kg[drawn]
    impact = impact_at_end(fall.fit, draws) if launches is None else impact_on_people(launches, ground_m)
    return MassEstimate(
        mass_class=best if determined else "undetermined",
        p={name: round(value, 3) for name, value in p.items()},
        terminal_velocity=Quantiles.of(vt),
        kg=Quantiles.of(kg),
        diameter_m=Quantiles.of(np.exp(samples.log_diameter[drawn])),
        things=_likeliest_kinds(samples.kind[drawn]),
        impact=impact,
        impact_energy_j=Quantiles.of(0.5 * kg * np.square(impact.speed_of(samples.log_terminal[drawn]))),
        reason=None if determined else messages.UNDETERMINED(),
    )


def _draw_alike(log_terminal: Float64, log_diameter: Float64) -> NDArray[np.intp]:
    """Indices ``(n,)`` of samples, drawn by how well they fit the measured speed and size (joint Gaussian)."""
    measured = np.stack([log_terminal, log_diameter])
    centre = np.median(measured, axis=1)
    # a terminal velocity known to a percent would leave a handful of samples
    spread = np.cov(measured) + np.diag([0.03**2, 0.05**2])
    samples = object_samples()
    deviation = np.stack([samples.log_terminal, samples.log_diameter], axis=1) - centre
    log_weight = -0.5 * np.einsum("ni,ij,nj->n", deviation, np.linalg.inv(spread), deviation)
    weight = np.exp(log_weight - log_weight.max())
    return np.random.default_rng(3).choice(len(weight), len(log_terminal), p=weight / weight.sum())


def _likeliest_kinds(kinds: NDArray[np.intp]) -> tuple[tuple[str, float], ...]:
    """The likeliest few by name, and one entry for all the rest."""
    share = np.bincount(kinds, minlength=len(OBJECT_KINDS)) / len(kinds)
    ranked = sorted(
        (
            (object_kind.name, float(p))
            for object_kind, p in zip(OBJECT_KINDS, share, strict=True)
            if p >= _MIN_LISTED_PROBABILITY and object_kind.name != SOMETHING_ELSE
        ),
        key=lambda entry: -entry[1],
    )[:_MAX_NAMED]
    remainder = 1.0 - sum(p for _, p in ranked)
    return (*ranked, (SOMETHING_ELSE, remainder)) if remainder > 0.0 else tuple(ranked)
