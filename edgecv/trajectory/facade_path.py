"""Sightings in metres on a plane along the facade: what cannot fly far out of it is measured there, without gravity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecv.geometry.camera import PinholeCamera
from edgecv.trajectory.path import Path

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FacadePath:
    """A path on the plane ``Z = standoff``.

    Attributes:
        t_s: ``(n,)`` media time.
        xy_m: ``(n, 2)`` along the facade and up.
        sd_m: ``(n, 2)`` standard deviation of each coordinate.
        log_px2_per_m2: ``(n,)`` log of the picture's area that a square metre there covers: densities change by it.
        px_per_m: ``(n,)`` apparent length of a metre across the line of sight.
        slope: along the facade and up: how far an object seems to have gone there that went a metre towards the camera.
    """

    t_s: Float64
    xy_m: Float64
    sd_m: Float64
    log_px2_per_m2: Float64
    px_per_m: Float64
    slope: tuple[float, float]


def on_plane(camera: PinholeCamera, uv_px: Float64, standoff_m: float) -> Float64:
    """World (X, Y) ``(n, 2)`` at which the rays of pixels ``(n, 2)`` meet ``Z = standoff_m``; NaN where they miss."""
    direction = camera.ray(uv_px)
    with np.errstate(divide="ignore", invalid="ignore"):
        along = (standoff_m - camera.position_m[2]) / direction[:, 2]
    place = camera.position_m + along[:, None] * direction
    return np.where((along > 0.0)[:, None], place[:, :2], np.nan)


def facade_path(path: Path, camera: PinholeCamera, standoff_m: float, most_points: int) -> FacadePath | None:
    """Return the path in metres, thinned evenly; None where a ray misses the plane.

    Args:
        path: sightings.
        camera: the calibrated camera.
        standoff_m: of the plane from the facade, towards the camera.
        most_points: sightings beyond which some are left out: neighbours tell the same, and work grows by the cube.
    """
    chosen = np.unique(np.linspace(0, len(path.t_s) - 1, most_points).astype(np.intp))
    uv, sd_px = path.uv_px[chosen], path.sd_px[chosen]
    camera = camera.facing(uv.mean(axis=0))
    xy = on_plane(camera, uv, standoff_m)
    aside, below = (on_plane(camera, uv + step, standoff_m) - xy for step in np.eye(2))
    if not np.isfinite(xy).all() or not np.isfinite(aside).all() or not np.isfinite(below).all():
        return None
    m2_per_px2 = np.abs(aside[:, 0] * below[:, 1] - aside[:, 1] * below[:, 0])
    variance = np.square(aside * sd_px[:, :1]) + np.square(below * sd_px[:, 1:])
    world = np.concatenate([xy, np.full((len(xy), 1), standoff_m)], axis=1)
    depth = (world - camera.position_m) @ camera.rotation[2]
    away_m = float(camera.position_m[2]) - standoff_m
    slope_x, slope_y = np.median((xy - camera.position_m[:2]) / away_m, axis=0)
    return FacadePath(
        path.t_s[chosen],
        xy,
        np.sqrt(variance),
        -np.log(m2_per_px2),
        camera.focal_px / np.maximum(depth, 0.2),
        (float(slope_x), float(slope_y)),
    )
