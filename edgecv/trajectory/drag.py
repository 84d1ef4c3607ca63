"""An object falling through air: quadratic drag, gravity and a steady wind, integrated for many throws at once.

``a = g·down - k·|v - w|·(v - w)`` with ``k = ρ·Cd·A / (2 m)``; terminal velocity ``vt = sqrt(g / k)`` (Parker,
"Projectile motion with air resistance quadratic in the speed", Am. J. Phys. 45, 1977). There is no closed form in two
dimensions, so: Runge-Kutta of fourth order, and cubic Hermite interpolation between its steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, lib, pointer

Float64 = NDArray[np.float64]

G_MPS2 = 9.80665
STEP_S = 0.04  # a fall of 4 s comes out within a millimetre
FASTEST_MPS = 200.0  # backwards in time drag accelerates without bound; nothing thrown is faster


@dataclass(frozen=True, slots=True, eq=False)
class FallStates:
    """Where objects are and how they move at the instants asked for.

    Attributes:
        positions_m: ``(b, n, 3) float64``.
        velocities_mps: ``(b, n, 3) float64``.
    """

    positions_m: Float64
    velocities_mps: Float64


def drag_from_terminal(terminal_mps: Float64) -> Float64:
    """Drag constant k, 1/m, of a terminal velocity."""
    return np.asarray(G_MPS2 / np.square(terminal_mps), np.float64)


def terminal_velocity(drag_per_m: Float64) -> Float64:
    """Terminal velocity, m/s, of a drag constant."""
    return np.asarray(np.sqrt(G_MPS2 / np.asarray(drag_per_m)), np.float64)


def fall_positions(
    position_m: Float64,
    velocity_mps: Float64,
    drag_per_m: Float64,
    times_s: Float64,
    down: Float64,
    wind_mps: Float64 | None = None,
) -> FallStates:
    """Integrate a batch of falls from their state at time zero.

    Args:
        position_m: ``(b, 3)`` at time zero.
        velocity_mps: ``(b, 3)`` at time zero.
        drag_per_m: ``(b,)`` drag constants.
        times_s: ``(n,)`` sorted instants; those before zero are integrated backwards.
        down: ``(b, 3)`` unit vectors of gravity.
        wind_mps: ``(b, 3)``, or None for still air.

    Returns:
        The states, finite for finite falls; an object so light that drag stops it within a step (k·speed above 25 a
        second: 10 m/s at a terminal velocity of 2 m/s) brakes at that rate instead.
    """
    wind = np.zeros_like(velocity_mps) if wind_mps is None else wind_mps
    solve = integrate_compiled if AVAILABLE else integrate
    return solve(position_m, velocity_mps, drag_per_m, np.asarray(times_s, np.float64), down, wind)


def integrate_compiled(
    position_m: Float64, velocity_mps: Float64, drag_per_m: Float64, times: Float64, down: Float64, wind: Float64
) -> FallStates:
    """The same as :func:`integrate`, in C, fifty times faster; the trajectory fit does little else."""
    shape = (len(position_m), len(times), 3)
    positions, velocities = np.empty(shape), np.empty(shape)
    inputs = (position_m, velocity_mps, drag_per_m, times, down, wind)
    lib.edgecv_falls(
        shape[0],
        shape[1],
        *(pointer(np.ascontiguousarray(array, np.float64)) for array in inputs),
        G_MPS2,
        STEP_S,
        FASTEST_MPS,
        pointer(positions),
        pointer(velocities),
    )
    return FallStates(positions, velocities)


def integrate(
    position_m: Float64, velocity_mps: Float64, drag_per_m: Float64, times: Float64, down: Float64, wind: Float64
) -> FallStates:
    """:func:`fall_positions` in NumPy: the reference."""
    shape = (len(position_m), len(times), 3)
    positions, velocities = np.empty(shape), np.empty(shape)
    for selected in (times >= 0.0, times < 0.0):
        if not selected.any():
            continue
        part = times[selected]
        farthest = float(part[np.argmax(np.abs(part))])
        steps = max(1, int(np.ceil(abs(farthest) / STEP_S)))
        step_s = farthest / steps if farthest else STEP_S
        air = _Air(G_MPS2 * down, drag_per_m[:, None], wind, 1.0 / abs(step_s))
        x, v, a = _march(position_m, velocity_mps, air, steps, step_s)
        at = part / step_s
        lower = np.clip(at.astype(np.intp), 0, steps - 1)
        share = (at - lower)[:, None, None]
        positions[:, selected] = between(x, v, lower, share, step_s).transpose(1, 0, 2)
        velocities[:, selected] = between(v, a, lower, share, step_s).transpose(1, 0, 2)
    return FallStates(positions, velocities)


@dataclass(frozen=True, slots=True, eq=False)
class _Air:
    """Gravity ``(b, 3)``, drag ``(b, 1)``, wind ``(b, 3)`` and the fastest rate, 1/s, at which drag may brake.

    RK4 is stable up to a rate of 2.78 a step, and quadratic drag ``k·s`` acts on a disturbance twice over: beyond one
    a step the steps would overshoot and paper thrown at 8 m/s would be gone to infinity.
    """

    gravity: Float64
    drag: Float64
    wind: Float64
    most_per_s: float

    def acceleration(self, velocity: Float64) -> Float64:
        relative = velocity - self.wind
        speed = np.sqrt(np.einsum("ij,ij->i", relative, relative))[:, None]
        return np.asarray(self.gravity - np.minimum(self.drag * speed, self.most_per_s) * relative, np.float64)


def _march(x: Float64, v: Float64, air: _Air, steps: int, h: float) -> tuple[Float64, Float64, Float64]:
    """States and accelerations ``(steps + 1, b, 3)`` at every step."""
    positions, velocities, accelerations = [x], [v], [air.acceleration(v)]
    for _ in range(steps):
        a1 = accelerations[-1]
        v2 = v + h / 2.0 * a1
        a2 = air.acceleration(v2)
        v3 = v + h / 2.0 * a2
        a3 = air.acceleration(v3)
        v4 = v + h * a3
        a4 = air.acceleration(v4)
        x = x + h / 6.0 * (v + 2.0 * v2 + 2.0 * v3 + v4)
        v = v + h / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        speed = np.sqrt(np.einsum("ij,ij->i", v, v))
        v = v * np.minimum(1.0, FASTEST_MPS / np.maximum(speed, 1.0))[:, None]
        positions.append(x)
        velocities.append(v)
        accelerations.append(air.acceleration(v))
    return np.stack(positions), np.stack(velocities), np.stack(accelerations)


def between(values: Float64, slopes: Float64, lower: NDArray[np.intp], s: Float64, h: float) -> Float64:
    """Cubic Hermite interpolation between steps ``lower`` and ``lower + 1`` at the share ``s`` of the way.

    Args:
        values: ``(steps + 1, ...)``.
        slopes: of the same shape, by time.
        lower: ``(n,)`` the steps.
        s: shares of the way, of a shape that goes with ``values[lower]``.
        h: time of a step, seconds.
    """
    s2, s3 = s * s, s * s * s
    return np.asarray(
        (2.0 * s3 - 3.0 * s2 + 1.0) * values[lower]
        + (s3 - 2.0 * s2 + s) * h * slopes[lower]
        + (3.0 * s2 - 2.0 * s3) * values[lower + 1]
        + (s3 - s2) * h * slopes[lower + 1],
        np.float64,
    )
