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
_LIGHTING = 0.15
"""How much brighter or darker in the picture the same thing is in the sun and in the shade, spread."""
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


@dataclass(frozen=True, slots=True, eq=False)
class PathDraws:
    """What a path says of an object's weight, as equally probable draws.

    Attributes:
        log_terminal: ``(n,)`` log of the terminal velocity, m/s.
        nearer: ``(n,)`` log of the factor by which it is farther away than the fit has it.
        diameter_m: by its boxes, where the fit has it.
        diameter_log_sd: standard deviation of that logarithm.
        impact: how fast it arrives.
    """

    log_terminal: Float64
    nearer: Float64
    diameter_m: float
    diameter_log_sd: float
    impact: Impact


@dataclass(frozen=True, slots=True, eq=False)
class LightDraws:
    """What its light says of an object, as equally probable draws.

    Attributes:
        log_area: ``(n,)`` log of its area, m², where the fit has it.
        luma: ``(n,)`` its brightness in the picture, 0 black, 1 white.
    """

    log_area: Float64
    luma: Float64


def estimate_mass(fall: Fall, launches: Launches | None = None, ground_m: float = 0.0) -> MassEstimate:
    """Return class, kilograms and energy by the path and the boxes of what was detected.

    Args:
        fall: the fitted fall.
        launches: the posterior of its launch, which knows more of its drag than the fit alone and how fast the object
            reaches people; without it the speed at the last sighting is taken.
        ground_m: height of the ground, world.
    """
    return weigh(path_draws(fall, launches, ground_m))


def path_draws(fall: Fall, launches: Launches | None = None, ground_m: float = 0.0) -> PathDraws:
    """Return what a path says of the weight; arguments as of :func:`estimate_mass`."""
    draws = fall.fit.samples(_DRAWS)
    if launches is not None:
        draws[:, LOG_VT] = np.log(np.resize(launches.terminal_mps, _DRAWS))
    draws[:, LOG_VT] = np.clip(draws[:, LOG_VT], -1.0, 6.5)
    size = size_of(fall.path, fall.fit)
    impact = impact_at_end(fall.fit, draws) if launches is None else impact_on_people(launches, ground_m)
    nearer = draws[:, LOG_DEPTH] - fall.fit.parameters[LOG_DEPTH]
    return PathDraws(draws[:, LOG_VT], nearer, size.diameter_m, size.log_sd, impact)


def weigh(path: PathDraws, light: LightDraws | None = None) -> MassEstimate:
    """Return class, kilograms and energy; the size is the light's where there is one, else the boxes'."""
    vt = np.exp(path.log_terminal)
    p = {
        "light": float(np.mean(vt < _BOUNDS_MPS[0])),
        "medium": float(np.mean((vt >= _BOUNDS_MPS[0]) & (vt <= _BOUNDS_MPS[1]))),
        "heavy": float(np.mean(vt > _BOUNDS_MPS[1])),
    }
    best = max(CLASSES, key=lambda name: p[name])
    determined = p[best] >= _NAMING_PROBABILITY
    if light is None:
        spread = path.diameter_log_sd * np.random.default_rng(1).standard_normal(len(vt))
        log_diameter = np.log(path.diameter_m) + spread + path.nearer
    else:
        log_diameter = 0.5 * (light.log_area + np.log(4.0 / np.pi)) + path.nearer
    drawn = _draw_alike(path.log_terminal, log_diameter, None if light is None else light.luma)
    samples = object_samples()
    kg = samples.mass_kg[drawn]
    return MassEstimate(
        mass_class=best if determined else "undetermined",
        p={name: round(value, 3) for name, value in p.items()},
        terminal_velocity=Quantiles.of(vt),
        kg=Quantiles.of(kg),
        diameter_m=Quantiles.of(np.exp(samples.log_diameter[drawn] if light is None else log_diameter)),
        things=_likeliest_kinds(samples.kind[drawn]),
        impact=path.impact,
        impact_energy_j=Quantiles.of(0.5 * kg * np.square(path.impact.speed_of(samples.log_terminal[drawn]))),
        reason=None if determined else messages.UNDETERMINED(),
    )


def _draw_alike(log_terminal: Float64, log_diameter: Float64, luma: Float64 | None) -> NDArray[np.intp]:
    """Indices ``(n,)`` of samples, drawn by how well they fit speed, size (joint Gaussian) and brightness."""
    measured = np.stack([log_terminal, log_diameter])
    centre = np.median(measured, axis=1)
    # a terminal velocity known to a percent would leave a handful of samples
    spread = np.cov(measured) + np.diag([0.03**2, 0.05**2])
    samples = object_samples()
    deviation = np.stack([samples.log_terminal, samples.log_diameter], axis=1) - centre
    log_weight = samples.log_weight - 0.5 * np.einsum("ni,ij,nj->n", deviation, np.linalg.inv(spread), deviation)
    if luma is not None:
        sd = float(np.hypot(_LIGHTING, np.std(luma)))
        log_weight -= 0.5 * np.square((samples.luma - float(np.median(luma))) / sd)
    weight = np.exp(log_weight - log_weight.max())
    return np.random.default_rng(3).choice(len(weight), len(log_terminal), p=weight / weight.sum())


def _likeliest_kinds(kinds: NDArray[np.intp]) -> tuple[tuple[str, float], ...]:
    """The likeliest few by name, and one entry for all the rest."""
    share: dict[str, float] = {}
    for number, count in enumerate(np.bincount(kinds, minlength=len(OBJECT_KINDS))):
        name = OBJECT_KINDS[number].name
        share[name] = share.get(name, 0.0) + float(count) / len(kinds)
    ranked = sorted(
        ((name, p) for name, p in share.items() if p >= _MIN_LISTED_PROBABILITY and name != SOMETHING_ELSE),
        key=lambda entry: -entry[1],
    )[:_MAX_NAMED]
    remainder = 1.0 - sum(p for _, p in ranked)
    return (*ranked, (SOMETHING_ELSE, remainder)) if remainder > 0.0 else tuple(ranked)
