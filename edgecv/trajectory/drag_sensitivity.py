"""How a falling object's path changes with its launch: the variational equations of a fall with drag.

Gravity and drag depend on the velocity through the air alone, so that a shifted launch shifts the path, and a wind is a
moving frame: what is left are the launch's velocity and the drag. With the velocity through the air ``u``, a small
change of it goes as ``δu' = -k (|u| + u uᵀ / |u|) δu - δk |u| u`` (Hairer, Nørsett & Wanner, *Solving Ordinary
Differential Equations I*, 1993, section I.14), integrated along the path by Runge-Kutta's fourth order on its steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.trajectory.drag import between, fall_positions

Float64 = NDArray[np.float64]
_DOWN = np.array([[0.0, -1.0, 0.0]])
_STEP_S = 0.08  # derivatives come out within a millionth, and what they are for needs a thousandth
_MOST = 1e12
"""Of a change, times what it was; backwards in time changes explode."""
_LEAST_MPS = 1e-6  # below it a direction means nothing, and drag is none


@dataclass(frozen=True, slots=True, eq=False)
class FallDerivatives:
    """A fall, and how it changes with what it began with.

    Attributes:
        positions_m: ``(n, 3)`` world, X right along the facade, Y up, Z out of it.
        velocities_mps: ``(n, 3)``.
        by_velocity: ``(n, 3, 3)`` metres along each axis for each m/s of the launch.
        by_drag: ``(n, 3)`` metres for each 1/m of the drag constant.
        by_wind: ``(n, 3, 3)`` metres along each axis for each m/s of wind.
    """

    positions_m: Float64
    velocities_mps: Float64
    by_velocity: Float64
    by_drag: Float64
    by_wind: Float64


def fall_derivatives(
    position_m: Float64, velocity_mps: Float64, drag_per_m: float, wind_mps: Float64, times_s: Float64
) -> FallDerivatives:
    """Return a fall with its derivatives.

    Args:
        position_m: ``(3,)`` at time zero.
        velocity_mps: ``(3,)`` at time zero.
        drag_per_m: drag constant.
        wind_mps: ``(3,)``.
        times_s: ``(n,)`` in any order; those before zero are integrated backwards.
    """
    order = np.argsort(times_s, kind="stable")
    drag = np.array([drag_per_m])
    states = fall_positions(position_m[None], velocity_mps[None], drag, times_s[order], _DOWN, wind_mps[None])
    positions, velocities = np.empty((len(order), 3)), np.empty((len(order), 3))
    positions[order], velocities[order] = states.positions_m[0], states.velocities_mps[0]
    moved = np.zeros((len(times_s), 3, 4))
    for selected in (times_s > 0.0, times_s < 0.0):
        if selected.any():
            moved[selected] = _moved(position_m, velocity_mps, drag_per_m, wind_mps, times_s[selected])
    by_velocity = moved[:, :, :3]
    by_wind = times_s[:, None, None] * np.eye(3) - by_velocity
    return FallDerivatives(positions, velocities, by_velocity, moved[:, :, 3], by_wind)


def _moved(position_m: Float64, velocity_mps: Float64, drag_per_m: float, wind_mps: Float64, at_s: Float64) -> Float64:
    """Derivatives ``(n, 3, 4)`` of the place by the launch's velocity and by the drag, at times of one sign."""
    farthest = float(at_s[np.argmax(np.abs(at_s))])
    steps = max(1, int(np.ceil(abs(farthest) / _STEP_S)))
    h = farthest / steps
    changing, forced = _along(position_m, velocity_mps, drag_per_m, wind_mps, h, steps)
    each = _steps(changing, forced, h)
    changes = np.empty((steps + 1, 4, 4))  # of velocity and, below, of the drag itself, which stays
    changes[0] = np.eye(4)
    for n in range(steps):
        np.matmul(each[n], changes[n], out=changes[n + 1])
        if abs(changes[n + 1, 0, 0]) > _MOST:  # far back in time, where nothing falls from
            changes[n + 2 :] = changes[n + 1]
            break
    velocity = changes[:, :3]
    acceleration = changing[::2] @ velocity
    acceleration[:, :, 3] += forced[::2]
    moved = np.zeros((steps + 1, 3, 4))
    gained = h / 2.0 * (velocity[1:] + velocity[:-1]) + h * h / 12.0 * (acceleration[:-1] - acceleration[1:])
    np.cumsum(gained, axis=0, out=moved[1:])
    place = at_s / h
    lower = np.clip(place.astype(np.intp), 0, steps - 1)
    s = (place - lower)[:, None, None]
    return between(moved, velocity, lower, s, h)


def _along(
    position_m: Float64, velocity_mps: Float64, drag_per_m: float, wind_mps: Float64, h: float, steps: int
) -> tuple[Float64, Float64]:
    """What changes a velocity at the ends and middles of all steps: itself ``(2s + 1, 3, 3)``, drag ``(2s + 1, 3)``."""
    nodes = np.linspace(0.0, steps * h, 2 * steps + 1)
    order = np.argsort(nodes)
    drag = np.array([drag_per_m])
    states = fall_positions(position_m[None], velocity_mps[None], drag, nodes[order], _DOWN, wind_mps[None])
    through_air = states.velocities_mps[0][order] - wind_mps  # the order is its own reverse
    pace = np.maximum(np.linalg.norm(through_air, axis=1), _LEAST_MPS)[:, None]
    # as fast as a step can follow: see drag.fall_positions
    speed, heading = np.minimum(pace, 1.0 / (abs(h) * drag_per_m)), through_air / pace
    along = heading[:, :, None] * heading[:, None, :]
    return -drag_per_m * speed[:, :, None] * (np.eye(3) + along), -np.square(speed) * heading


def _steps(changing: Float64, forced: Float64, h: float) -> Float64:
    """What each step makes of a change of velocity and of the drag: ``(s, 4, 4)``."""
    begin, middle, end = changing[:-1:2], changing[1::2], changing[2::2]
    k1 = begin
    k2 = middle + h / 2.0 * (middle @ k1)
    k3 = middle + h / 2.0 * (middle @ k2)
    k4 = end + h * (end @ k3)
    f1 = forced[:-1:2, :, None]
    f2 = forced[1::2, :, None] + h / 2.0 * (middle @ f1)
    f3 = forced[1::2, :, None] + h / 2.0 * (middle @ f2)
    f4 = forced[2::2, :, None] + h * (end @ f3)
    whole = np.tile(np.eye(4), (len(begin), 1, 1))
    whole[:, :3, :3] += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    whole[:, :3, 3:] = h / 6.0 * (f1 + 2.0 * f2 + 2.0 * f3 + f4)
    return whole
