"""Where objects are let go, how, and how soon they are seen: what is likely before any path is looked at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.facade import FacadePlan

Float64 = NDArray[np.float64]
Normal = tuple[float, float]

AT_WINDOW_M: Normal = (0.15, 0.2)
"""Out of a window: the hand is a little in front of the wall, metres."""
_SOMEWHERE_OUT: Normal = (1.2, 0.6)
"""From a balcony, an awning or an outer sill that nobody listed, or from an outstretched arm."""
_UNLISTED, _UNLISTED_BESIDE_LISTED = 0.25, 0.1
"""Where a steep camera makes a metre of depth a floor, the path must tell it: with 0.15 heights came out half a floor
high there. Who lists some balconies has listed most."""
_ON_BALCONY = 0.7
"""Where there is a balcony, most people stand on it."""
_OVER_RAIL: Normal = (0.1, 0.3)
"""From a balcony: the hand is a little beyond the rail, metres."""
_BESIDE_M, _BEYOND = 3.0, 5.0
"""A facade ends this far beyond its outermost windows; past that a launch is less likely by this in log units."""
_SEEN_AT_ONCE, _AT_ONCE_S = 0.5, 0.08
"""Half of all falls are seen from the first frames; of the others each ``unseen_s`` more is less likely by e."""

_HANDS: tuple[tuple[float, Normal, Normal, Normal], ...] = (
    (0.4, (0.0, 0.4), (0.0, 0.4), (0.4, 0.4)),
    (0.4, (0.0, 1.0), (0.2, 0.8), (1.4, 0.9)),
    (0.2, (0.0, 3.0), (0.3, 2.0), (2.5, 2.5)),
)
"""Ways to leave a hand: share, then speed along the facade, up and away from it, m/s: let go, tossed, thrown hard."""


def log_place_prior(position_m: Float64, plan: FacadePlan) -> Float64:
    """Log density ``(n,)`` over Z of launches at ``(n, 3)``, and over Y as far as the building goes.

    Three hypotheses: out of a window in the plane, over the rail of a balcony, off the roof.
    """
    x, y, z = position_m.T
    depth = plan.balcony_depth_at(x)
    listed = np.logaddexp(
        np.log(_ON_BALCONY) + _log_normal(z, depth + _OVER_RAIL[0], _OVER_RAIL[1]),
        np.log(1.0 - _ON_BALCONY) + _log_normal(z, *AT_WINDOW_M),
    )
    out = _UNLISTED_BESIDE_LISTED if any(window.balcony_m > 0.0 for window in plan.windows) else _UNLISTED
    unlisted = np.logaddexp(
        np.log(1.0 - out) + _log_normal(z, *AT_WINDOW_M), np.log(out) + _log_normal(z, *_SOMEWHERE_OUT)
    )
    top = float(plan.floor_edges_m[-1])
    roof = _log_normal(z, plan.roof_depth_m + _OVER_RAIL[0], _OVER_RAIL[1])
    density = np.where(y > top, roof, np.where(depth > 0.0, listed, unlisted))
    if plan.windows:
        beyond = (x < plan.windows[0].left_m - _BESIDE_M) | (x > plan.windows[-1].right_m + _BESIDE_M)
        density = density - np.where(beyond, _BEYOND, 0.0)
    inside = (y > float(plan.floor_edges_m[0])) & (y < top + plan.parapet_m)
    return np.asarray(np.where(inside, density, -np.inf), np.float64)


def log_hand_prior(velocity_mps: Float64) -> Float64:
    """Log density ``(n,)`` of launch velocities ``(n, 3)``: X along the facade, Y up, Z away from it."""
    hands = [
        np.log(share) + sum(_log_normal(velocity_mps[:, n], *normal) for n, normal in enumerate(normals))
        for share, *normals in _HANDS
    ]
    return np.asarray(np.logaddexp.reduce(hands, axis=0), np.float64)


def log_unseen_prior(unseen_s: Float64, scale_s: float) -> Float64:
    """Log density of how long an object fell before it was seen, for those that are not seen at once."""
    return np.asarray(
        np.logaddexp(
            np.log(_SEEN_AT_ONCE / _AT_ONCE_S) - unseen_s / _AT_ONCE_S,
            np.log((1.0 - _SEEN_AT_ONCE) / scale_s) - unseen_s / scale_s,
        ),
        np.float64,
    )


def _log_normal(value: Float64, mean: float | Float64, sd: float) -> Float64:
    return np.asarray(-0.5 * np.square((value - mean) / sd) - np.log(sd), np.float64)
