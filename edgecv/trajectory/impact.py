"""How fast an object arrives, and what that does to a person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.messages import joined
from edgecv.messages import mass as messages
from edgecv.trajectory.drag import drag_from_terminal, fall_positions
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.launch import Launches
from edgecv.trajectory.model import LOG_VT, fly
from edgecv.trajectory.quantiles import Quantiles

Float64 = NDArray[np.float64]
HEAD_M = 1.7
"""Height above the ground at which it reaches a standing adult."""
_STEP_S, _LONGEST_S = 0.05, 40.0
"""At 0.05 s the interpolated height is off by g t²/8, 3 mm; 40 s is paper from 80 m."""
_DRAWS = 300
"""Draws of the posterior: a 5 % quantile of 300 is good to a few percent of the spread, and each is integrated."""


@dataclass(frozen=True, slots=True, eq=False)
class Impact:
    """Speed of arrival.

    Attributes:
        speed: m/s.
        height_m: above the ground at which it is meant: a person's head; None for the last sighting.
        log_terminal: ``(n,)`` logarithms of terminal velocities, rising.
        speeds: ``(n,)`` m/s at which those arrive.
    """

    speed: Quantiles
    height_m: float | None
    log_terminal: Float64
    speeds: Float64

    def speed_of(self, log_terminal: Float64) -> Float64:
        """Speed ``(n,)`` of arrival of objects whose log terminal velocities are ``(n,)``, from the draws like them."""
        at = np.searchsorted(self.log_terminal, log_terminal)
        return self.speeds[np.clip(at, 0, len(self.speeds) - 1)]


def impact_on_people(launches: Launches, ground_m: float) -> Impact:
    """Return the speed at head height, or at the ground for what is launched below that."""
    few = slice(0, _DRAWS)
    position, terminal = launches.position_m[few], launches.terminal_mps[few]
    wind = np.stack([launches.wind_mps[few, 0], np.zeros(len(terminal)), launches.wind_mps[few, 1]], axis=1)
    down = np.tile([0.0, -1.0, 0.0], (len(terminal), 1))
    target = ground_m + HEAD_M if float(np.median(position[:, 1])) > ground_m + HEAD_M else ground_m
    drop = max(float(position[:, 1].max()) - target, 0.1)
    # the slowest: as if at its terminal velocity all the way, which it is after the first moments
    duration = min(_LONGEST_S, drop / max(float(terminal.min()), 0.5) + 2.0)
    times = np.arange(0.0, duration, _STEP_S)
    states = fall_positions(position, launches.velocity_mps[few], drag_from_terminal(terminal), times, down, wind)
    height = states.positions_m[..., 1]
    arrived = np.where((height <= target).any(axis=1), np.argmax(height <= target, axis=1), len(times) - 1)
    speeds = np.linalg.norm(states.velocities_mps[np.arange(len(terminal)), arrived], axis=1)
    return _impact(np.log(terminal), speeds, target - ground_m)


def impact_at_end(fit: FallFit, draws: Float64) -> Impact:
    """Return the speed at the last sighting of a fall whose camera is not calibrated, from draws of its fit."""
    few = draws[:_DRAWS]
    states = fly(fit.view, few, np.array([0.0, fit.end_s - fit.start_s]))
    return _impact(few[:, LOG_VT], np.linalg.norm(states.velocities_mps[:, -1], axis=1), None)


def _impact(log_terminal: Float64, speeds: Float64, height_m: float | None) -> Impact:
    order = np.argsort(log_terminal)
    return Impact(Quantiles.of(speeds), height_m, log_terminal[order], speeds[order])


def hazard_in_words(energy_j: Quantiles) -> str:
    """What a blow of that energy does to a head without a helmet, with the yardstick it is held against.

    Yardsticks: 15 J (11 ft·lb) and 34 J (25 ft·lb) upon impact from a rigid object, 14 CFR 107.120 and 107.130; 79 J
    (58 ft·lb), the hazardous fragment of the Defense Explosives Safety Regulation DESR 6055.09.
    """
    if energy_j.median >= 79.0:
        words = messages.KILLS()
    elif energy_j.median >= 34.0:
        words = messages.INJURES_SEVERELY()
    elif energy_j.median >= 15.0:
        words = messages.INJURES()
    else:
        words = messages.HARDLY_INJURES()
    if energy_j.median < 79.0 <= energy_j.high:
        return joined([words, messages.MAY_KILL()])
    return words
