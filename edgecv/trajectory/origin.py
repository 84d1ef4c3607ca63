"""Where a fall came from: the fitted path carried back to the facade, as a probability for each floor and window.

Gravity gives the fall its depth, so one calibrated camera is enough: every draw from the fit's posterior is integrated
backwards until it meets the facade plane, and weighted by how plausible its launch there is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.geometry.facade import FacadePlan
from edgecv.trajectory.fit import FallFit
from edgecv.trajectory.launch import Launches
from edgecv.trajectory.model import fly

Float64 = NDArray[np.float64]
_DRAWS = 400
_BACK_S = 1.6  # how far a hidden release is traced back
_EXCLUDED = 0.001  # floors whose probabilities sum to less than this are excluded


@dataclass(frozen=True, slots=True)
class WindowProbability:
    """One window (or bare floor, where the facade has no windows listed) and its probability."""

    floor: int
    window: str | None
    window_index: int | None
    p: float


@dataclass(frozen=True, slots=True)
class OriginEstimate:
    """Where the object left the facade.

    Attributes:
        pixel: the earliest sighting the fit explains, pixels of that frame.
        floor: 1-based floor, or None.
        window: name of the window, or None.
        window_index: 0-based from the left, or None.
        x_m: along the facade, posterior median.
        y_m: above the ground, posterior median.
        sd_m: robust standard deviations of x and y.
        candidates: most probable first.
        excluded_floors: floors that hold less than 0.1 % together.
        release_pixel: the traced-back origin in the picture, or None.
        reason: why something is None, in plain words.
    """

    pixel: tuple[float, float]
    floor: int | None = None
    window: str | None = None
    window_index: int | None = None
    x_m: float | None = None
    y_m: float | None = None
    sd_m: tuple[float, float] | None = None
    candidates: tuple[WindowProbability, ...] = ()
    excluded_floors: tuple[int, ...] = ()
    release_pixel: tuple[float, float] | None = None
    reason: str | None = None


def estimate_origin(
    fit: FallFit, pixel: tuple[float, float], plan: FacadePlan | None, launches: Launches | None = None
) -> OriginEstimate:
    """Find where on its facade a fall began.

    Args:
        fit: the fall; fitted with a calibrated camera for a floor to be named.
        pixel: first sighting, pixels of that frame.
        plan: floors and windows of the facade, or None.
        launches: the posterior of its launch; without one the fit is carried backwards, which is less honest.
    """
    camera = fit.view.camera
    if camera is None:
        return OriginEstimate(pixel, reason="no calibration: the floor cannot be known from pixels alone")
    if plan is None:
        return OriginEstimate(pixel, reason="the camera has no facade: floors and windows are not known")
    if launches is None:
        facade_xy, weights = _release_points(fit, camera)
    else:
        facade_xy, weights = launches.position_m[:, :2], np.ones(len(launches.position_m))
    if float(weights.sum()) <= 0.0:
        return OriginEstimate(pixel, reason="the path, carried back, does not meet the facade")
    weights = weights / weights.sum()
    x, x_sd = _median_and_sd(facade_xy[:, 0], weights)
    y, y_sd = _median_and_sd(facade_xy[:, 1], weights)
    release = camera.project(np.array([x, y, 0.0]))
    floors = [plan.floor_at(float(value)) for value in facade_xy[:, 1]]
    windows = [plan.window_at(float(value)) for value in facade_xy[:, 0]]
    chances = _probabilities(floors, windows, weights)
    by_floor: dict[int, float] = {}
    for chance in chances:
        by_floor[chance.floor] = by_floor.get(chance.floor, 0.0) + chance.p
    floor, window, index, reason = _name(chances, by_floor, y, plan)
    return OriginEstimate(
        pixel=pixel,
        floor=floor,
        window=window,
        window_index=index,
        x_m=x,
        y_m=y,
        sd_m=(x_sd, y_sd),
        candidates=tuple(c for c in chances if c.p >= 0.005)[:12],
        excluded_floors=_excluded(by_floor, plan.floor_count),
        release_pixel=(float(release[0]), float(release[1])),
        reason=reason,
    )


def _release_points(fit: FallFit, camera: PinholeCamera) -> tuple[Float64, Float64]:
    """Facade coordinates ``(n, 2)`` at which each draw left the facade, and weights ``(n,)``."""
    draws = fit.samples(_DRAWS)
    times = np.arange(-_BACK_S, 1e-9, 0.04)
    states = fly(fit.view, draws, times)
    world = states.positions_m @ camera.rotation + np.asarray(camera.position_m)
    velocity = states.velocities_mps @ camera.rotation
    z = world[..., 2]
    n = len(times)
    # last instant, going back from the first sighting, at which the thing was still in front of the wall
    crossed = z <= 0.0
    any_crossed = crossed.any(axis=1)
    latest = n - 1 - np.argmax(crossed[:, ::-1], axis=1)
    nearest = np.argmin(np.abs(z), axis=1)
    at = np.where(any_crossed, latest, nearest)
    rows = np.arange(len(draws))
    points = world[rows, at]
    launch = velocity[rows, at]
    miss = np.where(any_crossed, 0.0, points[:, 2])
    # a hand gives a few m/s in any direction; a wall is where things come from
    log_weight = (
        -0.5 * np.square(miss / 0.7) - 0.5 * np.square(launch[:, 1] / 3.0) - 0.5 * np.square(launch[:, 0] / 3.0)
    )
    weights = np.exp(log_weight - log_weight.max())
    weights[~np.isfinite(points).all(axis=1)] = 0.0
    return np.nan_to_num(points[:, :2]), np.nan_to_num(weights)


def _median_and_sd(values: Float64, weights: Float64) -> tuple[float, float]:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    low, median, high = (
        float(values[order][min(int(np.searchsorted(cumulative, q)), len(values) - 1)]) for q in (0.159, 0.5, 0.841)
    )
    return median, (high - low) / 2.0


def _probabilities(
    floors: list[int | None], windows: list[tuple[int, str] | None], weights: Float64
) -> list[WindowProbability]:
    sums: dict[tuple[int, int | None, str | None], float] = {}
    for floor, window, weight in zip(floors, windows, weights, strict=True):
        if floor is None:
            continue
        index, name = window if window is not None else (None, None)
        key = (floor, index, name)
        sums[key] = sums.get(key, 0.0) + float(weight)
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0][0], -1 if item[0][1] is None else item[0][1]))
    return [WindowProbability(floor, name, index, p) for (floor, index, name), p in ordered]


def _name(
    chances: list[WindowProbability], by_floor: dict[int, float], y_m: float, plan: FacadePlan
) -> tuple[int | None, str | None, int | None, str | None]:
    """The window if it holds half of the probability, else the floor if that does, else a reason."""
    named = [c for c in chances if c.window is not None]
    if named and named[0].p >= 0.5:
        return named[0].floor, named[0].window, named[0].window_index, None
    best = max(by_floor.items(), key=lambda item: (item[1], -item[0]), default=None)
    if best is not None and best[1] >= 0.5:
        return best[0], None, None, "no window holds half of the probability"
    if y_m >= plan.floor_edges_m[-1]:
        return None, None, None, "the path comes from above the top floor: the roof, or higher"
    if best is None:
        return None, None, None, "the path, carried back, misses every floor"
    spread = sorted(floor for floor, p in by_floor.items() if p >= 0.05)
    return None, None, None, f"no floor holds half of the probability; floors {spread[0]} to {spread[-1]} are likely"


def _excluded(by_floor: dict[int, float], floor_count: int) -> tuple[int, ...]:
    ranked = sorted(range(1, floor_count + 1), key=lambda floor: by_floor.get(floor, 0.0))
    total, excluded = 0.0, []
    for floor in ranked:
        total += by_floor.get(floor, 0.0)
        if total >= _EXCLUDED:
            break
        excluded.append(floor)
    return tuple(sorted(excluded))
