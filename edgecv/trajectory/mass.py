"""How heavy: terminal velocity from the acceleration profile, class from that, kilograms only as an interval.

A path gives m/(Cd·A), never m alone: ``vt² = 2 m g / (ρ Cd A)``. With the diameter d from the blob and the distance,
``m = ρ Cd (π/4) d² vt² / (2 g)``; Cd is assumed log-normal around 0.8 (sphere 0.47, cube 1.05, plate 1.2) and the
diameter good to 40 %, because a thing of a few pixels has no sharp edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.drag import G_MPS2
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.launch import Launches
from edgecv.trajectory.model import LOG_DEPTH, LOG_VT, fly

Float64 = NDArray[np.float64]
MassClass = Literal["light", "medium", "heavy", "undetermined"]
CLASSES: tuple[MassClass, ...] = ("light", "medium", "heavy")
_BOUNDS_MPS = (8.0, 20.0)
_NAMED_FROM = 0.6
_AIR_KG_M3 = 1.2
_DRAG_COEFFICIENT = (0.8, 0.35)  # median, log-spread
_DIAMETER_LOG_SD = 0.4
_DRAWS = 400


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Posterior median and 90 % interval."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class MassEstimate:
    """How heavy a thing is, by what its path says.

    Attributes:
        mass_class: one of the classes where it holds 0.6, else ``undetermined``.
        p: probability of each class.
        terminal_velocity: m/s.
        kg: mass, with the assumptions above.
        launch_velocity_mps: right, up, towards the camera, at the first sighting (posterior median).
        impact_speed_mps: at the last sighting.
        impact_energy_j: kinetic energy there.
        reason: why the class is undetermined.
    """

    mass_class: MassClass
    p: dict[str, float]
    terminal_velocity: Quantiles
    kg: Quantiles
    launch_velocity_mps: tuple[float, float, float]
    impact_speed_mps: float
    impact_energy_j: Quantiles
    reason: str | None


def estimate_mass(fit: FallFit, size_px: float, launches: Launches | None = None) -> MassEstimate:
    """Return class, kilograms and energy.

    Args:
        fit: the fall.
        size_px: the thing's diameter.
        launches: the posterior of its launch, which knows more of its drag than the fit alone.
    """
    draws = fit.samples(_DRAWS)
    if launches is not None:
        draws[:, LOG_VT] = np.log(np.resize(launches.terminal_mps, _DRAWS))
    vt = np.exp(np.clip(draws[:, LOG_VT], -1.0, 6.5))
    p = {
        "light": float(np.mean(vt < _BOUNDS_MPS[0])),
        "medium": float(np.mean((vt >= _BOUNDS_MPS[0]) & (vt <= _BOUNDS_MPS[1]))),
        "heavy": float(np.mean(vt > _BOUNDS_MPS[1])),
    }
    best = max(CLASSES, key=lambda name: p[name])
    determined = p[best] >= _NAMED_FROM
    rng = np.random.default_rng(1)
    drag_coefficient = _DRAG_COEFFICIENT[0] * np.exp(_DRAG_COEFFICIENT[1] * rng.standard_normal(_DRAWS))
    diameter = (
        size_px * np.exp(draws[:, LOG_DEPTH] + _DIAMETER_LOG_SD * rng.standard_normal(_DRAWS)) / fit.view.focal_px
    )
    kg = _AIR_KG_M3 * drag_coefficient * np.pi / 4.0 * diameter**2 * vt**2 / (2.0 * G_MPS2)
    states = fly(fit.view, draws, np.array([0.0, fit.end_s - fit.start_s]))
    speed = np.linalg.norm(states.velocities_mps[:, -1], axis=1)
    launch = np.median(draws[:, 3:6], axis=0)
    return MassEstimate(
        mass_class=best if determined else "undetermined",
        p={name: round(value, 3) for name, value in p.items()},
        terminal_velocity=_quantiles(vt),
        kg=_quantiles(kg),
        launch_velocity_mps=(float(launch[0]), -float(launch[1]), -float(launch[2])),
        impact_speed_mps=float(np.median(speed)),
        impact_energy_j=_quantiles(0.5 * kg * speed**2),
        reason=None if determined else "the path is too short or too slow for drag to show: no class holds 0.6",
    )


def _quantiles(values: Float64) -> Quantiles:
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95])
    return Quantiles(float(median), float(low), float(high))
