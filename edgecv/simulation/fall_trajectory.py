"""How simulated objects fall: the physics of ``trajectory.drag``, with gusts, and the flutter of sheets and bags.

Flutter (Andersen, Pesavento & Wang, "Unsteady aerodynamics of fluttering and tumbling plates", J. Fluid Mech. 541,
2005) is reduced to what a camera sees: a side force that swings, turns slowly about the vertical, and lifts twice a
swing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.drag import G_MPS2, FallStates, fall_positions

Float64 = NDArray[np.float64]
_STEP_S = 0.005
"""Step of the fourth-order Runge-Kutta integration."""
_MOST_PER_S = 100.0  # drag's fastest rate: RK4 stays stable at this step


@dataclass(frozen=True, slots=True)
class Air:
    """Wind: a steady part ``(x, y, z)`` and gusts of two slow waves along it (or along X in still air), m/s."""

    steady_mps: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gust_mps: float = 0.0
    phase_rad: float = 0.0

    @property
    def heading(self) -> Float64:
        """Unit vector of the gusts."""
        steady = np.array(self.steady_mps)
        speed = float(np.linalg.norm(steady))
        return steady / speed if speed > 1e-9 else np.array([1.0, 0.0, 0.0])

    def velocity(self, times_s: Float64) -> Float64:
        """Wind ``(..., 3)`` at media times."""
        t = np.asarray(times_s, np.float64)
        wave = 0.65 * np.sin(1.7 * t + self.phase_rad) + 0.35 * np.sin(4.1 * t + 2.3 * self.phase_rad)
        return np.asarray(self.steady_mps + self.gust_mps * wave[..., None] * self.heading, np.float64)

    def drift(self, times_s: Float64) -> Float64:
        """Way ``(..., 3)`` the air has gone since time zero: the integral of ``velocity``."""
        t = np.asarray(times_s, np.float64)
        p, q = self.phase_rad, 2.3 * self.phase_rad
        wave = 0.65 / 1.7 * (np.cos(p) - np.cos(1.7 * t + p)) + 0.35 / 4.1 * (np.cos(q) - np.cos(4.1 * t + q))
        steady = np.array(self.steady_mps) * t[..., None]
        return np.asarray(steady + self.gust_mps * wave[..., None] * self.heading, np.float64)


@dataclass(frozen=True, slots=True)
class Flutter:
    """A swinging side force: amplitude m/s², swings a second, phase; 0 m/s² for compact objects."""

    amplitude_mps2: float = 0.0
    rate_hz: float = 1.5
    phase_rad: float = 0.0

    def acceleration(self, since_s: float) -> Float64:
        """``(3,)`` m/s² at a time since the release; swings in gently, as turning over takes time."""
        swing = 2.0 * np.pi * self.rate_hz * since_s + self.phase_rad
        turn = 0.9 * since_s + self.phase_rad
        grown = self.amplitude_mps2 * min(1.0, since_s / 0.3)
        side = grown * np.sin(swing)
        return np.array([side * np.cos(turn), 0.4 * grown * np.cos(2.0 * swing), 0.5 * side * np.sin(turn)])


def fall_through(
    position_m: Float64,
    velocity_mps: Float64,
    drag_per_m: float,
    times_s: Float64,
    air: Air,
    flutter: Flutter,
    release_s: float,
) -> FallStates:
    """Integrate one fall; plain ones by ``fall_positions``, those with gusts or flutter by Runge-Kutta here.

    Args:
        position_m: ``(3,)`` at the release.
        velocity_mps: ``(3,)`` at the release.
        drag_per_m: drag constant k.
        times_s: ``(n,)`` sorted, since the release, not negative where there is gust or flutter.
        air: wind, in media time.
        flutter: side force.
        release_s: media time of the release, for the gusts.

    Returns:
        States with a leading axis of one.
    """
    if air.gust_mps == 0.0 and flutter.amplitude_mps2 == 0.0:
        return fall_positions(
            position_m[None],
            velocity_mps[None],
            np.array([drag_per_m]),
            times_s,
            np.array([[0.0, -1.0, 0.0]]),
            np.array([air.steady_mps]),
        )
    steps = max(1, int(np.ceil(float(times_s[-1]) / _STEP_S)))
    grid = np.arange(steps + 1, dtype=np.float64) * _STEP_S
    winds = air.velocity(release_s + np.arange(2 * steps + 1, dtype=np.float64) * _STEP_S / 2.0)

    def slope(v: Float64, half_step: int) -> Float64:
        relative = v - winds[half_step]
        rate = min(drag_per_m * float(np.sqrt(relative @ relative)), _MOST_PER_S)
        pull: Float64 = flutter.acceleration(half_step * _STEP_S / 2.0) - rate * relative
        pull[1] -= G_MPS2
        return pull

    states = np.empty((steps + 1, 6))
    x, v, h = position_m.astype(np.float64), velocity_mps.astype(np.float64), _STEP_S
    states[0] = np.concatenate([x, v])
    for n in range(steps):
        a1 = slope(v, 2 * n)
        v2 = v + h / 2.0 * a1
        a2 = slope(v2, 2 * n + 1)
        v3 = v + h / 2.0 * a2
        a3 = slope(v3, 2 * n + 1)
        v4 = v + h * a3
        a4 = slope(v4, 2 * n + 2)
        x = x + h / 6.0 * (v + 2.0 * v2 + 2.0 * v3 + v4)
        v = v + h / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        states[n + 1] = np.concatenate([x, v])
    at = np.stack([np.interp(times_s, grid, states[:, axis]) for axis in range(6)], axis=1)
    return FallStates(at[None, :, :3], at[None, :, 3:])
