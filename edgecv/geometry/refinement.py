"""The least squares of a calibration: a pose for one focal length, and the camera that fits all points best."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from edgecv.geometry.camera import PinholeCamera

Float64 = NDArray[np.float64]
LEAST_CLICK_PX = 0.5
"""Nobody marks a corner better than this, however well four points fit."""
_FLIP = np.diag([1.0, -1.0, -1.0])
"""From the plane as OpenCV wants it (y down, z away) to the world (Y up, Z towards the camera)."""
_BENDS = (0, 1, 4)
"""Where k1, k2 and k3 stand among OpenCV's five numbers."""
_BEND_SCALE = 0.1


def in_space(points_m: Float64) -> Float64:
    """Points ``(n, 3)`` of ``(n, 2)`` on the facade, or those as they are."""
    points = np.asarray(points_m, np.float64)
    return points if points.shape[1] == 3 else np.column_stack([points, np.zeros(len(points))])


def refined(
    start: PinholeCamera,
    pixels: Float64,
    points: Float64,
    lines: Float64,
    focal_free: bool,
    bends: int = 0,
    bend_sd: float | Float64 = np.inf,
) -> tuple[PinholeCamera, Float64]:
    """The camera of least squares near a start, and the covariance ``(7, 7)`` of its seven numbers.

    Args:
        start: the start.
        pixels: ``(n, 2)``.
        points: ``(n, 3)`` in the world.
        lines: ``(k, 2, 2)`` pairs of pixels on edges that are vertical.
        focal_free: whether the focal length is solved too.
        bends: how many of the lens's k1, k2 and k3 are solved too.
        bend_sd: how far each of these may lie from the start, a standard deviation, or one ``(bends,)`` each.
    """
    used = 7 if focal_free else 6
    scale = np.array([1e-2, 1e-2, 1e-2, 1.0, 1.0, 1.0, 0.1])[:used]
    places = list(range(bends)) if start.is_fisheye else list(_BENDS[:bends])

    def camera_of(x: Float64) -> PinholeCamera:
        change = np.concatenate([x[:used] * scale, np.zeros(7 - used)])
        lens = start.distortion.copy()
        lens[places] += x[used:] * _BEND_SCALE
        return start.moved(change[:3], change[3:6], float(change[6]), lens)

    def residuals(x: Float64) -> Float64:
        camera = camera_of(x)
        apart = (camera.project(points) - pixels).reshape(-1)
        bounded: Float64 = np.nan_to_num(
            np.concatenate([apart, off_vertical(camera, lines), x[used:] * _BEND_SCALE / bend_sd]), nan=1e4
        )
        return bounded

    enough = 2 * len(pixels) + len(lines) >= used
    best = least_squares(residuals, np.zeros(used + bends), method="lm" if enough else "trf")
    freedom = max(1, 2 * len(pixels) + len(lines) - used - bends)
    variance = max(float(np.square(best.fun).sum()) / freedom, LEAST_CLICK_PX**2)
    covariance = np.zeros((7, 7))
    jacobian = np.asarray(best.jac, np.float64)
    inverse = _inverse(jacobian.T @ jacobian)[:used, :used]
    covariance[:used, :used] = variance * inverse * np.outer(scale, scale)
    return camera_of(best.x), covariance


def _inverse(information: Float64) -> Float64:
    """Covariance of an information matrix; what the points do not tell gets a great variance, not none."""
    values, vectors = np.linalg.eigh(information)
    return np.asarray((vectors / np.maximum(values, 1e-10 * values[-1])) @ vectors.T, np.float64)


def off_vertical(camera: PinholeCamera, lines: Float64) -> Float64:
    """Pixels ``(k,)`` by which the second end of each edge ``(k, 2, 2)`` is beside the vertical through the first."""
    if not len(lines):
        return np.zeros(0)
    rays = camera.ray(lines) @ camera.rotation.T
    flat = rays[..., :2] / rays[..., 2:]
    up = camera.rotation[:, 1]
    along = up[:2] - flat[:, 0] * up[2]
    apart = flat[:, 1] - flat[:, 0]
    across = apart[:, 0] * along[:, 1] - apart[:, 1] * along[:, 0]
    return np.asarray(camera.focal_px * across / np.maximum(np.linalg.norm(along, axis=1), 1e-9), np.float64)


def rms_px(camera: PinholeCamera, pixels: Float64, points: Float64) -> float:
    """Root mean square reprojection error; infinite for a camera behind the facade."""
    error = float(np.sqrt(np.mean(np.square(camera.project(points) - pixels).sum(axis=1))))
    return error if np.isfinite(error) and camera.position_m[2] > 0 else np.inf


def pose(
    focal_px: float, center_px: tuple[float, float], lens: Float64, pixels: Float64, facade_m: Float64
) -> tuple[PinholeCamera, float] | None:
    """The best camera in front of the facade for one focal length, and its reprojection error."""
    matrix = np.array([[focal_px, 0.0, center_px[0]], [0.0, focal_px, center_px[1]], [0.0, 0.0, 1.0]])
    plane = in_space(facade_m) @ _FLIP
    _, rotations, translations, _ = cv2.solvePnPGeneric(
        plane, np.ascontiguousarray(pixels), matrix, lens, flags=cv2.SOLVEPNP_IPPE
    )
    best: tuple[PinholeCamera, float] | None = None
    for first_turn, first_shift in zip(rotations, translations, strict=True):
        turn, shift = cv2.solvePnPRefineLM(plane, np.ascontiguousarray(pixels), matrix, lens, first_turn, first_shift)
        rotation = np.asarray(cv2.Rodrigues(turn)[0]) @ _FLIP
        position = -rotation.T @ np.asarray(shift, np.float64).ravel()
        camera = PinholeCamera(focal_px, center_px, np.asarray(rotation, np.float64), position, lens)
        rms = rms_px(camera, pixels, in_space(facade_m))
        if np.isfinite(rms) and (best is None or rms < best[1]):
            best = camera, rms
    return best
