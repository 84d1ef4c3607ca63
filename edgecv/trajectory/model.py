"""The fall as a function of its parameters: what the camera would see.

Parameters of one fall, a row of eleven numbers: pixel ``u, v`` and log depth (m) at the first sighting; velocity right,
down, ahead (m/s); log terminal velocity (m/s); wind right, ahead (m/s); elevation, roll of the camera (rad).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.native import AVAILABLE, ffi, lib, pointer
from edgecv.trajectory.drag import FASTEST_MPS, G_MPS2, STEP_S, FallStates, drag_from_terminal, fall_positions
from edgecv.trajectory.projection import View
from edgecv.trajectory.settings import TrajectorySettings

Float64 = NDArray[np.float64]

U, V, LOG_DEPTH, RIGHT, DOWN, AHEAD, LOG_VT, WIND_RIGHT, WIND_AHEAD, ELEVATION, ROLL = range(11)
PARAMETERS = 11


@dataclass(frozen=True, slots=True)
class Prior:
    """Independent Gaussian priors, ``(11,) float64`` each; a spread of zero fixes the parameter."""

    mean: Float64
    sd: Float64

    @property
    def free(self) -> NDArray[np.intp]:
        """Numbers of the parameters that are fitted."""
        return np.flatnonzero(self.sd > 0)


def prior_for(
    view: View, first_px: Float64, picture_px: float, settings: TrajectorySettings, depth_m: tuple[float, float]
) -> Prior:
    """Return the priors of a fall first seen at ``first_px``.

    Args:
        view: the camera.
        first_px: ``(2,)`` first sighting, pixels.
        picture_px: longer side of the picture: the spread of the (flat) prior on the first position.
        settings: what to assume.
        depth_m: median depth along the optical axis and spread of its logarithm.
    """
    s = settings
    mean = np.zeros(PARAMETERS)
    sd = np.zeros(PARAMETERS)
    mean[[U, V]] = first_px
    sd[[U, V]] = picture_px
    mean[LOG_DEPTH], sd[LOG_DEPTH] = np.log(depth_m[0]), depth_m[1]
    sd[[RIGHT, AHEAD]] = s.side_speed_sd
    mean[DOWN], sd[DOWN] = s.down_speed
    mean[LOG_VT], sd[LOG_VT] = np.log(s.terminal_velocity[0]), s.terminal_velocity[1]
    sd[[WIND_RIGHT, WIND_AHEAD]] = s.wind_sd
    mean[ELEVATION], sd[ELEVATION] = view.elevation_rad
    mean[ROLL], sd[ROLL] = view.roll_rad
    return Prior(mean, sd)


def fly(view: View, parameters: Float64, times_s: Float64) -> FallStates:
    """Positions and velocities in the camera frame, metres and seconds.

    Args:
        view: the camera.
        parameters: ``(b, 11)`` falls.
        times_s: ``(n,)`` sorted times relative to the first sighting; may be negative.
    """
    p = parameters
    right, down, ahead = view.axes(p[:, ELEVATION], p[:, ROLL])
    depth = np.exp(np.clip(p[:, LOG_DEPTH], -2.0, 8.0))
    x = (p[:, U] - view.center_px[0]) / view.focal_px * depth
    y = (p[:, V] - view.center_px[1]) / view.focal_px * depth
    position = np.stack([x, y, depth], axis=-1)
    velocity = p[:, RIGHT, None] * right + p[:, DOWN, None] * down + p[:, AHEAD, None] * ahead
    wind = p[:, WIND_RIGHT, None] * right + p[:, WIND_AHEAD, None] * ahead
    drag = drag_from_terminal(np.exp(np.clip(p[:, LOG_VT], -1.0, 6.5)))
    return fall_positions(position, velocity, drag, times_s, down, wind)


def image_positions(view: View, parameters: Float64, times_s: Float64) -> Float64:
    """Pixels ``(b, n, 2)`` at which the camera sees the falls, lens distortion left out."""
    if not AVAILABLE:
        return view.project(fly(view, parameters, times_s).positions_m)
    return see_compiled(view, parameters, times_s)


def see_compiled(view: View, parameters: Float64, times_s: Float64) -> Float64:
    """The same in one call of C: a fit does little else."""
    p = np.ascontiguousarray(parameters, np.float64)
    times = np.ascontiguousarray(times_s, np.float64)
    b, n = len(p), len(times)
    scratch, pixels = np.empty((n, 3)), np.empty((b, n, 2))
    camera = ffi.new("FallCamera *", fall_camera(view))
    lib.edgecv_fall_pixels(b, n, pointer(p), pointer(times), camera, pointer(scratch), pointer(pixels))
    return pixels


def fall_camera(view: View) -> dict[str, float]:
    """Return the fields of C's ``FallCamera``."""
    cx, cy = view.center_px
    numbers = {"focal": view.focal_px, "cx": cx, "cy": cy}
    return {**numbers, "g": G_MPS2, "step_s": STEP_S, "max_speed": FASTEST_MPS}


def apparent_gravity(view: View, parameters: Float64, time_s: float) -> Float64:
    """Image acceleration ``(b,)``, pixels/s², of an object at rest that is let go where the fall is at ``time_s``."""
    position = fly(view, parameters, np.array([time_s])).positions_m[:, 0]
    _, down, _ = view.axes(parameters[:, ELEVATION], parameters[:, ROLL])
    z = np.maximum(position[:, 2], 0.05)
    x, y = position[:, 0] / z, position[:, 1] / z
    ax = view.focal_px / z * (down[:, 0] - x * down[:, 2])
    ay = view.focal_px / z * (down[:, 1] - y * down[:, 2])
    return np.asarray(G_MPS2 * np.hypot(ax, ay), np.float64)
